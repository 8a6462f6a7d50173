// All sessions of one node over one socket. Read this first: it sends every datagram to the part that understands it,
// and it decides which of two sessions with one peer stays.
//
// Two sessions with one peer arise in three ways: the peer has restarted, the peer has lost its end and dials again, or
// both dialled at the same moment. The rule, on both sides: a handshake that began here after the present session came
// up replaces it; one that began before is older, and is dropped when it completes. For the third case one more: the
// node with the higher id, when its own call is answered while the peer's call is in progress, waits for that one. With
// it both keep the lower id's session, and neither sees a link that lives for a moment only.

import { type Bytes, equal, toHex } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Identity } from '../identity.ts'
import { type Network } from '../network.ts'
import { type Clock, type Timer } from '../ports/clock.ts'
import { type Crypto } from '../ports/crypto.ts'
import { type Address, type DatagramSocket, isCircuit } from '../ports/datagram-socket.ts'
import { type Log } from '../ports/log.ts'
import { type Random } from '../ports/random.ts'
import {
  PACKET_INITIATION,
  PACKET_REFUSAL,
  PACKET_RESPONSE,
  PACKET_RETRY,
  PACKET_SEALED,
  PACKET_SEALED_ODD,
  connectionIdOf,
  decodeRefusal,
  decodeResponse,
  decodeRetry,
} from '../wire/packet.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { Answering, type HalfOpen } from './answering.ts'
import { type CongestionLaw } from './congestion/laws.ts'
import { Counters, type DropReason } from './counters.ts'
import { Dial, type DialOutcome } from './dial.ts'
import { Farewells } from './farewells.ts'
import { type HandshakePorts } from './handshake-ports.ts'
import { LEFT } from './link-ends.ts'
import { type DialTarget, type Link, type LinkEvents, type Links, type StreamLink } from './links.ts'
import { type Stream } from './stream.ts'
import { type Tracer } from './session-trace.ts'
import { UnprovenBudget } from './unproven-budget.ts'
import { WakeWatch } from './wake-watch.ts'
import { type OutsideKind, OwnAddresses } from './own-addresses.ts'
import { type SessionFacts, type SessionOwner, type SessionPorts } from './session-ports.ts'
import { Session } from './session.ts'

export interface EndpointOptions {
  /** Idle time after which a link shows a sign of life, to keep NAT bindings. */
  keepAliveMs: number
  /** The same where the peer sees us at our own address: only to notice a peer that died. */
  untranslatedKeepAliveMs: number
  /** Unanswered time after which a peer is given up. */
  silenceMs: number
  /** Handshakes computed for callers of proven address; from one address range an eighth of it (see admission.ts). */
  handshakesPerSecond: number
  /** What the bytes of a session obey; BBR where it is left out (congestion/laws.ts). */
  congestionLaw?: CongestionLaw
  /** Packets sealed with one key; 2^20 where it is left out (key-phases.ts). */
  packetsPerKey?: number
  /** Who wants to see what happens in a session (see qlog.ts); nobody where it is left out. */
  tracer?: Tracer
}

/** Chosen: most NATs keep a UDP binding for 30 s or more (RFC 4787 REQ-5 asks for 120). */
const DEFAULTS: EndpointOptions = {
  keepAliveMs: 25_000,
  untranslatedKeepAliveMs: 60_000,
  silenceMs: 3_000,
  handshakesPerSecond: 200, // chosen: some 0.4 ms of work each, so strangers can take 8 % of one core
}
/** Chosen: how long the peer's call may take longer than ours before ours is renewed. */
const HOLD_ROUND_TRIPS = 3
const HOLD_MS = 200
/** Chosen: after a sleep, a peer that has not answered by then has given us up, and is called. */
const RESUME_MS = 600
/** Chosen: a call in vain costs 8 kB; more peers than these are for the protocols above to find again. */
const MAX_RESUMED = 32
/** Chosen: of peers that say they had given us up, as many at once are called, and then one in two seconds. */
const RECALLS_PER_SECOND = 0.5

