// One session with one peer: sealed packets one way and the other, and the link that the protocols see.
//
//   open --close(), the peer's close, silence, a broken rule, a newer session--> closed
//
// Whatever wants to be sent is only noted; it goes out at the end of the current event (a microtask), so that an answer,
// an ack and a window update share a packet, and a small message still leaves in the same turn of the event loop.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Clock } from '../ports/clock.ts'
import { type Crypto, type SessionKeys, TAG_BYTES } from '../ports/crypto.ts'
import { type Address, sameAddress } from '../ports/datagram-socket.ts'
import { type Random } from '../ports/random.ts'
import { PacketWriter } from '../wire/packet-codec.ts'
import { type Frame, ackBytes, readFrames, writeFrame } from '../wire/packet-frames.ts'
import {
  DATAGRAM_BYTES,
  MAX_FRAMES_BYTES,
  SEALED_HEADER_BYTES,
  packetNumberOf,
  writeSealedHeader,
} from '../wire/packet.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { AckRequest } from './ack-request.ts'
import { Acknowledger } from './acknowledger.ts'
import { type CongestionControl } from './congestion/congestion-control.ts'
import { type CongestionLaw, congestionControl } from './congestion/laws.ts'
import { type SentFrame } from './congestion/sent-packet.ts'
import { type Counters, Traffic } from './counters.ts'
import { type StreamLink } from './links.ts'
import { type HeldBy, LossRecovery } from './loss-recovery.ts'
import { Pacer } from './pacer.ts'
import { type ReceivedPackets } from './received-packets.ts'
import { type SessionDuties, SessionTimers } from './session-timers.ts'
import { type SessionFigures, type SessionTrace, type Tracer } from './session-trace.ts'
import { type DatagramCounts } from './datagram-queue.ts'
import { MAX_QUEUED_BYTES, SessionStreams } from './session-streams.ts'
import { type Stream } from './stream.ts'
import { PROMPT, type Urgency } from './urgency.ts'

/** Wire values of a close; append only. */
export const CLOSE_DONE = 0
export const CLOSE_BROKEN_RULE = 1

/** Chosen: a peer is given up only after so many probes in a row, so that a laptop that slept asks first. */
const MIN_UNANSWERED_PROBES = 3
/** RFC 9002 §6.2.4: one or two. Two, because on a bad path one is lost too easily. */
const PROBE_PACKETS = 2
/** Chosen: the side that answered keeps alive this much later, so that the two never ping one after another. */
const ANSWERER_KEEP_ALIVE_FACTOR = 1.2

/** What a person waits for. */
const DEFAULT_LAW: CongestionLaw = 'bbr'

export interface SessionFacts {
  keys: SessionKeys
  peer: PeerRecord
  address: Address
  ownConnectionId: number
  peerConnectionId: number
  isInitiator: boolean
  /** From the handshake; undefined where it was sent more than once. */
  rttMs: number | undefined
  /** Where the peer saw us during the handshake, as far as it has told. */
  observed: Address | undefined
}

export interface SessionPorts {
  clock: Clock
  random: Random
  crypto: Crypto
  counters: Counters
  keepAliveMs: number
  untranslatedKeepAliveMs: number
  silenceMs: number
  /** Which law the bytes we send obey; DEFAULT_LAW where it is left out. */
  congestionLaw?: CongestionLaw
  /** Asked once per session whether anybody wants to see what happens in it. */
  tracer?: Tracer
  send(datagram: Bytes, to: Address): void
  /** Runs a listener of the application: what it throws is its defect, and never the peer's. */
  guard(listener: () => void): void
}

export interface SessionOwner {
  message(session: Session, message: Bytes): void
  opened(session: Session, stream: Stream): void
  datagram(session: Session, bytes: Uint8Array): void
  /** The session has ended, once. `farewell` answers packets that the peer still sends, having missed our close. */
  ended(session: Session, reason: string, farewell: Bytes | undefined): void
  observed(session: Session, address: Address): void
}

