// Carries messages to keys, hop by hop, and answers back. Every node on the way remembers for some seconds where a
// request came from; the answer walks back over that, and tells each of them whether the record it followed was true. A
// hop that the next node's transport does not acknowledge, and that is not heard, is routed around, and probed: the transport's
// acknowledgement serves as the per-hop acknowledgement, so it costs no message of its own. A request that found no way is
// tried once more: over another first link, and not through the node where it got stuck. So is one whose answer is refused.

import { BoundedMap } from '../base/bounded-map.ts'
import { type Bytes, concat, EMPTY, toHex } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { RecentMap } from '../base/recent-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import {
  type Application,
  type Forwarding,
  type RouteOptions,
  type RouteReply,
  type Routes,
} from '../ports/routes.ts'
import { type PathBound, type Paths } from '../ports/paths.ts'
import { type Link } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { hintOf } from '../wire/id-hints.ts'
import {
  decodeReply,
  decodeRouted,
  encodeReply,
  encodeRouted,
  MAX_DETOURS,
  MAX_HOPS,
  MAX_ROUTED_BYTES,
  NO_KEY_HOPS,
  REPLY,
  REQUEST_ID_BYTES,
  type ReplyStatus,
  type RoutedMessage,
  type RoutedReply,
} from '../wire/routed-message.ts'
import { type Membership } from './membership.ts'
import { HopPatience } from './hop-patience.ts'
import { HopWatch } from './hop-watch.ts'
import { type Hop, nextHop } from './next-hop.ts'
import { Visited } from './visited.ts'
import { WayBack } from './way-back.ts'

const NONE: ReadonlySet<NodeId> = new Set()
/** Twice what an attempt waits for its answer at most (unicast/probing.ts). */
const REVERSE_LIFE_MS = 12_000
/** That at 150 requests a second, and twice over; the oldest goes first. */
const MAX_PENDING_REPLIES = 4096
/** A longer answer is not kept for a second copy of its request; the first copy carries it. */
const MAX_KEPT_REPLY_BYTES = 4096
/** The retry gets what the first attempt leaves. */
const FIRST_ATTEMPT_SHARE = 0.5

/** As long as the transport takes to find a peer silent. */
const SUSPECTED_MS = 3000
const MAX_SUSPECTED = 64
/** What one neighbour may have us pass on: far above what all of its own traffic amounts to. */
const LINK_BURST_MESSAGES = 4000
const LINK_MESSAGES_PER_SECOND = 400
const LINK_BURST_BYTES = 32 * 1024 * 1024
const LINK_BYTES_PER_SECOND = 4 * 1024 * 1024

type Forward = Hop & { kind: 'forward' }

/** One hop of one message: what was decided, and who did not take it before. */
interface Sending {
  message: RoutedMessage
  previous: NodeId | undefined
  failed: ReadonlySet<NodeId>
  hop: Forward
  link: Link
}

interface Attempt {
  firstHop: NodeId | undefined
  /** False where it is not the answer that was asked for. */
  settle(outcome: RoutedReply | 'timeout'): boolean
}

interface Settled {
  outcome: RoutedReply | 'timeout'
  firstHop: NodeId | undefined
}

export class Router implements Routes {
  readonly #around: Surroundings
  readonly #membership: Membership
  /** By their number on the wire. */
  readonly #applications = new Map<number, Application>()
  readonly #paths: Paths
  readonly #detours: number
  readonly #reverse: RecentMap<string, WayBack>
  readonly #attempts = new LeanMap<string, Attempt>()
  /** Hops that did not acknowledge a message in time, of late. */
  readonly #silentUntilMs = new BoundedMap<NodeId, number>(MAX_SUSPECTED)
  readonly #messages: PeerBudgets
  readonly #bytes: PeerBudgets
  readonly #patience = new HopPatience()
  #isStopped = false