/** Chosen: whoever quits the program waits for it, where a peer is away without our knowing it yet. */
const STOP_MS = 1_000

/** The code of a stream that nobody here listens to; all others are the application's. */
export const STREAM_REFUSED = 0

export interface EndpointPorts {
  socket: DatagramSocket
  clock: Clock
  random: Random
  crypto: Crypto
  log: Log
  network: Network
  identity: Identity
  options?: Partial<EndpointOptions>
}

/** What the peers say about the address they see us at. */
export type ObservedAddressListener = (link: Link, address: Address) => void

export class Endpoint implements Links, DialOutcome, SessionOwner {
  readonly counters = new Counters()
  readonly #ports: EndpointPorts
  readonly #handshakePorts: HandshakePorts
  readonly #sessionPorts: SessionPorts & { keepAliveMs: number }
  readonly #unproven: UnprovenBudget
  readonly #answering: Answering
  readonly #recalls: TokenBucket
  readonly #farewells = new Farewells()
  readonly #sessions = new Map<number, Session>() // by our connection id
  readonly #links = new Map<NodeId, { session: Session; order: number }>()
  readonly #dials = new Map<string, Dial>() // by noise key
  readonly #dialsByConnection = new Map<number, Dial>()
  readonly #listeners: LinkEvents[] = []
  readonly #observedListeners: ObservedAddressListener[] = []
  readonly #wakeWatch: WakeWatch
  readonly #addresses: OwnAddresses
  #resumption: Timer | undefined
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new'
  #self: PeerRecord
  #order = 0