// One packet is built or opened at a time, whatever the number of sessions: none of it outlives the call.
const outgoing = new PacketWriter(MAX_FRAMES_BYTES)
const opened: Bytes = new Uint8Array(65_536)
const frames: SentFrame[] = []

export class Session implements StreamLink, SessionDuties {
  readonly peer: PeerRecord
  readonly facts: SessionFacts
  readonly traffic = new Traffic()
  readonly #ports: SessionPorts
  readonly #owner: SessionOwner
  readonly #congestion: CongestionControl
  readonly #recovery: LossRecovery
  readonly #trace: SessionTrace | undefined
  readonly #pacer = new Pacer(DATAGRAM_BYTES)
  readonly #acks = new Acknowledger()
  readonly #streams: SessionStreams
  readonly #ackRequest: AckRequest
  readonly #timers: SessionTimers
  readonly #observedAddress: SentFrame = { acked: () => {}, lost: () => (this.#owesObservedAddress = true) }
  #address: Address
  #isOpen = true
  #isFlushScheduled = false
  #owesObservedAddress = true
  #owesPing = false
  #probesOwed = 0
  #unansweredProbes = 0
  #unansweredSinceMs: number | undefined

  constructor(facts: SessionFacts, ports: SessionPorts, owner: SessionOwner) {
    this.facts = facts
    this.peer = facts.peer
    this.#address = facts.address
    this.#ports = ports
    this.#owner = owner
    this.#congestion = congestionControl(ports.congestionLaw ?? DEFAULT_LAW, DATAGRAM_BYTES, ports.random)
    this.#trace = ports.tracer?.({
      ...{ peer: facts.peer.id, ownConnectionId: facts.ownConnectionId, isInitiator: facts.isInitiator },
      ...{ startMs: ports.clock.nowMs(), startWallMs: ports.clock.wallMs() },
    })
    this.#recovery = new LossRecovery(this.#congestion, this.#trace?.packetLost)
    this.#streams = this.#newStreams()
    this.#ackRequest = new AckRequest(this.#streams.owed)
    this.#timers = new SessionTimers(ports.clock, this, this.#keepAliveMs(ports.keepAliveMs))
    if (facts.rttMs !== undefined) this.#recovery.rtt.sample(facts.rttMs, 0)
    this.#scheduleFlush() // the first packet tells the peer its address, and tells the answerer that we are real
  }

  get address(): Address {
    return this.#address
  }

  get rttMs(): number {
    return this.#recovery.rtt.smoothedMs
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Bytes accepted by `send` and not yet acknowledged. */
  get queuedBytes(): number {
    return this.#streams.queuedBytes
  }

  get figures(): SessionFigures {
    const { rtt, bytesInFlight, lostPackets, lostBytes, latePackets } = this.#recovery
    const { sentPackets, sentBytes, receivedPackets, receivedBytes } = this.traffic
    return {
      ...{ rttMs: rtt.smoothedMs, rttVariationMs: rtt.variationMs, leastRttMs: rtt.leastMs },
      ...{ windowBytes: this.#congestion.windowBytes, bytesInFlight, packetBytes: DATAGRAM_BYTES },
      pacingRate: this.#congestion.pacingRate,
      ...{ sentPackets, sentBytes, receivedPackets, receivedBytes, lostPackets, lostBytes, latePackets },
    }
  }

  /** Entries in the tables that a peer can make grow; for the tests that watch them. */
  get tableSizes(): { sentPackets: number; receivedRanges: number } & SessionStreams['tableSizes'] {
    const { received } = this.#acks
    const { tracked } = this.#recovery
    return { sentPackets: tracked, receivedRanges: received.rangeCount, ...this.#streams.tableSizes }
  }

  get datagramCounts(): Readonly<DatagramCounts> {
    return this.#streams.datagrams.counts
  }

  send(message: Uint8Array, acked?: (delivered: boolean) => void, urgency: Urgency = PROMPT): void {
    if (!this.#isOpen) return acked?.(false)
    this.#streams.send(message, acked, urgency)
    if (this.#streams.queuedBytes > MAX_QUEUED_BYTES) this.close('overrun')
  }

  openStream(urgency?: Urgency): Stream {
    if (!this.#isOpen) throw new BanyanError('closed', 'the session has ended')
    return this.#streams.open(urgency)
  }

  sendDatagram(bytes: Uint8Array, maxAgeMs: number): void {
    if (!this.#isOpen) return
    this.#streams.datagrams.add(bytes, maxAgeMs, this.#ports.clock.nowMs())
    this.#scheduleFlush()
  }

  /** Whether a translator between us forgets this path when it is idle: not where the peer sees us at our own address. */
  pathIsTranslated(isTranslated: boolean): void {
    const { keepAliveMs, untranslatedKeepAliveMs } = this.#ports
    this.#timers.keepAliveEvery(this.#keepAliveMs(isTranslated ? keepAliveMs : untranslatedKeepAliveMs))
  }

  probe(): void {
    this.#owesPing = true
    this.#scheduleFlush()
  }

  close(reason: string): void {
    if (this.#isOpen) this.#end(reason, this.#farewell(CLOSE_DONE, reason))
  }

  /** A newer session with the same peer has taken over; the peer knows, so nothing is said. */
  replaced(): void {
    if (this.#isOpen) this.#end('replaced', undefined)
  }

  /** A sealed datagram with our connection id. Never throws for what is in it. */
  receive(datagram: Bytes, from: Address): void {
    if (!this.#isOpen) return
    const { counters } = this.#ports
    const number = packetNumberOf(datagram, this.#acks.received.largest)
    if (number < 0 || !this.#acks.received.isNew(number)) return counters.drop('replayed')
    const frames = this.#open(datagram, number)
    if (!frames) return
    this.traffic.received(datagram.length)
    const nowMs = this.#ports.clock.nowMs()
    this.#trace?.packetReceived(number, datagram.length, frames, nowMs)
    this.#timers.active(nowMs)
    if (number > this.#acks.received.largest) this.#follow(from)
    this.#apply(number, frames, nowMs)
  }

  ackDue(): void {
    this.#acks.delayPassed()
    this.#flush()
  }

  lossDue(): void {
    this.#recovery.lossTimePassed(this.#ports.clock.nowMs())
    this.#flush()
  }

  probeDue(): void {
    const { clock, silenceMs } = this.#ports
    const silentMs = clock.nowMs() - (this.#unansweredSinceMs ?? clock.nowMs())
    // A path whose round trip is itself seconds long gets the time for three of them.
    const patienceMs = Math.max(silenceMs, MIN_UNANSWERED_PROBES * this.#recovery.rtt.probeTimeoutMs)
    if (silentMs >= patienceMs && this.#unansweredProbes >= MIN_UNANSWERED_PROBES)
      return this.#end('silent', undefined)
    this.#trace?.probeTimeout(clock.nowMs())
    this.#unansweredProbes++
    this.#probesOwed = PROBE_PACKETS
    this.#recovery.probe(PROBE_PACKETS)
    this.#flush()
  }

  paceDue(): void {
    this.#flush()
  }

  keepAliveDue(): void {
    this.#owesPing = true
    this.#flush()
  }

  #newStreams(): SessionStreams {
    const { clock, guard } = this.#ports
    const pace = { nowMs: () => clock.nowMs(), rttMs: () => this.rttMs }
    return new SessionStreams(this.facts.isInitiator, pace, {
      message: (message) => this.#owner.message(this, message),
      opened: (stream) => this.#owner.opened(this, stream),
      datagram: (bytes) => this.#owner.datagram(this, bytes),
      guard,
      wake: () => this.#scheduleFlush(),
    })
  }

  #keepAliveMs(intervalMs: number): number {
    return intervalMs * (this.facts.isInitiator ? 1 : ANSWERER_KEEP_ALIVE_FACTOR)
  }

  /** The frames of an authentic packet; anything else is counted, and a peer that breaks the rules is closed. */
  #open(datagram: Bytes, number: number): Frame[] | undefined {
    const { crypto, counters } = this.#ports
    const header = datagram.subarray(0, SEALED_HEADER_BYTES)
    const sealed = datagram.subarray(SEALED_HEADER_BYTES)
    if (!crypto.open(opened, sealed, header, number, this.facts.keys.receive)) {
      counters.drop('not-authentic')
      return undefined
    }
    try {
      return readFrames(opened.subarray(0, sealed.length - TAG_BYTES))
    } catch (error) {
      this.#breakOff(error)
      return undefined
    }
  }

  /**
   * The peer's newest packet came from elsewhere: its NAT has moved it, or it has changed networks (RFC 9000 §9.3).
   * Here the new path is believed because the packet is authentic; path validation (§8.2) belongs in this place.
   */
  #follow(from: Address): void {
    if (sameAddress(from, this.#address)) return
    this.#address = { host: from.host, port: from.port }
    this.#owesObservedAddress = true
  }

  #apply(number: number, frames: Frame[], nowMs: number): void {
    let asksForAck = false
    let hasPing = false
    let isKept = true
    try {
      for (const frame of frames) {
        if (frame.type !== 'ack' && frame.type !== 'close') asksForAck = true
        if (frame.type === 'ping') hasPing = true
        if (frame.type === 'ack-frequency') this.#acks.askedFor(frame.packets, number)
        if (!this.#applyFrame(frame, nowMs)) isKept = false
        if (!this.#isOpen) return
      }
    } catch (error) {
      return this.#breakOff(error)
    }
    if (isKept) this.#acks.packetReceived(number, asksForAck, hasPing, nowMs)
    else this.#ports.counters.drop('no-room')
    this.#unansweredProbes = 0
    this.#unansweredSinceMs = this.#recovery.packetsInFlight > 0 ? nowMs : undefined
    this.#scheduleFlush()
  }

  /** False where the packet must not be acknowledged, because part of it was not kept. Errors: those of a bad peer. */
  #applyFrame(frame: Frame, nowMs: number): boolean {
    switch (frame.type) {
      case 'ping':
      case 'ack-frequency':
        return true
      case 'ack':
        if (this.#recovery.acked(frame.ranges, frame.delayUs / 1000, nowMs)) this.#streams.settle()
        this.#trace?.figures(this.figures, nowMs)
        return true
      case 'close':
        this.#end('closed-by-peer', undefined)
        return true
      case 'observed-address':
        this.#owner.observed(this, frame.address)
        return true
      default:
        return this.#streams.receive(frame)
    }
  }

  #breakOff(error: unknown): void {
    if (!(error instanceof BanyanError)) throw error
    this.#ports.counters.drop('bad-frame')
    this.#end('broken-rule', this.#farewell(CLOSE_BROKEN_RULE, error.message))
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
    while (this.#wantsToSend && this.#heldBy(nowMs) === undefined) this.#sendFrames(nowMs)
    const cause = this.#wantsToSend ? this.#heldBy(nowMs) : this.#idleCause
    if (cause) this.#recovery.heldBy(cause)
    if (this.#acks.isUrgent) this.#sendAck(nowMs)
    this.#streams.settle()
    const { lossAtMs = Infinity, probeAtMs = Infinity } = this.#recovery
    const paceAtMs = cause === 'pacing' ? this.#pacer.nextMs(this.#congestion.pacingRate!) : Infinity
    this.#timers.reschedule(this.#acks.dueMs ?? Infinity, lossAtMs, probeAtMs, paceAtMs)
  }

  get #wantsToSend(): boolean {
    return this.#owesPing || this.#owesObservedAddress || this.#probesOwed > 0 || this.#streams.isReady
  }

  /** What keeps the next packet from leaving; probes of a silent path are held by nothing. */
  #heldBy(nowMs: number): HeldBy | undefined {
    if (this.#probesOwed > 0) return undefined
    if (!this.#recovery.maySend(DATAGRAM_BYTES)) return 'window'
    return this.#pacer.maySend(this.#congestion.pacingRate, nowMs) ? undefined : 'pacing'
  }

  get #idleCause(): HeldBy {
    return this.#streams.isHeld ? 'the peer' : 'nothing to send'
  }

  #sendAck(nowMs: number): void {
    outgoing.reset()
    this.#writeAck(nowMs)
    this.#sendPacket(undefined, nowMs)
  }

  #sendFrames(nowMs: number): void {
    frames.length = 0
    outgoing.reset()
    if (this.#acks.isOwed) frames.push(this.#writeAck(nowMs))
    const withoutAck = frames.length
    if (this.#owesObservedAddress) this.#writeObservedAddress()
    if (this.#owesPing) writeFrame(outgoing, { type: 'ping' })
    this.#ackRequest.adapt(this.#recovery.packetsInFlight)
    this.#streams.write(outgoing, frames)
    const isProbe = frames.length === withoutAck
    if (!this.#owesPing && (isProbe || this.#isLastOfMany)) writeFrame(outgoing, { type: 'ping' })
    this.#owesPing = false
    if (this.#probesOwed > 0) this.#probesOwed--
    this.#unansweredSinceMs ??= nowMs
    this.#sendPacket(frames, nowMs)
  }

  /** The peer waits for more packets than it will get. */
  get #isLastOfMany(): boolean {
    return this.#ackRequest.isSparse && outgoing.room > 0 && !this.#streams.isReady
  }

  #writeAck(nowMs: number): SentFrame {
    const ack = this.#acks.take(nowMs)
    while (ack.ranges.length > 1 && ackBytes(ack.ranges.length) > MAX_FRAMES_BYTES / 2) ack.ranges.pop()
    writeFrame(outgoing, ack)
    return new SentAck(this.#acks.received, ack.ranges[0]!.last)
  }

  #writeObservedAddress(): void {
    this.#owesObservedAddress = false
    writeFrame(outgoing, { type: 'observed-address', address: this.#address })
    frames.push(this.#observedAddress)
  }

  /** Seals what stands in `outgoing`. Without `frames` the packet asks for no acknowledgement. */
  #sendPacket(frames: readonly SentFrame[] | undefined, nowMs: number): void {
    const datagram = this.#seal(nowMs)
    this.#recovery.sent(datagram.length, frames, nowMs)
    if (frames) this.#pacer.sent(datagram.length)
    this.traffic.sent(datagram.length)
    this.#timers.active(nowMs)
    this.#ports.send(datagram, this.#address)
  }

  #seal(nowMs: number): Bytes {
    const plaintext = outgoing.written
    const datagram = new Uint8Array(SEALED_HEADER_BYTES + plaintext.length + TAG_BYTES)
    const number = this.#recovery.nextNumber
    writeSealedHeader(datagram, this.facts.peerConnectionId, number)
    const header = datagram.subarray(0, SEALED_HEADER_BYTES)
    this.#ports.crypto.seal(
      datagram.subarray(SEALED_HEADER_BYTES),
      plaintext,
      header,
      number,
      this.facts.keys.send,
    )
    this.#trace?.packetSent(number, datagram.length, readFrames(plaintext), nowMs)
    return datagram
  }

  /** Sends a close, and returns the datagram for later repetition. */
  #farewell(code: number, reason: string): Bytes {
    outgoing.reset()
    writeFrame(outgoing, { type: 'close', code, reason })
    const datagram = this.#seal(this.#ports.clock.nowMs())
    this.traffic.sent(datagram.length)
    this.#ports.send(datagram.slice(), this.#address)
    return datagram
  }

  #end(reason: string, farewell: Bytes | undefined): void {
    this.#isOpen = false
    this.#timers.stop()
    this.#streams.fail()
    this.#trace?.closed(reason, this.#ports.clock.nowMs())
    this.#owner.ended(this, reason, farewell)
  }
}

/** An ack that the peer has seen: what is missing below it is lost, not late. */
class SentAck implements SentFrame {
  readonly #received: ReceivedPackets
  readonly #upTo: number

  constructor(received: ReceivedPackets, upTo: number) {
    this.#received = received
    this.#upTo = upTo
  }

  acked(): void {
    this.#received.settle(this.#upTo)
  }

  lost(): void {}
}