  /** `detours`: the dead-end budget of this node's own messages. */
  constructor(around: Surroundings, membership: Membership, paths: Paths, detours: number) {
    this.#around = around
    this.#paths = paths
    this.#detours = detours
    this.#reverse = new RecentMap(around.clock, {
      lifeMs: REVERSE_LIFE_MS,
      limit: MAX_PENDING_REPLIES,
      onForgotten: ({ path }) => path?.isToKey && paths.failed(path.target, path.link),
    })
    this.#messages = new PeerBudgets(around.clock, LINK_BURST_MESSAGES, LINK_MESSAGES_PER_SECOND)
    this.#bytes = new PeerBudgets(around.clock, LINK_BURST_BYTES, LINK_BYTES_PER_SECOND)
    this.#membership = membership
  }

  register(application: number, handler: Application): void {
    this.#applications.set(application, handler)
  }

  stop(): void {
    this.#isStopped = true
    for (const attempt of [...this.#attempts.values()]) attempt.settle('timeout')
  }

  async request(key: Id, application: number, payload: Bytes, options: RouteOptions): Promise<RouteReply> {
    if (payload.length > MAX_ROUTED_BYTES) throw new BanyanError('too-large', 'more than a route carries')
    if (options.isExact && this.#isCutOff(key)) throw new BanyanError('unreachable', 'not in this network')
    const { timeoutMs, retryAfterMs = FIRST_ATTEMPT_SHARE * timeoutMs } = options
    const firstMs = options.isOnce ? timeoutMs : Math.min(retryAfterMs, timeoutMs)
    const first = await this.#attempt(key, application, payload, options, firstMs)
    if (first.answer) return first.answer
    if (this.#isStopped) throw new BanyanError('closed', 'the node was stopped')
    if (options.isOnce) throw failureOf(first.outcome)
    const secondMs = timeoutMs - firstMs
    const second = await this.#attempt(key, application, payload, retryOf(key, options, first), secondMs)
    if (second.answer) return second.answer
    throw failureOf(second.outcome === 'timeout' ? first.outcome : second.outcome)
  }

  /** Nobody between here and the end of the network has a link to it. */
  #isCutOff(key: Id): boolean {
    const { self } = this.#membership
    return (
      key !== self && this.#paths.isWhole() && !this.#paths.isMapped(key) && !this.#membership.linkTo(key)
    )
  }

  onRouted(link: Link, body: Reader): void {
    const { drops } = this.#around
    const bytes = body.remaining
    if (!this.#messages.admits(link.peer.id) || !this.#bytes.admits(link.peer.id, bytes))
      return drops.count('routed: over the rate limit')
    const message = decodeRouted(body)
    const seen = this.#reverse.get(message.requestId)
    if (seen?.isDelivered) {
      if (seen.reply) link.send(encodeReply(seen.reply))
      return
    }
    if (!seen) this.#remember(message.requestId, link.peer.id)
    // Back here along a record: no link takes the same message twice, nor one that did not take it before.
    const failed = seen ? new Set([...this.#silentNow(), ...seen.sentTo]) : NONE
    this.#advance({ ...message, hops: message.hops + 1 }, link.peer.id, failed)
  }

  onReply(body: Reader): void {
    const reply = decodeReply(body)
    const reverse = this.#reverse.get(reply.requestId)
    if (!reverse) return this.#around.drops.count('reply to nobody')
    this.#judgePath(reverse, reply, this.#passBack(reverse, reply))
  }

  #attempt(
    key: Id,
    application: number,
    payload: Bytes,
    options: RouteOptions,
    timeoutMs: number,
  ): Promise<Settled & { answer: RouteReply | undefined }> {
    const message: RoutedMessage = {
      requestId: toHex(this.#around.random.bytes(REQUEST_ID_BYTES)),
      key,
      application,
      isExact: options.isExact ?? false,
      hops: 0,
      offset: options.offset ?? 0,
      detoursLeft: Math.min(options.detours ?? this.#detours, MAX_DETOURS),
      source: this.#membership.self,
      keyHops: NO_KEY_HOPS,
      isFollowing: false,
      visited: (options.avoid ?? []).map(hintOf),
      payload,
    }
    return new Promise((resolve) => {
      const timer = this.#around.timers.after(timeoutMs, () => attempt.settle('timeout'))
      const attempt: Attempt = {
        firstHop: undefined,
        settle: (outcome) => {
          timer.cancel()
          this.#attempts.delete(message.requestId)
          const answer = isAnswer(outcome, options) ? replyOf(outcome) : undefined
          resolve({ outcome, answer, firstHop: attempt.firstHop })
          return answer !== undefined
        },
      }
      this.#attempts.set(message.requestId, attempt)
      this.#remember(message.requestId, undefined)
      if (this.#isStopped) attempt.settle('timeout')
      else this.#begin(message, options)
    })
  }

  #begin(message: RoutedMessage, { via, isIndirect = false }: RouteOptions): void {
    const others = this.#othersThan(message.visited)
    if (!via)
      return this.#advance(message, undefined, isIndirect ? new Set([...others, message.key]) : others)
    const link = this.#membership.linkTo(via)
    if (!link) return this.#answer(message.requestId, REPLY.deadEnd, EMPTY, 0)
    const hop: Hop = { kind: 'forward', next: via, isDetour: false }
    this.#sendHop({ message, previous: undefined, failed: NONE, hop, link })
  }

  /** Links that are not to be the first, as long as there is another. */
  #othersThan(visited: readonly string[]): ReadonlySet<NodeId> {
    if (visited.length === 0) return NONE
    const { ids } = this.#membership.links
    const avoided = new Visited(visited)
    const refused = ids.filter((id) => avoided.has(id))
    return refused.length < ids.length ? new Set(refused) : NONE
  }

  /** Decides and acts: deliver here, send on, or say that there is no way. */
  #advance(message: RoutedMessage, previous: NodeId | undefined, failed: ReadonlySet<NodeId>): void {
    if (this.#isStopped) return
    const hop = this.#decide(message, previous, failed)
    if (hop.kind === 'deliver') this.#deliver(message, previous)
    else if (hop.kind === 'stuck')
      this.#answer(message.requestId, stuckStatus(hop.reason), EMPTY, message.hops)
    else {
      const link = this.#membership.linkTo(hop.next)
      if (link) this.#sendHop({ message, previous, failed, hop, link })
      else this.#advance(message, previous, new Set([...failed, hop.next]))
    }
  }

  #decide(message: RoutedMessage, previous: NodeId | undefined, failed: ReadonlySet<NodeId>): Hop {
    const hop = this.#hopBeyond(message, previous, failed)
    if (hop.kind === 'forward' && message.hops >= MAX_HOPS) return { kind: 'stuck', reason: 'dead-end' }
    if (hop.kind !== 'forward' || !this.#isSilent(hop.next)) return hop
    // Only where it is not the end of the way: a slow root is still the root.
    const isEnd = hop.next === message.key || (!message.isExact && this.#membership.leafSet.has(hop.next))
    if (isEnd) return hop
    const other = this.#hopBeyond(message, previous, new Set([...failed, ...this.#silentNow()]))
    return other.kind === 'forward' && (message.isExact || !other.isDetour) ? other : hop
  }

  #hopBeyond(message: RoutedMessage, previous: NodeId | undefined, failed: ReadonlySet<NodeId>): Hop {
    const { self, leafSet, links } = this.#membership
    const view = { self, leafSet, links, paths: this.#paths }
    const visited = new Visited(message.visited, message.source)
    return nextHop(view, { ...message, visited, failed, previous })
  }

  #silentNow(): Set<NodeId> {
    return new Set([...this.#silentUntilMs.keys()].filter((id) => this.#isSilent(id)))
  }

  #isSilent(id: NodeId): boolean {
    const untilMs = this.#silentUntilMs.get(id)
    if (untilMs === undefined) return false
    if (untilMs > this.#around.clock.nowMs()) return true
    this.#silentUntilMs.delete(id)
    return false
  }

  #upcall(message: RoutedMessage, previous: NodeId | undefined): Forwarding {
    const application = this.#applications.get(message.application)
    if (previous === undefined || !application?.forward) return { kind: 'pass' }
    try {
      return application.forward(message, previous)
    } catch (error) {
      this.#around.drops.count(`routed ${message.application}: ${codeOf(error)}`)
      return { kind: 'refuse' }
    }
  }

  /**
   * A node that sent the message on by id is in it and not gone back to by another such step. A hop that did not take it is
   * routed around; but where only the link went, and a newer one to the same node has taken its place, the hop is sent over
   * that one, once.
   */
  #sendHop(sending: Sending): void {
    const { message, previous, hop, link } = sending
    const upcall = this.#upcall(message, previous)
    if (upcall.kind !== 'pass') return this.#endHere(message, upcall)
    const isToKey = hop.path?.target === message.key
    const attempt = this.#attempts.get(message.requestId)
    if (attempt && previous === undefined) attempt.firstHop ??= link.peer.id
    const reverse = this.#reverse.get(message.requestId)
    reverse?.sent(hop.next, hop.path?.target, isToKey)
    if (reverse && upcall.addition) reverse.addition = upcall.addition
    const sent: RoutedMessage = {
      ...message,
      payload: upcall.payload ?? message.payload,
      detoursLeft: message.detoursLeft - (hop.isDetour ? 1 : 0),
      keyHops: isToKey ? hop.path!.hops : message.keyHops,
      bound: boundAfter(message, hop),
      isFollowing: hop.path !== undefined && !isToKey,
      visited: visitedAfter(message, hop, this.#membership.self),
    }
    this.#overLink(sending, link, encodeRouted(sent), false)
  }

  #overLink(sending: Sending, link: Link, encoded: Bytes, isResent: boolean): void {
    const { message } = sending
    let isSettled = false
    const routeAround = (reason: 'silent' | 'link down'): void => {
      if (isSettled) return
      isSettled = true
      watch.cancel()
      this.#around.drops.count(`hop: ${reason}`)
      if (this.#membership.linkTo(link.peer.id)) this.#suspect(link)
      this.#routeAround(sending, reason)
    }
    const patienceMs = this.#patience.timeoutMs(link, message.payload.length, this.#paths.isForming())
    const watch = new HopWatch(this.#around, link, patienceMs, () => routeAround('silent'))
    link.send(encoded, (isDelivered) => {
      const newer = this.#membership.linkTo(link.peer.id)
      const canResend = !isResent && !isSettled && newer !== undefined && newer !== link
      if (isDelivered) this.#patience.acknowledged(!isSettled)
      if (!isDelivered && !canResend) return routeAround('link down')
      isSettled = true
      watch.cancel()
      if (!isDelivered && newer) return this.#overLink(sending, newer, encoded, true)
      this.#silentUntilMs.delete(link.peer.id)
    })
  }

  /**
   * A silent hop is not tried by others either, but for the node that the message is for. Where only the link went (one of
   * two that part, while both live), others may still have theirs, and a root must not be passed over.
   */
  #routeAround({ message, previous, failed, hop }: Sending, reason: 'silent' | 'link down'): void {
    const { key, visited } = message
    if (hop.path) this.#paths.failed(hop.path.target, hop.next)
    const isForAll = reason === 'silent' && hop.next !== key
    const others = isForAll ? [...visited, hintOf(hop.next)] : visited
    // A copy may have come back here meanwhile, and gone on over other links.
    const sentTo = this.#reverse.get(message.requestId)?.sentTo ?? []
    this.#advance({ ...message, visited: others }, previous, new Set([...failed, hop.next, ...sentTo]))
  }

  #endHere(message: RoutedMessage, upcall: Forwarding & { kind: 'consume' | 'refuse' }): void {
    const reverse = this.#reverse.get(message.requestId)
    if (reverse) reverse.isDelivered = true
    if (upcall.kind === 'consume') this.#answer(message.requestId, REPLY.ok, upcall.reply, message.hops)
    else this.#answer(message.requestId, REPLY.failed, EMPTY, message.hops)
  }

  /** Its transport finds out in a few seconds; until then others need not find out one by one. */
  #suspect(link: Link): void {
    link.probe()
    this.#paths.silent(link.peer.id)
    this.#silentUntilMs.set(link.peer.id, this.#around.clock.nowMs() + SUSPECTED_MS)
  }

  /** Most applications answer at once, and are spared a promise. */
  #deliver(message: RoutedMessage, previous: NodeId | undefined): void {
    const { requestId, hops } = message
    const reverse = this.#reverse.get(requestId)
    if (reverse) reverse.isDelivered = true
    const application = this.#applications.get(message.application)
    if (!application) return this.#answer(requestId, REPLY.failed, EMPTY, hops)
    const succeeded = (payload: Bytes): void => this.#answer(requestId, REPLY.ok, payload, hops)
    const failed = (error: unknown): void => {
      this.#around.drops.count(`routed ${message.application}: ${codeOf(error)}`)
      this.#answer(requestId, REPLY.failed, EMPTY, hops)
    }
    try {
      const answer = application.deliver(message, previous)
      if (answer instanceof Promise) answer.then(succeeded).catch(failed)
      else succeeded(answer)
    } catch (error) {
      failed(error)
    }
  }

  #answer(requestId: string, status: ReplyStatus, payload: Bytes, hops: number): void {
    const reverse = this.#reverse.get(requestId)
    if (!reverse || this.#isStopped) return
    const reply = { requestId, status, hops, responder: this.#membership.self, payload }
    if (payload.length <= MAX_KEPT_REPLY_BYTES) reverse.reply = reply
    this.#passBack(reverse, reply)
  }

  /** False where it ends here, and is not believed. */
  #passBack(reverse: WayBack, reply: RoutedReply): boolean {
    if (reverse.previous === undefined) return this.#attempts.get(reply.requestId)?.settle(reply) ?? true
    const link = this.#membership.linkTo(reverse.previous)
    if (link) link.send(encodeReply(withAddition(reply, reverse.addition)))
    else this.#around.drops.count('reply: way back is gone')
    return true
  }

  #remember(requestId: string, previous: NodeId | undefined): void {
    this.#reverse.set(requestId, new WayBack(previous))
  }

  /** An answer proves the record that led there; no way on, or a false answer, disproves one that was to lead to the key itself. */
  #judgePath(reverse: WayBack, { status }: RoutedReply, isBelieved: boolean): void {
    const { path } = reverse
    if (!path) return
    reverse.judged()
    if (status === REPLY.ok && isBelieved) this.#paths.worked(path.target, path.link)
    else if (path.isToKey && status !== REPLY.failed) this.#paths.failed(path.target, path.link)
  }
}

/** Nodes on the way along a record are not in it: the list is short, and is to last. */
function visitedAfter(message: RoutedMessage, hop: Forward, self: NodeId): string[] {
  const { key, visited, isExact, isFollowing, bound, keyHops } = message
  const isUnderWay = hop.path?.target === key ? keyHops < NO_KEY_HOPS : isFollowing && bound?.target !== self
  const lost = isExact && hop.lost ? [hintOf(hop.lost)] : []
  const decided = hop.path && isUnderWay ? [] : [hintOf(self)]
  return [...new Set([...visited, ...lost, ...decided])]
}

function boundAfter({ key, bound }: RoutedMessage, { path, lost }: Forward): PathBound | undefined {
  if (path && path.target !== key) return { target: path.target, hops: path.hops }
  return lost ? { target: lost, hops: 0 } : bound
}

/** Another first hop, unless that hop is where the message must end or begin, and not through the node where no way went on. */
function retryOf(key: Id, options: RouteOptions, { firstHop, outcome }: Settled): RouteOptions {
  const avoid = [...(options.avoid ?? [])]
  if (firstHop && !options.via && !(options.isExact && firstHop === key)) avoid.push(firstHop)
  if (outcome !== 'timeout' && outcome.status === REPLY.deadEnd) avoid.push(outcome.responder)
  return { ...options, avoid }
}

function isAnswer(
  outcome: RoutedReply | 'timeout',
  { accepts }: Pick<RouteOptions, 'accepts'>,
): outcome is RoutedReply {
  if (outcome === 'timeout' || outcome.status !== REPLY.ok) return false
  return accepts?.(outcome.payload) ?? true
}

function replyOf(reply: RoutedReply): RouteReply {
  return { responder: reply.responder, payload: reply.payload, hops: reply.hops }
}

/** Without it where an answer cannot be as long. */
function withAddition(reply: RoutedReply, addition: Bytes | undefined): RoutedReply {
  const isFit = addition && reply.status === REPLY.ok
  if (!isFit || reply.payload.length + addition.length > MAX_ROUTED_BYTES) return reply
  return { ...reply, payload: concat(reply.payload, addition) }
}

function stuckStatus(reason: 'dead-end' | 'not-here'): ReplyStatus {
  return reason === 'dead-end' ? REPLY.deadEnd : REPLY.notHere
}

function failureOf(outcome: RoutedReply | 'timeout'): BanyanError {
  if (outcome === 'timeout') return new BanyanError('timeout', 'no answer over the ring')
  if (outcome.status === REPLY.ok) return new BanyanError('unreachable', 'no answer that was accepted')
  if (outcome.status === REPLY.failed)
    return new BanyanError('refused', 'the node at the key could not serve it')
  return new BanyanError(
    'unreachable',
    outcome.status === REPLY.notHere ? 'no such node' : 'no way to the key',
  )
}
