// How long a session may be silent here: measured on spare sockets, so that no session in use is put at risk. A socket asks
// a peer where it is seen, says nothing for a gap, and the peer knocks there: what arrives has survived. The request for the
// knock goes over the session, from another socket, so that it does not refresh what it asks about. A peer could keep a binding
// alive to have us believe in too long a gap: so two sockets and two peers of different owners must agree, and a gap in
// which something came in counts for nothing.
//
//   unmeasured --- translated, and a peer to ask ---> measuring --- nothing left to try ---> measured
//       ^                                                                                       |
//       +------------ a session was seen to move while this computer stayed (lost) -------------+
//
// Until it is measured, sessions show a sign of life every 15 s: too early for nearly every router, late for none of those.

import { ownerRangeOf } from '../base/ip-ranges.ts'
import { pause } from '../base/in-time.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type DatagramSocket, type OpenSocket } from '../ports/datagram-socket.ts'
import { type GapSearch, keepAliveOf, NEW_SEARCH, nextGapMs, tried } from './gap-search.ts'
import { type KnockRequests } from './knock-requests.ts'
import { withSocket } from './measurement.ts'
import { type NetworkMemory } from './network-memory.ts'
import { type Observer, type Observers } from './observers.ts'
import { type Observing, type Seen } from './observing.ts'

/** Chosen: half of the shortest timeout that was measured often (30 s, Hätönen et al. 2010). */
export const CAUTIOUS_KEEP_ALIVE_MS = 15_000
/** Linux's connection tracking takes a flow for a stream, with the longer timeout, when it is used again after 2 s. */
const STREAM_MS = 2_500
/** Answers to a question that was asked twice come by then. Shorter than every gap. */
const LATE_MS = 2_000
/** Chosen: at 5 % loss all of them are lost once in eight thousand gaps. */
const KNOCKS = 3
/** Chosen: the peer was busy, or is gone. */
const RETRY_MS = 60_000
/** Chosen: what a binding that was lost in spite of the measurement takes off until it is measured again. */
const AFTER_LOSS = 0.7
/** Chosen: whoever sees us says that a binding was lost; a peer that keeps saying so costs one measurement in so long. */
const LOSS_PAUSE_MS = 3_600_000

interface Spare {
  readonly socket: DatagramSocket
  /** Datagrams so far. */
  heard: number
}

export interface KeepAliveParts {
  observing: Observing
  knocks: KnockRequests
  memory: NetworkMemory
  openSocket: OpenSocket
  observers: Observers
  /** Those of the family that sessions use, the likeliest to answer first. */
  candidates(): readonly Observer[]
  /** For all sessions. */
  apply(keepAliveMs: number): void
}

export class KeepAliveMeasurement {
  readonly #around: Surroundings
  readonly #parts: KeepAliveParts
  #network: string | undefined
  #search: GapSearch = NEW_SEARCH
  #isRunning = false
  #timer: Timer | undefined
  #appliedMs = CAUTIOUS_KEEP_ALIVE_MS
  #measuredMs: number | undefined
  #lostAtMs = -Infinity

  constructor(around: Surroundings, parts: KeepAliveParts) {
    this.#around = around
    this.#parts = parts
  }

  /** Undefined until it was measured in this network. */
  get measuredMs(): number | undefined {
    return this.#measuredMs
  }

  start(): void {
    this.#parts.apply(CAUTIOUS_KEEP_ALIVE_MS)
  }

