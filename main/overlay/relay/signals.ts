// The handshake server: small messages between two nodes that both have a session with it, each stamped with the address the
// server sees the sender at. So two nodes behind NATs can agree to send at the same moment. What the message says is theirs; who
// is told addresses in it bounds what goes there (reach/rendezvous.ts).
//
//   A --signal(to B)--> server --signal(from A, seen at a)--> B
//   A <--answer(from B, seen at b)-- server <--answer(to A)-- B
//
// The server keeps nothing of them. An answer is known by its token and by who sends it, to the one who asked.

import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Address, isCircuit } from '../ports/datagram-socket.ts'
import { type SignalAnswer, type SignalHandler } from '../ports/relays.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type RelayReason, type Signal, encodeRefused, encodeSignal } from '../wire/relay-messages.ts'
import { Asks } from './asks.ts'
import { RefusedByRelay } from './refused-by-relay.ts'
import { SIGNALS, quotaRangeOf } from './relay-limits.ts'
import { type RelayLedger } from './relay-ledger.ts'

export interface SignalsParts {
  readonly links: Links
  readonly ledger: RelayLedger
  readonly isOffered: () => boolean
  /** This node has passed one on for these two. */
  readonly onHelped: (from: NodeId, to: NodeId) => void
}

/** Chosen: twice the longest round trip there is between people, over two paths. */
const ANSWER_MS = 3_000

export class Signals {
  readonly #around: Surroundings
  readonly #parts: SignalsParts
  readonly #asks: Asks<SignalAnswer>
  readonly #incoming: PeerBudgets
  #handler: SignalHandler | undefined

  constructor(around: Surroundings, parts: SignalsParts) {
    this.#around = around
    this.#parts = parts
    this.#asks = new Asks(around, ANSWER_MS)
    this.#incoming = new PeerBudgets(around.clock, SIGNALS.burst, SIGNALS.perSecond)
  }

  onSignal(handler: SignalHandler): void {
    this.#handler = handler
  }

  /** Errors: unreachable, refused, quota (RefusedByRelay), timeout, too-large. */
  async send(server: NodeId, to: NodeId, payload: Uint8Array): Promise<SignalAnswer> {
    const link = this.#parts.links.get(server)
    if (!link?.isOpen) throw new BanyanError('unreachable', 'no session with the volunteer')
    return this.#asks.put(server, to, (token) =>
      link.send(encodeSignal({ isAnswer: false, token, node: to, observed: undefined, payload })),
    )
  }

  linkDown(id: NodeId): void {
    this.#asks.serverLost(id)
  }

  onMessage(link: Link, signal: Signal): void {
    if (!signal.observed) return this.#pass(link, signal)
    const { isAnswer, token, node, observed, payload } = signal
    if (!isAnswer) return void this.#answer(link, { token, node, observed, payload })
    const ask = this.#asks.of(link.peer.id, token)
    if (ask?.node === node) ask.succeed({ payload, observed })
    else this.#around.drops.count('signal answers nothing')
  }

  onRefused(link: Link, { token, reason }: { token: number; reason: RelayReason }): void {
    const ask = this.#asks.of(link.peer.id, token)
    if (ask) ask.fail(new RefusedByRelay(reason))
    else this.#around.drops.count('relay refusal of nothing')
  }

  /** As the server. */
  #pass(link: Link, { isAnswer, token, node, payload }: Signal): void {
    const from = link.peer.id
    const observed = link.provenAddress
    const target = this.#parts.links.get(node)
    const reason = this.#refusalOf(from, observed, target)
    if (reason) return link.send(encodeRefused(token, this.#parts.ledger.refuse(reason)))
    target!.send(encodeSignal({ isAnswer, token, node: from, observed, payload }))
    this.#parts.onHelped(from, node)
  }

  #refusalOf(from: NodeId, observed: Address | undefined, target: Link | undefined): RelayReason | undefined {
    const { ledger, isOffered } = this.#parts
    if (!observed || isCircuit(observed)) return 'indirect'
    if (!ledger.maySignal({ id: from, range: quotaRangeOf(observed) })) return 'too-fast'
    if (!isOffered()) return 'not-offered'
    return !target?.isOpen || target.peer.id === from ? 'not-here' : undefined
  }

  async #answer(
    link: Link,
    {
      token,
      node,
      observed,
      payload,
    }: { token: number; node: NodeId; observed: Address; payload: Uint8Array },
  ): Promise<void> {
    if (!this.#incoming.admits(link.peer.id)) return this.#around.drops.count('signals too fast')
    try {
      const answer = await this.#handler?.(node, observed, payload, link.peer.id)
      if (answer)
        link.send(encodeSignal({ isAnswer: true, token, node, observed: undefined, payload: answer }))
    } catch (error) {
      if (error instanceof BanyanError) return this.#around.drops.count(`signal: ${error.code}`) // a stranger's call
      this.#around.log.log('error', 'relay', 'a signal handler failed', { error: String(error) })
    }
  }
}
