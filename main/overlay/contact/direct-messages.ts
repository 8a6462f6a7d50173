// A message to a node: over a live session; else over one dialled for it, where that is quick; else hop by hop, along the
// node's unicast tree or towards its id, while the dial goes on, and over the session as well where no receipt comes back soon. Where the map of links shows the way, hop by hop at once.
// Delivered is what the receiver's transport acknowledged on a session, and hop by hop what came back with its signed receipt.

import { BoundedMap } from '../base/bounded-map.ts'
import { type Bytes } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { inTime, pause } from '../base/in-time.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Paths } from '../ports/paths.ts'
import { type Routes } from '../ports/routes.ts'
import { type SendResult } from '../api.ts'
import { type DialTarget, type Link, type Links, MAX_MESSAGE_BYTES } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import {
  encodeDirect,
  encodeReceipt,
  encodeSignedDirect,
  openSignedDirect,
  verifyReceipt,
} from '../wire/direct-message.ts'
import { APPLICATION, MESSAGE } from '../wire/message-types.ts'
import { MAX_ROUTED_BYTES } from '../wire/routed-message.ts'
import { NUMBER_BYTES, SIGNED_OVERHEAD_BYTES } from '../wire/signed-message.ts'
import { type PeerSearch } from './peer-search.ts'
import { SeenNumbers } from './seen-numbers.ts'

const ROUTE_TIMEOUT_MS = 8000
/** Two round trips within a region. What takes longer goes on beside the route, which is one message; a dial is a dozen packets. */
const DIAL_HEAD_START_MS = 100
/** Chosen: after so many round trips, one of them lost, an answer is the exception; and what is asked of any path. */
const SILENT_ROUND_TRIPS = 4
const LEAST_SILENT_MS = 300
const MOST_SILENT_MS = 1_000
/** After a dial in vain, messages go by route for so long without another one. */
const DIAL_AGAIN_MS = 30_000
const MAX_REMEMBERED_FAILURES = 1024
/**
 * Beyond the end of a network that the map shows all of: whoever went there may be called, but a search costs dozens of packets,
 * and a cut makes everybody search for half of all others. Contacts are searched for besides (contacts.ts).
 */
const SEARCHES_BEYOND = { burst: 2, perSecond: 1 / 5 }
/** Where the way on the map is broken, all around have heard of it, as a rule, after the first or the second pause. */
const REDRAWN_WITHIN_MS = [300, 600, 800, 1_000]
const SETTLING_LOOK_MS = 50
/** Where two networks have just become one, the map of the other has come by then, and all who write across need no search. */
const CROSSING_MS = 1_500
/** As long as a map of links counts as forming (linkmap/announcing.ts); a search of a ring that is not there yet costs more. */
const SETTLED_WITHIN_MS = 10_000
/** Links to those that are reached without one are for later messages, and mostly not to be had. */
const SHORTCUT_PERIOD_MS = 20_000

export class DirectMessages {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #routes: Routes
  readonly #search: PeerSearch
  readonly #nodeKey: KeyPair
  readonly #hintFor: (id: NodeId) => DialTarget | undefined
  readonly #paths: Pick<Paths, 'isMapped' | 'isWhole'>
  readonly #isSettling: () => boolean
  readonly #searchesBeyond: TokenBucket
  #nextShortcutMs: number
  readonly #onMessage: (from: NodeId, payload: Bytes) => void
  readonly #seen = new SeenNumbers()
  readonly #dialledInVainMs = new BoundedMap<NodeId, number>(MAX_REMEMBERED_FAILURES)

  constructor(
    around: Surroundings,
    parts: {
      links: Links
      routes: Routes
      search: PeerSearch
      nodeKey: KeyPair
      hintFor: (id: NodeId) => DialTarget | undefined
      paths: Pick<Paths, 'isMapped' | 'isWhole'>
      /** This node is still looking for its place: who cannot be reached yet may be in a moment. */
      isSettling: () => boolean
      onMessage: (from: NodeId, payload: Bytes) => void
    },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#routes = parts.routes
    this.#search = parts.search
    this.#nodeKey = parts.nodeKey
    this.#hintFor = parts.hintFor
    this.#paths = parts.paths
    this.#isSettling = parts.isSettling
    const { burst, perSecond } = SEARCHES_BEYOND
    this.#searchesBeyond = new TokenBucket(burst, perSecond, around.clock.nowMs())
    this.#nextShortcutMs = around.clock.nowMs() + SHORTCUT_PERIOD_MS
    this.#onMessage = parts.onMessage
    parts.routes.register(APPLICATION.direct, {
      deliver: ({ payload, source }) => this.#onRouted(payload, source),
    })
  }