  /** This computer is in that network, behind something that forgets. */
  inNetwork(name: string): void {
    if (name === this.#network) return
    this.#network = name
    this.#search = NEW_SEARCH
    const known = this.#parts.memory.keepAliveIn(name)
    this.#measuredMs = known
    this.#apply(known ?? CAUTIOUS_KEEP_ALIVE_MS)
    if (known === undefined) this.#go()
  }

  /** A session's binding is another than before, and this computer is where it was. */
  bindingLost(): void {
    const nowMs = this.#around.clock.nowMs()
    if (this.#measuredMs === undefined || nowMs - this.#lostAtMs < LOSS_PAUSE_MS) return
    this.#lostAtMs = nowMs
    this.#apply(Math.round(AFTER_LOSS * this.#appliedMs))
    this.#measuredMs = undefined
    this.#search = NEW_SEARCH
    void this.#parts.memory.forget(this.#network!)
    this.#go()
  }

  #apply(keepAliveMs: number): void {
    this.#appliedMs = keepAliveMs
    this.#parts.apply(keepAliveMs)
  }

  #go(): void {
    this.#timer?.cancel()
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    const { openSocket } = this.#parts
    const isDone = await withSocket(openSocket, (one) =>
      withSocket(openSocket, (other) => this.#searchOn([one, other])),
    )
    this.#isRunning = false
    if (!isDone) this.#timer = this.#around.timers.after(RETRY_MS, () => this.#go())
  }

  /** False where it could not go on; what was found out stays. */
  async #searchOn(sockets: readonly DatagramSocket[]): Promise<boolean> {
    const spares = sockets.map((socket) => this.#listenOn(socket))
    for (;;) {
      const network = this.#network
      const gapMs = nextGapMs(this.#search)
      if (gapMs === undefined) return this.#finish()
      const hasSurvived = await this.#survives(spares, gapMs)
      if (hasSurvived === undefined) return false
      if (network === this.#network) this.#search = tried(this.#search, gapMs, hasSurvived)
    }
  }

  #listenOn(socket: DatagramSocket): Spare {
    const spare: Spare = { socket, heard: 0 }
    socket.onDatagram((datagram, from) => {
      spare.heard++
      this.#parts.observing.receive(datagram, from, socket)
    })
    return spare
  }

  #finish(): boolean {
    const keepAliveMs = keepAliveOf(this.#search)
    if (keepAliveMs === undefined) return true // even the shortest gap was too long: caution is all there is
    this.#measuredMs = keepAliveMs
    this.#apply(keepAliveMs)
    void this.#parts.memory.remember(this.#network!, keepAliveMs)
    return true
  }

  /**
   * Whether both bindings do, each watched by an observer of its own. Undefined where two could not be asked, or something came in
   * during the gap: it may have kept the binding alive.
   */
  async #survives(spares: readonly Spare[], gapMs: number): Promise<boolean | undefined> {
    const observers = await this.#watchersOf(spares)
    if (observers.length < spares.length) return undefined
    const outcomes = spares.map((spare, i) => this.#survivesAt(spare, observers[i]!, gapMs))
    const survived = await Promise.all(outcomes)
    return survived.includes(undefined) ? undefined : !survived.includes(false)
  }

  /** One that answers for each socket, of different owners where there are such. */
  async #watchersOf(spares: readonly Spare[]): Promise<Observer[]> {
    const found: Observer[] = []
    for (const { socket } of spares) {
      const candidates = othersThan(found, this.#parts.candidates())
      const sighted = await this.#parts.observers.askAnew(socket, candidates)
      if (!sighted) break
      found.push(sighted.observer)
    }
    return found
  }

  async #survivesAt(spare: Spare, observer: Observer, gapMs: number): Promise<boolean | undefined> {
    const { observing } = this.#parts
    const { socket } = spare
    await pause(this.#around.timers, STREAM_MS)
    const seen = await observing.ask(socket, observer.address)
    if (!seen) return undefined
    await pause(this.#around.timers, LATE_MS)
    const { heard } = spare
    await pause(this.#around.timers, gapMs - LATE_MS)
    if (spare.heard !== heard) return this.#disturbed()
    return this.#isKnockHeard(observer, seen, socket)
  }

  #disturbed(): undefined {
    this.#around.drops.count('keep-alive: a gap was not silent')
    return undefined
  }

  async #isKnockHeard({ link }: Observer, seen: Seen, socket: DatagramSocket): Promise<boolean | undefined> {
    let sent = 0
    for (let i = 0; i < KNOCKS; i++) {
      if (!link.isOpen) return undefined
      const { answer, from } = await this.#parts.knocks.askBack(link, seen, socket)
      if (from) return true
      if (answer?.status === 'knocked') sent++
    }
    return sent === KNOCKS ? false : undefined
  }
}

/** Those of other owners first; then the other ones. */
function othersThan(found: readonly Observer[], candidates: readonly Observer[]): Observer[] {
  const owners = found.map(({ address }) => ownerRangeOf(address.host))
  const others = candidates.filter(({ link }) => !found.some((each) => each.link === link))
  const isOther = ({ address }: Observer): boolean => !owners.includes(ownerRangeOf(address.host))
  return [...others.filter(isOther), ...others.filter((observer) => !isOther(observer))]
}
