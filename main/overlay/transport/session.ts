// One session with one peer: sealed packets one way and the other, and the link that the protocols see.
//
//   open --close(), the peer's close, silence, a broken rule, a newer session--> closed
//        --drain()--> draining (drain.ts) --all acknowledged, a bound, or any of the above--> closed
//
// Whatever wants to be sent is only noted; it goes out at the end of the current event (a microtask), so that an answer,
// an ack and a window update share a packet, and a small message still leaves in the same turn of the event loop.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Address, sameAddress, tellable } from '../ports/datagram-socket.ts'
import { PacketWriter } from '../wire/packet-codec.ts'
import { type Frame, asksForAck, hasPing, isProbing, readFrames, writeFrame } from '../wire/packet-frames.ts'
import {
  DATAGRAM_BYTES,
  MAX_DATAGRAM_BYTES,
  MAX_FRAMES_BYTES,
  SEALED_OVERHEAD_BYTES,
  packetNumberOf,
} from '../wire/packet.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { AckRequest } from './ack-request.ts'
import { Acknowledger } from './acknowledger.ts'
import { type SentFrame } from './congestion/sent-packet.ts'
import { Traffic } from './counters.ts'
import { DRAIN_MS, Drain } from './drain.ts'
import { type StreamLink } from './links.ts'
import { type HeldBy, LossRecovery, type PacketKind } from './loss-recovery.ts'
import { OwedFrame } from './owed-frames.ts'
import { isFull } from './path-mtu.ts'
import { PathValidation } from './path-validation.ts'
import { SealedPackets } from './sealed-packets.ts'
import { type SendingPath } from './sending-path.ts'
import { type Closing, type KnownEnd, type SessionEnd, brokeRule, closedByPeer } from './session-end.ts'
import { closedByUs, endedSilently, gaveUp, writeLastWords } from './session-end.ts'
import { type TableSizes, figuresOf, tableSizesOf } from './session-figures.ts'
import { type SessionFacts, type SessionOwner, type SessionPorts } from './session-ports.ts'
import { type Duty, type DutyHolder, SessionTimers } from './session-timers.ts'
import { type SessionFigures, type SessionTrace } from './session-trace.ts'
import { MAX_QUEUED_BYTES, type SessionStreams } from './session-streams.ts'
import { Silence } from './silence.ts'
import { type Stream } from './stream.ts'
import { streamsOfSession } from './streams-of-session.ts'
import { traceOfSession } from './trace-of-session.ts'
import { PROMPT, type Urgency } from './urgency.ts'

/** RFC 9002 §6.2.4: one or two. Two, because on a bad path one is lost too easily. */
const PROBE_PACKETS = 2

// One packet is built at a time, whatever the number of sessions: none of it outlives the call.
const outgoing = new PacketWriter(MAX_DATAGRAM_BYTES - SEALED_OVERHEAD_BYTES)
const frames: SentFrame[] = []

export class Session implements StreamLink, DutyHolder {
  readonly peer: PeerRecord
  readonly facts: SessionFacts
  readonly traffic = new Traffic()
  readonly #ports: SessionPorts
  readonly #owner: SessionOwner
  readonly #packets: SealedPackets
  readonly #paths: PathValidation
  readonly #recovery: LossRecovery
  readonly #trace: SessionTrace | undefined
  readonly #silence: Silence
  readonly #acks = new Acknowledger()
  readonly #streams: SessionStreams
  readonly #ackRequest: AckRequest
  readonly #timers: SessionTimers
  readonly #observedAddress: OwedFrame
  #lastRttMs = 0
  #isOpen = true
  #drain: Drain | undefined
  #end: SessionEnd | undefined
  #isFlushScheduled = false
  #owesPing = false
  #probesOwed = 0

  constructor(facts: SessionFacts, ports: SessionPorts, owner: SessionOwner) {
    this.facts = facts
    this.peer = facts.peer
    this.#ports = ports
    this.#owner = owner
    this.#trace = traceOfSession(this, facts, ports)
    this.#packets = new SealedPackets(ports, facts.keys, facts.peerConnectionId)
    this.#paths = new PathValidation(facts.address, ports, ports.counters)
    if (facts.claimed) this.#paths.claimed(facts.claimed.address, facts.claimed.bytes, ports.clock.nowMs())
    this.#recovery = new LossRecovery(this.#path, this.#trace?.packetLost)
    this.#silence = new Silence(ports.silenceMs)
    this.#streams = streamsOfSession(this, ports, owner, () => this.#scheduleFlush())
    this.#ackRequest = new AckRequest(this.#streams.owed)
    this.#timers = new SessionTimers(ports.clock, this, ports, facts.isInitiator)
    const observed = (): Frame => ({ type: 'observed-address', address: tellable(this.address) })
    this.#observedAddress = new OwedFrame(this.#streams.owed, observed)
    this.#observedAddress.owe()
    if (facts.rttMs !== undefined) this.#recovery.rtt.sample(facts.rttMs, 0)
    this.#scheduleFlush() // the first packet tells the peer its address, and tells the answerer that we are real
  }