  constructor(ports: EndpointPorts) {
    this.#ports = ports
    this.#addresses = new OwnAddresses(ports.clock, ports.socket)
    this.#self = ports.identity.selfRecord([])
    const send = (datagram: Bytes, to: Address) => this.#send(datagram, to)
    const { clock, random, crypto, network, identity } = ports
    const { counters } = this
    const unproven = (this.#unproven = new UnprovenBudget(clock))
    const options = { ...DEFAULTS, ...ports.options }
    this.#sessionPorts = {
      ...options,
      clock,
      random,
      crypto,
      counters,
      unproven,
      send,
      largestDatagram: (to) => this.#ports.socket.largestDatagram(to),
      guard: (action) => this.#guard(action),
    }
    this.#handshakePorts = {
      clock,
      random,
      crypto,
      network,
      identity,
      counters,
      unproven,
      handshakesPerSecond: options.handshakesPerSecond,
      send,
      self: () => this.self,
      newConnectionId: () => this.#newConnectionId(),
      nextOrder: () => ++this.#order,
    }
    this.#answering = new Answering(this.#handshakePorts)
    this.#recalls = new TokenBucket(MAX_RESUMED, RECALLS_PER_SECOND, clock.nowMs())
    this.#wakeWatch = new WakeWatch(clock, (hasSlept) => this.#beat(hasSlept))
  }

  /** With the addresses of now: on another Wi-Fi it is another record, within a few seconds and without a timer. */
  get self(): PeerRecord {
    if (this.#state === 'running') this.#lookAtAddresses()
    return this.#self
  }

  /** Sizes of the tables that strangers can reach; for the tests that watch them. */
  get tableSizes(): { sessions: number; halfOpen: number; dials: number } {
    return { sessions: this.#sessions.size, halfOpen: this.#answering.size, dials: this.#dials.size }
  }

  start(): void {
    if (this.#state !== 'new') return
    this.#state = 'running'
    this.#addresses.look()
    this.#tellAddresses()
    this.#wakeWatch.start()
    this.#ports.socket.onDatagram((datagram, from) => this.#receive(datagram, from))
  }

  /** Lets what was sent arrive, for a second at most, says goodbye to every peer, then closes the socket. No timer is left. */
  async stop(): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return
    this.#state = 'stopping'
    for (const dial of [...this.#dials.values()])
      dial.fail(new BanyanError('closed', 'this node is stopping'))
    this.#answering.stop()
    this.#wakeWatch.stop()
    this.#resumption?.cancel()
    await Promise.all([...this.all()].map((session) => session.drain(LEFT, STOP_MS)))
    this.#state = 'stopped'
    await this.#ports.socket.close()
  }

  /** Of all sessions, from now on. A shorter one begins with a sign of life: what is idle may be overdue. */
  set keepAliveMs(ms: number) {
    const isShorter = ms < this.#sessionPorts.keepAliveMs
    this.#sessionPorts.keepAliveMs = ms
    if (isShorter) for (const session of this.all()) session.probe()
  }

  /** An interface has come or gone. Sessions whose path was broken would try it again only as late as they had become patient. */
  networkChanged(): void {
    if (this.#addresses.look(true)) this.#tellAddresses()
    for (const session of this.all()) session.renewPath()
  }

  /** Places outside that lead here, which others shall try before the computer's own addresses. */
  advertise(kind: OutsideKind, addresses: readonly Address[]): void {
    this.#addresses.setOutside(kind, addresses)
    this.#tellAddresses()
  }

  /** Whether so many bytes, headers included, may go to an address that has not answered; they are charged. */
  mayCall(to: Address, bytes: number): boolean {
    return this.#unproven.take(to, bytes)
  }

  on(events: LinkEvents): void {
    this.#listeners.push(events)
  }

  onObservedAddress(listener: ObservedAddressListener): void {
    this.#observedListeners.push(listener)
  }

  get(id: NodeId): Session | undefined {
    return this.#links.get(id)?.session
  }

  *all(): Iterable<Session> {
    for (const { session } of this.#links.values()) yield session
  }

  async dial(target: DialTarget): Promise<StreamLink> {
    this.#mustRun()
    if (equal(target.noiseKey, this.#self.noiseKey) || target.id === this.#self.id)
      throw new BanyanError('refused', 'a node does not dial itself')
    const present = this.#present(target)
    if (present?.isOpen) return present
    if (present) await present.drained // a new session would cut it short
    if (present) this.#mustRun()
    const link = await this.#dialOnce(target).link
    if (target.id !== undefined && link.peer.id !== target.id)
      throw new BanyanError('refused', 'the key belongs to another node than expected')
    return link
  }

  #mustRun(): void {
    if (this.#state !== 'running') throw new BanyanError('closed', 'this node is not running')
  }

  // What a dial reports.

  completed(dial: Dial, facts: SessionFacts): void {
    const mustYield = facts.peer.id < this.#self.id && this.#answering.isCalledBy(facts.peer.id)
    if (mustYield && !dial.wasHeld) return dial.hold(HOLD_ROUND_TRIPS * (facts.rttMs ?? 0) + HOLD_MS)
    this.#answering.forget(facts.peer.id)
    const session = this.#install(facts)
    if (facts.observed) this.observed(session, facts.observed)
  }

  over(dial: Dial): void {
    this.#dials.delete(toHex(dial.target.noiseKey))
    this.#dialsByConnection.delete(dial.connectionId)
  }

  // What a session reports.

  message(session: Session, message: Bytes): void {
    for (const listener of this.#listeners) listener.message(session, message)
  }

  /** Where nobody listens, or not any more, nothing is kept for the peer's stream. */
  opened(session: Session, stream: Stream): void {
    const listeners = session.isOpen ? this.#listeners.filter((listener) => listener.stream) : []
    for (const listener of listeners) listener.stream!(session, stream)
    if (listeners.length > 0) return
    stream.stop(STREAM_REFUSED)
    stream.reset(STREAM_REFUSED)
  }

  datagram(session: Session, bytes: Uint8Array): void {
    for (const listener of this.#listeners) listener.datagram?.(session, bytes)
  }

  observed(session: Session, address: Address): void {
    // Through a relay nobody sees where we are; our binding is the one to the relay, which is kept by the session with it.
    if (isCircuit(address)) return session.pathIsTranslated(false)
    this.#lookAtAddresses()
    session.pathIsTranslated(!this.#addresses.isLocal(address))
    for (const listener of this.#observedListeners) this.#guard(() => listener(session, address))
  }

  ended(session: Session, reason: string, farewell: Bytes | undefined): void {
    const { peer, facts, address } = session
    this.#sessions.delete(facts.ownConnectionId)
    if (farewell && this.#state !== 'stopped') this.#farewells.add(facts.ownConnectionId, farewell, address)
    if (this.#links.get(peer.id)?.session === session) this.#links.delete(peer.id)
    this.#ports.log.log('debug', 'transport', 'link down', { peer: peer.id.slice(0, 8), reason })
    for (const listener of this.#listeners) this.#guard(() => listener.down(session, reason))
    if (reason === 'given-up' && this.#recalls.take(1, this.#ports.clock.nowMs())) this.#recall(session)
  }

  #beat(hasSlept: boolean): void {
    this.#lookAtAddresses()
    if (!hasSlept) return
    this.#ports.log.log('debug', 'transport', 'awake', { links: this.#links.size })
    const wokenAtMs = this.#ports.clock.nowMs()
    for (const session of this.all()) session.renewPath()
    this.#resumption?.cancel()
    this.#resumption = this.#ports.clock.after(RESUME_MS, () => this.#resume(wokenAtMs))
  }

  /** Peers that have given us up while we slept do not answer, unless by a farewell: they are called. */
  #resume(wokenAtMs: number): void {
    const silent = [...this.all()].filter(({ heardAtMs }) => heardAtMs < wokenAtMs)
    for (const session of silent.slice(-MAX_RESUMED)) this.#call(session)
  }

  /** It has just spoken, so it is where it was proven to be; elsewhere, the word of a peer is not enough to send calls. */
  #recall({ peer, provenAddress }: Session): void {
    if (this.#state === 'running') this.#callAt(peer, [provenAddress])
  }

  /** Calls the peer of a session anew; the session that comes of it replaces this one, if it is still there. */
  #call({ peer, address }: Session): void {
    if (this.#state === 'running') this.#callAt(peer, [address, ...peer.addresses])
  }

  #callAt({ id, noiseKey }: PeerRecord, addresses: readonly Address[]): void {
    // Whether it comes to anything is told to the listeners, as a link that is up.
    this.#dialOnce({ id, noiseKey, addresses }).link.catch(() => undefined)
  }

  #lookAtAddresses(): void {
    if (!this.#addresses.look()) return
    this.#tellAddresses()
    for (const session of this.all()) session.renewPath() // which tells the peers, too
  }

  #tellAddresses(): void {
    this.#self = this.#ports.identity.selfRecord(this.#addresses.told)
  }

  #present(target: DialTarget): Session | undefined {
    if (target.id !== undefined) return this.get(target.id)
    for (const session of this.all()) if (equal(session.peer.noiseKey, target.noiseKey)) return session
    return undefined
  }

  #dialOnce(target: DialTarget): Dial {
    const key = toHex(target.noiseKey)
    const ongoing = this.#dials.get(key)
    if (ongoing) {
      ongoing.add(target)
      return ongoing
    }
    const dial = new Dial(target, this.#handshakePorts, this)
    this.#dials.set(key, dial)
    this.#dialsByConnection.set(dial.connectionId, dial)
    dial.start()
    return dial
  }

  #install(facts: SessionFacts): Session {
    const { peer } = facts
    const session = new Session(facts, this.#sessionPorts, this)
    const old = this.#links.get(peer.id)?.session
    this.#links.set(peer.id, { session, order: ++this.#order })
    this.#sessions.set(facts.ownConnectionId, session)
    old?.replaced()
    this.#ports.log.log('debug', 'transport', 'link up', {
      peer: peer.id.slice(0, 8),
      isInitiator: facts.isInitiator,
    })
    for (const listener of this.#listeners) this.#guard(() => listener.up(session))
    this.#dials.get(toHex(peer.noiseKey))?.succeed(session)
    return session
  }

  #receive(datagram: Bytes, from: Address): void {
    if (this.#state !== 'running' && this.#state !== 'stopping') return
    this.counters.received(datagram.length)
    try {
      this.#dispatch(datagram, from)
    } catch (error) {
      this.#count(error)
    }
  }

  #dispatch(datagram: Bytes, from: Address): void {
    const isSealed = datagram[0] === PACKET_SEALED || datagram[0] === PACKET_SEALED_ODD
    if (isSealed) return this.#sealed(datagram, from)
    if (this.#state === 'stopping') return // what is there goes on, nothing begins
    switch (datagram[0]) {
      case PACKET_INITIATION:
        return this.#answering.initiation(datagram, from)
      case PACKET_RESPONSE:
        return this.#response(datagram, from)
      case PACKET_RETRY:
        return this.#retry(datagram, from)
      case PACKET_REFUSAL:
        return this.#refusal(datagram, from)
      default:
        return this.counters.drop('unknown-kind')
    }
  }

  #sealed(datagram: Bytes, from: Address): void {
    const connectionId = connectionIdOf(datagram)
    const session = this.#sessions.get(connectionId)
    if (session) return session.receive(datagram, from)
    const confirmed = this.#answering.confirm(connectionId, datagram)
    if (confirmed) return this.#confirmed(confirmed, datagram, from)
    const farewell = this.#farewells.repeat(connectionId, datagram.length, this.#ports.clock.nowMs())
    if (farewell) return this.#send(farewell.datagram, farewell.to)
    this.counters.drop('unknown-connection')
  }

  /** The first packet that opens under a half-open session's keys: a link, unless we have a newer one. */
  #confirmed(halfOpen: HalfOpen, datagram: Bytes, from: Address): void {
    const present = this.#links.get(halfOpen.peer.id)
    if (present && present.order > halfOpen.order) return this.counters.drop('superseded')
    const { keys, peer, ownConnectionId, peerConnectionId, answeredTo, respondedMs } = halfOpen
    const rttMs = respondedMs === undefined ? undefined : this.#ports.clock.nowMs() - respondedMs
    const facts = {
      keys,
      peer,
      address: answeredTo, // if the packet came from elsewhere, the session follows, and asks
      ownConnectionId,
      peerConnectionId,
      isInitiator: false,
      claimed: undefined,
      rttMs,
      observed: undefined,
    }
    this.#install(facts).receive(datagram, from)
  }

  #response(datagram: Bytes, from: Address): void {
    const { connectionId, noise } = decodeResponse(datagram)
    const dial = this.#dialsByConnection.get(connectionId)
    if (dial) dial.answered(noise, from)
    else this.counters.drop('unexpected-response')
  }

  #refusal(datagram: Bytes, from: Address): void {
    const refusal = decodeRefusal(datagram)
    const dial = this.#dialOf(refusal.echo)
    if (dial) dial.refused(refusal, from)
    else this.counters.drop('unexpected-refusal')
  }

  #retry(datagram: Bytes, from: Address): void {
    const retry = decodeRetry(datagram)
    const dial = this.#dialOf(retry.echo)
    if (dial) dial.retried(retry, from)
    else this.counters.drop('unexpected-retry')
  }

  /** The dial whose initiation somebody has seen. */
  #dialOf(echo: Uint8Array): Dial | undefined {
    for (const dial of this.#dials.values()) if (equal(dial.echo, echo)) return dial
    return undefined
  }

  #send(datagram: Bytes, to: Address): void {
    this.counters.sent(datagram.length)
    this.#ports.socket.send(datagram, to)
  }

  #newConnectionId(): number {
    const view = new DataView(this.#ports.random.bytes(8).buffer)
    return (view.getUint32(0) >>> 11) * 2 ** 32 + view.getUint32(4)
  }

  #count(error: unknown): void {
    const code = codeOf(error)
    if (code === 'internal') return this.#failed(error)
    this.counters.drop(code as DropReason) // the decoders throw malformed and too-large only
  }

  #guard(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      this.#failed(error) // a listener's defect must not cost the peer its session
    }
  }

  #failed(error: unknown): void {
    this.counters.drop('listener-failed')
    this.#ports.log.log('error', 'transport', 'a listener failed', { error: String(error) })
  }
}