  async send(to: NodeId, payload: Uint8Array): Promise<SendResult> {
    if (payload.length >= MAX_MESSAGE_BYTES)
      throw new BanyanError('too-large', 'a direct message past 128 KiB')
    const present = this.#links.get(to)
    const early = present?.isOpen ? await this.#sendOverSession(present, to, payload) : undefined
    if (early?.kind === 'delivered') return early
    // Whoever was told where the peer is calls it there first: the map may be older than that, and a link is what is wanted.
    const onMap = this.#hintFor(to) ? undefined : await this.#sendByMap(to, payload)
    if (onMap?.kind === 'delivered') return onMap
    const dial = this.#dialled(to)
    const link = await inTime(this.#around.timers, DIAL_HEAD_START_MS, dial)
    if (link && (await sendOver(link, payload))) return OVER_SESSION
    const byRoute = this.#sendByRoute(to, payload)
    const beside = this.#sendBeside(byRoute, dial, link, payload)
    const result = await Promise.race([byRoute, beside.then((isSent) => (isSent ? OVER_SESSION : byRoute))])
    if (result.kind === 'delivered') return result
    const anew = (await this.#isMappedBefore(dial, to)) ? await this.#sendByMap(to, payload) : undefined
    if (anew?.kind === 'delivered') return anew
    return (await beside) ? OVER_SESSION : result
  }

  /** A route that is silent for long may have swallowed it, and takes 8 s to say so: a link that came meanwhile carries it, too. */
  async #sendBeside(
    byRoute: Promise<SendResult>,
    dial: Promise<Link | undefined>,
    tried: Link | undefined,
    payload: Uint8Array,
  ): Promise<boolean> {
    let isDelivered = false
    void byRoute.then(({ kind }) => (isDelivered = kind === 'delivered'))
    await inTime(this.#around.timers, LEAST_SILENT_MS, byRoute)
    const link = await dial
    if (isDelivered || !link || link === tried) return false
    return sendOver(link, payload)
  }

  /** Undefined where no way is on the map. */
  async #sendByMap(to: NodeId, payload: Uint8Array): Promise<SendResult | undefined> {
    await this.#settled(to)
    if (!this.#paths.isMapped(to)) return undefined
    let result = await this.#sendByRoute(to, payload)
    for (const pauseMs of REDRAWN_WITHIN_MS) {
      if (result.kind === 'delivered' || result.reason !== 'unreachable') break
      await pause(this.#around.timers, pauseMs)
      result = await this.#sendByRoute(to, payload)
    }
    if (result.kind === 'delivered') this.#tryShortcut(to)
    return result
  }

  #tryShortcut(to: NodeId): void {
    const nowMs = this.#around.clock.nowMs()
    if (nowMs < this.#nextShortcutMs) return
    this.#nextShortcutMs = nowMs + SHORTCUT_PERIOD_MS
    void this.#dialled(to)
  }

  /** Before that, one would ask a ring that is not there yet. */
  async #settled(to: NodeId): Promise<void> {
    const untilMs = this.#around.clock.nowMs() + SETTLED_WITHIN_MS
    const mayChange = (): boolean => this.#isSettling() && this.#around.clock.nowMs() < untilMs
    while (!this.#paths.isMapped(to) && mayChange()) await pause(this.#around.timers, SETTLING_LOOK_MS)
  }

  /** Somebody found a way meanwhile, and the map shows it: sooner, as a rule, than a dial ends that is in vain. */
  async #isMappedBefore(dial: Promise<unknown>, to: NodeId): Promise<boolean> {
    let isOver = false
    const over = dial.then(() => (isOver = true))
    while (!isOver && !this.#paths.isMapped(to)) await inTime(this.#around.timers, SETTLING_LOOK_MS, over)
    return this.#paths.isMapped(to)
  }

  async #isMappedWithin(to: NodeId, patienceMs: number): Promise<boolean> {
    const untilMs = this.#around.clock.nowMs() + patienceMs
    while (!this.#paths.isMapped(to) && this.#around.clock.nowMs() < untilMs)
      await pause(this.#around.timers, SETTLING_LOOK_MS)
    return this.#paths.isMapped(to)
  }

  /**
   * A session whose path has died finds out after seconds; a message does not wait for that, but goes by route as well. It may
   * then arrive twice, which the application expects.
   */
  async #sendOverSession(link: Link, to: NodeId, payload: Uint8Array): Promise<SendResult> {
    const overSession = sendOver(link, payload)
    const bySession = overSession.then((isSent) => (isSent ? OVER_SESSION : UNREACHABLE))
    for (let heard = -1; heard !== link.traffic.receivedPackets;) {
      heard = link.traffic.receivedPackets
      if ((await inTime(this.#around.timers, silentMs(link), overSession)) !== undefined) return bySession
    }
    return firstDelivered(bySession, this.#sendByRoute(to, payload, true))
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [[MESSAGE.direct, (link, body) => this.#onMessage(link.peer.id, body.rest())]]
  }

  async #dialled(to: NodeId): Promise<Link | undefined> {
    const nowMs = this.#around.clock.nowMs()
    if (nowMs - (this.#dialledInVainMs.get(to) ?? -Infinity) < DIAL_AGAIN_MS) return undefined
    const hint = this.#hintFor(to)
    const isBeyond = !hint && this.#paths.isWhole() && !this.#paths.isMapped(to)
    if (isBeyond && (await this.#isMappedWithin(to, CROSSING_MS))) return undefined
    if (isBeyond && !this.#searchesBeyond.take(1, this.#around.clock.nowMs())) return undefined
    // What is on a whole map has shown its addresses with it: nobody needs to be asked.
    const isAround = !hint && this.#paths.isWhole() && this.#paths.isMapped(to)
    const link = await this.#search.link(to, hint, !isAround)
    if (!link) this.#dialledInVainMs.set(to, this.#around.clock.nowMs())
    return link
  }

  async #sendByRoute(to: NodeId, payload: Uint8Array, isIndirect = false): Promise<SendResult> {
    if (payload.length + SIGNED_OVERHEAD_BYTES > MAX_ROUTED_BYTES)
      return { kind: 'failed', reason: 'unreachable' }
    const { crypto, random } = this.#around
    const message = { to, number: random.bytes(NUMBER_BYTES), payload }
    const signed = encodeSignedDirect(crypto, this.#nodeKey, message)
    const accepts = (answer: Bytes): boolean => this.#isReceipt(answer, to, message.number)
    const options = { timeoutMs: ROUTE_TIMEOUT_MS, isExact: true, isIndirect, accepts }
    try {
      await this.#routes.request(to, APPLICATION.direct, signed, options)
      return { kind: 'delivered', via: 'route' }
    } catch (error) {
      const code = codeOf(error)
      return { kind: 'failed', reason: code === 'timeout' || code === 'closed' ? code : 'unreachable' }
    }
  }

  /** Whoever stands on the way may answer; the receiver alone can sign. */
  #isReceipt(answer: Bytes, to: NodeId, number: Bytes): boolean {
    const { crypto, drops } = this.#around
    try {
      verifyReceipt(crypto, { from: this.#links.self.id, to, number }, answer)
      return true
    } catch {
      drops.count('direct message: false receipt') // whoever gave it is not known
      return false
    }
  }

  /** A repeat is answered as the first was: it may be the sender's own, whose answer got lost. */
  #onRouted(payload: Bytes, source: NodeId): Bytes {
    const message = openSignedDirect(this.#around.crypto, this.#links.self.id, payload)
    if (message.from !== source) throw new BanyanError('bad-signature', 'signed by another than its source')
    if (this.#seen.isNew(message.from, message.number)) this.#onMessage(message.from, message.payload)
    else this.#around.drops.count('direct message: repeated')
    return encodeReceipt(this.#around.crypto, this.#nodeKey, message)
  }
}

function silentMs({ rttMs }: Link): number {
  return Math.min(Math.max(SILENT_ROUND_TRIPS * rttMs, LEAST_SILENT_MS), MOST_SILENT_MS)
}

const OVER_SESSION: SendResult = { kind: 'delivered', via: 'session' }
const UNREACHABLE: SendResult = { kind: 'failed', reason: 'unreachable' }

async function firstDelivered(...ways: Promise<SendResult>[]): Promise<SendResult> {
  const delivered = ways.map(async (way) => {
    const result = await way
    if (result.kind !== 'delivered') throw new BanyanError('unreachable', result.reason)
    return result
  })
  return Promise.any(delivered).catch(() => UNREACHABLE)
}

function sendOver(link: Link, payload: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => link.send(encodeDirect(payload), resolve))
}