  get address(): Address {
    return this.#paths.address
  }

  /** Where the peer has shown that it is. */
  get provenAddress(): Address {
    return this.#paths.provenAddress ?? this.address
  }

  /** Of the path in use; until that was measured, of the one before. */
  get rttMs(): number {
    return this.#recovery.rtt.smoothedMs || this.#lastRttMs
  }

  /** Takes messages, streams and datagrams. */
  get isOpen(): boolean {
    return this.#isOpen && !this.#drain
  }

  /** Settled with the session's end; undefined where it does not drain. */
  get drained(): Promise<boolean> | undefined {
    return this.#drain?.done
  }

  /** Some of it waits; a probe of a silent path is held by nothing. */
  get mayBackgroundLeave(): boolean {
    return this.#probesOwed > 0 || this.#path.mayBackgroundLeave(this.#ports.clock.nowMs())
  }

  get end(): SessionEnd | undefined {
    return this.#end
  }

  /** Bytes accepted by `send` and not yet acknowledged. */
  get queuedBytes(): number {
    return this.#streams.queuedBytes
  }

  get figures(): SessionFigures {
    return figuresOf(this.#path, this.#recovery, this.traffic, this.#packets, this.#streams)
  }

  /** Entries in the tables that a peer can make grow; for the tests that watch them. */
  get tableSizes(): TableSizes {
    return tableSizesOf(this.#recovery, this.#acks, this.#streams)
  }

  send(message: Uint8Array, acked?: (delivered: boolean) => void, urgency: Urgency = PROMPT): void {
    if (!this.isOpen) return acked?.(false)
    this.#streams.send(message, acked, urgency)
    if (this.#streams.queuedBytes > MAX_QUEUED_BYTES) this.close('overrun')
  }

  openStream(urgency?: Urgency): Stream {
    if (!this.isOpen) throw new BanyanError('closed', 'the session has ended')
    return this.#streams.open(urgency)
  }

  sendDatagram(bytes: Uint8Array, maxAgeMs: number): void {
    if (!this.isOpen) return
    this.#streams.datagrams.add(bytes, maxAgeMs, this.#ports.clock.nowMs())
    this.#scheduleFlush()
  }

  pathIsTranslated(isTranslated: boolean): void {
    this.#timers.pathIsTranslated(isTranslated)
  }

  keepAlive(isWanted: boolean): void {
    this.#timers.keepAlive(isWanted)
  }

  probe(): void {
    this.#owesPing = true
    this.#scheduleFlush()
  }

  /** This computer has slept, or changed networks: what it knew of the path and of the peer's silence holds no longer. */
  renewPath(): void {
    const nowMs = this.#ports.clock.nowMs()
    this.#paths.forget()
    this.#usePath(nowMs)
    this.probe()
  }

  tryPaths(addresses: readonly Address[], mayMove = this.facts.isInitiator): void {
    this.#paths.try(addresses, mayMove, this.#ports.clock.nowMs())
    this.#scheduleFlush()
  }

  /** When the peer was heard last. */
  get heardAtMs(): number {
    return this.#silence.heardAtMs
  }

  close(closing: Closing): void {
    this.#flush() // what waits goes first, as far as the path lets it
    if (this.#isOpen) this.#finish(closedByUs(closing), 'say it')
  }

  drain(closing: Closing, withinMs = DRAIN_MS): Promise<boolean> {
    if (!this.#isOpen) return Promise.resolve(this.#end?.undeliveredBytes === 0)
    const drain = (this.#drain ??= new Drain(closing))
    drain.hasten(this.#ports.clock.nowMs() + withinMs)
    this.#flush()
    return drain.done
  }

  /** A newer session with the same peer has taken over; the peer knows, so nothing is said. */
  replaced(): void {
    if (this.#isOpen) this.#finish(endedSilently('replaced'))
  }

  /** A sealed datagram with our connection id. Never throws for what is in it. */
  receive(datagram: Bytes, from: Address): void {
    if (!this.#isOpen) return
    try {
      this.#receive(datagram, from)
    } catch (error) {
      this.#breakOff(error)
    }
  }

  /** Errors: those of a peer that breaks the rules. */
  #receive(datagram: Bytes, from: Address): void {
    const { largest } = this.#acks.received
    const number = packetNumberOf(datagram, largest)
    if (number < 0 || !this.#acks.received.isNew(number)) return this.#ports.counters.drop('replayed')
    const nowMs = this.#ports.clock.nowMs()
    const received = this.#open(datagram, number, nowMs)
    if (!received) return
    this.traffic.received(datagram.length)
    this.#trace?.packetReceived(number, datagram.length, received, nowMs)
    this.#timers.active(nowMs)
    if (isFull(datagram.length, DATAGRAM_BYTES)) this.#timers.bulkHeard()
    if (number > largest && !isProbing(received)) this.#follow(from, nowMs)
    this.#paths.received(from, datagram.length)
    this.#apply(number, received, from, nowMs)
  }

  due(duty: Duty): void {
    const nowMs = this.#ports.clock.nowMs()
    if (duty === 'ack') this.#acks.delayPassed()
    if (duty === 'loss') this.#recovery.lossTimePassed(nowMs)
    if (duty === 'probe' && !this.#probe(nowMs)) return this.#finish(gaveUp(), 'keep it')
    if (duty === 'path' && this.#paths.giveUp(nowMs)) this.#usePath(nowMs)
    if (duty === 'idle') return this.#finish(endedSilently('idle'))
    if (duty === 'keep alive') this.#owesPing = true
    this.#flush()
  }

  /** False where the peer has been asked often enough. */
  #probe(nowMs: number): boolean {
    const { rtt, oldestSentMs = Infinity } = this.#recovery
    if (this.#silence.isTooLong(nowMs, rtt.probeTimeoutMs, oldestSentMs)) return false
    this.#trace?.probeTimeout(nowMs)
    if (this.#silence.isDoubtful) this.#paths.retreat(nowMs)
    this.#probesOwed = PROBE_PACKETS
    this.#recovery.probe(PROBE_PACKETS)
    return true
  }

  /** The frames of an authentic packet; anything else is counted. */
  #open(datagram: Bytes, number: number, nowMs: number): Frame[] | undefined {
    const opened = this.#packets.open(datagram, number, this.#recovery.rtt, nowMs)
    if (!opened) this.#ports.counters.drop('not-authentic')
    const { wornOutBy } = this.#packets
    if (wornOutBy) this.#finish(endedSilently(wornOutBy))
    return opened && !wornOutBy ? readFrames(opened) : undefined
  }

  get #path(): SendingPath {
    return this.#paths.sending
  }

  /** The peer's newest packet came from here or from elsewhere: its NAT has moved it, or it has changed networks (RFC 9000 §9.3). */
  #follow(from: Address, nowMs: number): void {
    if (sameAddress(from, this.address)) return
    this.#paths.move(from, nowMs)
    this.#moved(nowMs)
  }

  #moved(nowMs: number): void {
    this.#observedAddress.owe() // and so the peer hears of us there at once
    this.#usePath(nowMs)
  }

  /** Packets leave by the path that is active by now; it gets the time that any path gets to answer. */
  #usePath(nowMs: number): void {
    this.#silence.restart(nowMs)
    const { rttMs } = this
    if (this.#recovery.usePath(this.#path)) this.#lastRttMs = rttMs
  }

  #apply(number: number, received: Frame[], from: Address, nowMs: number): void {
    let isKept = true
    let challenge: Uint8Array | undefined
    for (const frame of received) {
      if (frame.type === 'ack-frequency') this.#acks.askedFor(frame.packets, number)
      if (frame.type === 'path-challenge') challenge = frame.data
      if (!this.#applyFrame(frame, nowMs)) isKept = false
      if (!this.#isOpen) return
    }
    // One per packet: nobody makes us send more packets to an address than came from there.
    if (challenge) {
      this.#paths.tried(from, nowMs)
      this.#sendAlone({ type: 'path-response', data: challenge }, from, nowMs)
    }
    if (isKept) this.#acks.packetReceived(number, asksForAck(received), hasPing(received), nowMs)
    else this.#acks.received.addUnkept(number)
    if (!isKept) this.#ports.counters.drop('no-room')
    this.#silence.heard(this.#recovery.packetsInFlight > 0, nowMs)
    if (!this.#acks.waitsFor(received) || this.#wantsToSend) this.#scheduleFlush()
  }

  /** False where the packet must not be acknowledged, because part of it was not kept. */
  #applyFrame(frame: Frame, nowMs: number): boolean {
    switch (frame.type) {
      case 'ping':
      case 'ack-frequency':
      case 'path-challenge':
        return true
      case 'ack':
        if (this.#recovery.acked(frame.ranges, frame.delayUs / 1000, nowMs)) this.#streams.settle()
        this.#packets.acked(frame.ranges[0]!.last)
        this.#trace?.figures(this.figures, nowMs)
        return true
      case 'close':
      case 'application-close':
        this.#finish(closedByPeer(frame))
        return true
      case 'observed-address':
        this.#owner.observed(this, frame.address)
        return true
      case 'path-response':
        if (!this.#paths.answered(frame.data)) this.#ports.counters.drop('unexpected-path-response')
        else if (this.#paths.takeMove()) this.#moved(nowMs)
        return true
      default:
        return this.#streams.receive(frame)
    }
  }

  #breakOff(error: unknown): void {
    if (!(error instanceof BanyanError)) throw error
    this.#ports.counters.drop('bad-frame')
    this.#finish(brokeRule(error.message), 'say it')
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled || !this.#isOpen) return
    this.#isFlushScheduled = true
    queueMicrotask(() => {
      this.#isFlushScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (!this.#isOpen) return
    const nowMs = this.#ports.clock.nowMs()
    const challenge = this.#paths.takeChallenge(nowMs)
    if (challenge) this.#challenge(challenge, nowMs)
    if (this.#paths.isTrialDue(nowMs))
      for (const { to, data } of this.#paths.takeTrials(this.traffic.receivedBytes, nowMs))
        this.#sendAlone({ type: 'path-challenge', data }, to, nowMs)
    while (this.#wantsToSend && this.#heldBy(nowMs) === undefined) this.#sendNext(nowMs)
    const cause = this.#wantsToSend ? this.#heldBy(nowMs) : this.#streams.idleCause
    if (cause) this.#recovery.heldBy(cause)
    const isOpenPath = this.#paths.maySend(DATAGRAM_BYTES)
    if (isOpenPath && this.#acks.isUrgent) this.#sendAck(nowMs)
    this.#streams.settle()
    const { lossAtMs = Infinity, probeAtMs = Infinity, rtt } = this.#recovery
    const drain = this.#drain
    if (drain?.isOver(this.#streams.account, rtt.probeTimeoutMs, nowMs))
      return this.#finish(closedByUs(drain.closing), 'say it')
    const paceAtMs =
      cause === 'pacing' ? this.#path.pacer.nextMs(this.#path.congestion.pacingRate!) : Infinity
    const ackAtMs = this.#acks.dueMs ?? Infinity
    // What may not leave is not waited for: an answer of the peer, or the deadline of its path, comes first.
    const [ackMs, probeMs] = isOpenPath ? [ackAtMs, probeAtMs] : [Infinity, Infinity]
    const pathMs = Math.min(this.#paths.dueMs, drain?.dueMs ?? Infinity)
    this.#timers.reschedule(ackMs, lossAtMs, probeMs, paceAtMs, pathMs)
  }

  get #wantsToSend(): boolean {
    return this.#owesPing || this.#probesOwed > 0 || this.#streams.isReady
  }

  /** What keeps the next packet from leaving; probes of a silent path are held by nothing. */
  #heldBy(nowMs: number): HeldBy | undefined {
    const path = this.#path
    const isProbe = this.#probesOwed > 0
    const bytes = isProbe ? DATAGRAM_BYTES : (path.mtuProbeBytes ?? path.packetBytes)
    if (!this.#paths.maySend(bytes)) return 'the peer'
    return isProbe ? undefined : path.heldBy(bytes, nowMs)
  }

  /**
   * Asks the peer whether it is where its newest packet came from. To where it was goes a ping, so that a peer that never
   * left sends something newer from there (RFC 9000 §9.3.3).
   */
  #challenge(data: Bytes, nowMs: number): void {
    outgoing.reset(MAX_FRAMES_BYTES)
    writeFrame(outgoing, { type: 'path-challenge', data })
    this.#sendPacket([], nowMs, 'path probe')
    const proven = this.#paths.provenAddress
    if (proven) this.#sendAlone({ type: 'ping' }, proven, nowMs)
  }

  /** One frame in a packet to an address of its own. Whether it arrives is not followed. */
  #sendAlone(frame: Frame, to: Address, nowMs: number): void {
    outgoing.reset(MAX_FRAMES_BYTES)
    writeFrame(outgoing, frame)
    const datagram = this.#seal(nowMs)
    this.#recovery.sent(datagram.length, undefined, 0)
    this.traffic.sent(datagram.length)
    if (sameAddress(to, this.address)) this.#paths.sent(datagram.length)
    this.#ports.send(datagram, to)
  }

  #sendNext(nowMs: number): void {
    const bytes = this.#probesOwed > 0 ? undefined : this.#path.mtuProbeBytes
    if (bytes === undefined) return this.#sendFrames(nowMs)
    outgoing.reset(bytes - SEALED_OVERHEAD_BYTES)
    writeFrame(outgoing, { type: 'ping' })
    outgoing.zeros() // padding
    this.#sendPacket([this.#path.mtuProbeSent(nowMs)], nowMs, 'path probe')
  }

  #sendAck(nowMs: number): void {
    outgoing.reset(MAX_FRAMES_BYTES)
    this.#acks.write(outgoing, nowMs)
    this.#sendPacket(undefined, nowMs)
  }

  #sendFrames(nowMs: number): void {
    frames.length = 0
    // What a probe timeout sends has to arrive, also where the path no longer carries what it did.
    const packetBytes = this.#probesOwed > 0 ? DATAGRAM_BYTES : this.#path.packetBytes
    outgoing.reset(packetBytes - SEALED_OVERHEAD_BYTES)
    this.#acks.goWith(outgoing, frames, nowMs)
    const withoutAck = frames.length
    if (this.#owesPing) writeFrame(outgoing, { type: 'ping' })
    this.#ackRequest.adapt(this.#recovery.packetsInFlight, this.rttMs)
    const isBackground = this.#streams.write(outgoing, frames)
    const isProbe = frames.length === withoutAck
    // The peer waits for more packets than it will get.
    const isLastOfMany = this.#ackRequest.isSparse && outgoing.room > 0 && !this.#streams.isReady
    if (!this.#owesPing && (isProbe || isLastOfMany)) writeFrame(outgoing, { type: 'ping' })
    this.#owesPing = false
    if (this.#probesOwed > 0) this.#probesOwed--
    this.#silence.asked(nowMs)
    this.#sendPacket(frames, nowMs, isBackground ? 'background' : 'ordinary')
  }

  /** Seals what stands in `outgoing`. Without `frames` the packet asks for no acknowledgement. */
  #sendPacket(frames: readonly SentFrame[] | undefined, nowMs: number, kind?: PacketKind): void {
    const datagram = this.#seal(nowMs)
    this.#recovery.sent(datagram.length, frames, nowMs, kind)
    if (frames) {
      this.#path.pacer.sent(datagram.length)
      if (kind !== 'path probe') this.#path.packetSent(datagram.length, nowMs)
    }
    this.#paths.sent(datagram.length)
    this.traffic.sent(datagram.length)
    this.#timers.active(nowMs)
    this.#ports.send(datagram, this.address)
  }

  #seal(nowMs: number): Bytes {
    const number = this.#recovery.nextNumber
    const datagram = this.#packets.seal(outgoing.written, number, nowMs)
    this.#trace?.packetSent(number, datagram.length, readFrames(outgoing.written), nowMs)
    return datagram
  }

  /** The close, for a peer that still speaks when the session is gone: sent now, or only kept. */
  #farewell(known: KnownEnd, isSaid: boolean): Bytes {
    const nowMs = this.#ports.clock.nowMs()
    writeLastWords(outgoing, known, this.#acks, nowMs)
    const datagram = this.#seal(nowMs).slice() // kept for long, so in memory of its own
    if (!isSaid) return datagram
    this.traffic.sent(datagram.length)
    this.#ports.send(datagram, this.address)
    return datagram
  }

  #finish(known: KnownEnd, farewell?: 'say it' | 'keep it'): void {
    const lastWords = farewell && this.#farewell(known, farewell === 'say it')
    const { account } = this.#streams
    const isSettled = account.isSettled
    this.#end = { ...known, undeliveredBytes: account.queuedBytes }
    this.#isOpen = false
    this.#timers.stop()
    this.#packets.erase()
    this.#streams.fail()
    this.#drain?.ended(isSettled)
    this.#trace?.closed(this.#end, this.#ports.clock.nowMs())
    this.#owner.ended(this, known.cause, lastWords)
  }
}
