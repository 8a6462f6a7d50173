// Put and get. A record has two roots, H(key, 0) and H(key, 1); each root keeps it on itself and its three closest ring
// neighbours. A get asks both roots: for an immutable record the first valid answer is the answer, for a signed one the
// highest sequence of what comes within a short grace. A root that lacks a record asks its neighbours first. A root that
// answered with an older record, or none, gets the newer one (read repair).

import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Neighbourhood, type Routes } from '../ports/routes.ts'
import { type Store } from '../ports/store.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type DhtRecord } from '../api.ts'
import { type Bytes } from '../base/bytes.ts'
import { type Reader } from '../wire/codec.ts'
import {
  decodeAnswer,
  decodeAsk,
  decodeGet,
  decodeGetReply,
  decodePut,
  decodePutReply,
  decodeStore,
  decodeStored,
  encodeAnswer,
  encodeAsk,
  encodeGet,
  encodeGetReply,
  encodePut,
  encodePutReply,
  encodeStore,
  encodeStored,
  type Outcome,
} from '../wire/dht-messages.ts'
import { recordKey } from '../wire/dht-record.ts'
import { APPLICATION, MESSAGE } from '../wire/message-types.ts'
import { checkRecord, compareRecords } from './record-rules.ts'
import { Questions } from './questions.ts'
import { ReplicaStore, rootKeys } from './replica-store.ts'
import { Replication } from './replication.ts'

const PUT_TIMEOUT_MS = 10_000
const GET_TIMEOUT_MS = 8000
/** A neighbour is one round trip and a disk away. */
const STORE_TIMEOUT_MS = 2500
const ASK_TIMEOUT_MS = 1200
/** The other root's answer is usually this close behind the first. */
const SIGNED_GRACE_MS = 250
/** A chat publishes a handful of records now and then; a flood is cut to this. By the source that a put claims ... */
const PUT_BURST = 100
const PUTS_PER_SECOND = 5
/** ... and by the neighbour it came over, who cannot claim to be another: puts and stores, and questions. */
const LINK_BURST = 1000
const LINK_PER_SECOND = 50

export class Dht {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #routes: Routes
  readonly #onChange: () => void
  readonly #replicas: ReplicaStore
  readonly #replication: Replication
  readonly #stores: Questions<Outcome>
  readonly #asks: Questions<DhtRecord | undefined>
  readonly #bySource: PeerBudgets
  readonly #putsByLink: PeerBudgets
  readonly #storesByLink: PeerBudgets
  readonly #asksByLink: PeerBudgets

  constructor(
    around: Surroundings,
    parts: {
      links: Links
      routes: Routes
      ring: Neighbourhood
      store: Store
      quotaBytes: number
      onChange: () => void
    },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#routes = parts.routes
    this.#onChange = parts.onChange
    this.#replicas = new ReplicaStore(around, parts.store, parts.quotaBytes, parts.links.self.id)
    const putAtRoot = (key: Id, rootIndex: number): Promise<boolean> => this.#putKept(key, rootIndex)
    this.#replication = new Replication(around, parts.links, parts.ring, this.#replicas, putAtRoot)
    this.#stores = new Questions(around.timers)
    this.#asks = new Questions(around.timers)
    this.#bySource = new PeerBudgets(around.clock, PUT_BURST, PUTS_PER_SECOND)
    this.#putsByLink = new PeerBudgets(around.clock, LINK_BURST, LINK_PER_SECOND)
    this.#storesByLink = new PeerBudgets(around.clock, LINK_BURST, LINK_PER_SECOND)
    this.#asksByLink = new PeerBudgets(around.clock, LINK_BURST, LINK_PER_SECOND)
    parts.routes.register(APPLICATION.put, {
      deliver: ({ payload, source }, previous) => this.#onPut(payload, source, previous),
    })
    parts.routes.register(APPLICATION.get, {
      deliver: ({ payload }, previous) => this.#onGet(payload, previous),
    })
  }

  get usage(): { count: number; bytes: number } {
    return this.#replicas.usage
  }

  async start(): Promise<void> {
    await this.#replicas.load()
    this.#replication.start()
  }

  holds(key: Id): boolean {
    return this.#replicas.get(key) !== undefined
  }

  /** The number of different nodes that keep it now. Errors as in api.ts, and `refused` where a root has a newer one. */
  async put(record: DhtRecord): Promise<number> {
    const verdict = checkRecord(record, this.#around.crypto, this.#around.clock.wallMs())
    if (verdict !== 'good') throw new BanyanError(verdict, 'no holder would keep this record')
    const roots = rootKeys(this.#around, recordKey(this.#around.crypto, record))
    const results = await Promise.all(roots.map((rootKey, i) => this.#putAt(rootKey, i, record)))
    const holders = new Set(results.flatMap((result) => ('holders' in result ? result.holders : [])))
    // Kept at the other root or not: a get prefers the newer record, so this one would not be seen.
    const isStale = results.some((result) => 'outcome' in result && result.outcome === 'stale')
    if (isStale) throw new BanyanError('refused', 'a newer record is in the network')
    if (holders.size > 0) return holders.size
    throw this.#putFailure(results)
  }

  /** `onNewer` hears of each answer that is newer than those before it, as it comes: the other root may be far. */
  async get(key: Id, onNewer?: (record: DhtRecord) => void): Promise<DhtRecord | undefined> {
    const own = await this.#readOwn(key)
    if (own) onNewer?.(own)
    if (own?.kind === 'immutable') return own
    const search = new Search(own, onNewer)
    const asked = rootKeys(this.#around, key).map((rootKey, i) =>
      this.#getAt(rootKey, key).then(
        (record) => search.answered(i, record),
        (error: unknown) => search.failed(error),
      ),
    )
    await Promise.race([Promise.all(asked), this.#firstGood(search)])
    void Promise.all(asked).then(() => this.#repair(search))
    if (!search.best && search.failure && search.answers === 0) throw search.failure
    return search.best
  }

  linkDown(peer: NodeId): void {
    this.#replication.linkDown(peer)
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [
      [MESSAGE.replicaStore, (link, body) => void this.#guard(this.#onStore(link, body))],
      [MESSAGE.replicaStored, (link, body) => this.#onStored(link, body)],
      [MESSAGE.replicaAsk, (link, body) => void this.#guard(this.#onAsk(link, body))],
      [MESSAGE.replicaAnswer, (link, body) => this.#onAnswer(link, body)],
      [MESSAGE.replicaOffer, (link, body) => this.#replication.onOffer(link, body)],
      [MESSAGE.replicaWant, (link, body) => this.#replication.onWant(link, body)],
      [MESSAGE.replicaFingerprints, (link, body) => this.#replication.onFingerprints(link, body)],
      [MESSAGE.replicaHoldings, (link, body) => this.#replication.onHoldings(link, body)],
    ]
  }

  // --- as the one who asks ---

  async #putAt(rootKey: Id, rootIndex: number, record: DhtRecord): Promise<PutResult> {
    try {
      const payload = encodePut(rootIndex, record)
      const reply = await this.#routes.request(rootKey, APPLICATION.put, payload, {
        timeoutMs: PUT_TIMEOUT_MS,
      })
      const { outcome, holders } = decodePutReply(reply.payload)
      return outcome === 'kept' ? { holders } : { outcome }
    } catch (error) {
      return { error }
    }
  }

  /** A record that is kept here, at one of its roots; true where that root has it, or a newer one, or there is none to put. */
  async #putKept(key: Id, rootIndex: number): Promise<boolean> {
    const record = await this.#readOwn(key)
    if (!record) return true
    const result = await this.#putAt(rootKeys(this.#around, key)[rootIndex]!, rootIndex, record)
    return 'holders' in result || ('outcome' in result && result.outcome === 'stale')
  }

  #putFailure(results: PutResult[]): BanyanError {
    for (const result of results) {
      if (!('outcome' in result)) continue
      if (result.outcome === 'quota' || result.outcome === 'rate')
        return new BanyanError('quota', 'the nodes responsible have no room for it now')
      return new BanyanError('refused', `the root answered ${result.outcome}`)
    }
    const error = results.flatMap((result) => ('error' in result ? [result.error] : []))[0]
    return error instanceof BanyanError
      ? error
      : new BanyanError('unreachable', 'no root was reached', { cause: error })
  }

  async #getAt(rootKey: Id, key: Id): Promise<DhtRecord | undefined> {
    const options = { timeoutMs: GET_TIMEOUT_MS }
    const reply = await this.#routes.request(rootKey, APPLICATION.get, encodeGet(key), options)
    return this.#valid(key, decodeGetReply(reply.payload))
  }

  /** Resolves when there is no need to wait for the other root any longer. */
  #firstGood(search: Search): Promise<void> {
    return new Promise((resolve) => {
      search.onFound = (record) => {
        if (record.kind === 'immutable') resolve()
        else this.#around.timers.after(SIGNED_GRACE_MS, resolve)
      }
    })
  }

  #repair(search: Search): void {
    const best = search.best
    if (!best) return
    const roots = rootKeys(this.#around, recordKey(this.#around.crypto, best))
    for (const rootIndex of search.behind()) void this.#putAt(roots[rootIndex]!, rootIndex, best)
  }

  /** What others send is believed only where it belongs to the key and holds. */
  #valid(key: Id, record: DhtRecord | undefined): DhtRecord | undefined {
    if (!record) return undefined
    const verdict = checkRecord(record, this.#around.crypto, this.#around.clock.wallMs())
    if (verdict === 'good' && recordKey(this.#around.crypto, record) === key) return record
    this.#around.drops.count(`record: ${verdict === 'good' ? 'other key' : verdict}`)
    return undefined
  }

  // --- as a root ---

  async #onPut(payload: Bytes, source: NodeId, previous: NodeId | undefined): Promise<Bytes> {
    const self = this.#links.self.id
    const { rootIndex, record } = decodePut(payload)
    const isWithinRate = this.#putsByLink.admits(previous ?? self) && this.#bySource.admits(source)
    if (!isWithinRate) return this.#refusal('rate')
    const outcome = await this.#replicas.keep(record, rootIndex, previous ?? self)
    const isKept = outcome === 'kept'
    // A disk that is full here is no reason for the neighbours not to keep it.
    if (!isKept && outcome !== 'failed' && outcome !== 'quota') return this.#refusal(outcome)
    if (isKept) this.#onChange()
    const roots = rootKeys(this.#around, recordKey(this.#around.crypto, record))
    const others = this.#replication.responsible(roots)[rootIndex]!.filter((id) => id !== self)
    const outcomes = await Promise.all(others.map((id) => this.#storeAt(id, rootIndex, record)))
    const holders = others.filter((_, i) => outcomes[i] === 'kept')
    if (isKept) holders.unshift(self)
    for (const [i, outcome] of outcomes.entries()) if (!outcome) this.#replication.missed(others[i]!)
    // A root that could not keep it has no judgement of its own on what is newer: its neighbours' stands.
    if (!isKept && outcomes.includes('stale')) return this.#refusal('stale')
    if (holders.length === 0) return this.#refusal(outcome)
    if (!isKept) this.#around.drops.count(`put: ${outcome} here, kept by neighbours`)
    return encodePutReply('kept', holders)
  }

  #refusal(outcome: Outcome): Bytes {
    this.#around.drops.count(`put: ${outcome}`)
    return encodePutReply(outcome, [])
  }

  #storeAt(id: NodeId, rootIndex: number, record: DhtRecord): Promise<Outcome | undefined> {
    return this.#stores.ask(id, STORE_TIMEOUT_MS, (token, giveUp) => {
      const link = this.#links.get(id)
      if (!link) return giveUp()
      link.send(encodeStore(token, rootIndex, record), (isDelivered) => {
        if (!isDelivered) giveUp()
      })
    })
  }

  async #onGet(payload: Bytes, previous: NodeId | undefined): Promise<Bytes> {
    if (previous !== undefined && !this.#asksByLink.admits(previous))
      throw new BanyanError('quota', 'more questions than this node answers')
    const key = decodeGet(payload)
    const own = await this.#readOwn(key)
    return encodeGetReply(own ?? (await this.#askNeighbours(key)))
  }

  async #askNeighbours(key: Id): Promise<DhtRecord | undefined> {
    const self = this.#links.self.id
    const roots = rootKeys(this.#around, key)
    const ids = new Set(this.#replication.responsible(roots).flat())
    ids.delete(self)
    const records = await Promise.all([...ids].map((id) => this.#askAt(id, key)))
    const valid = records.flatMap((record) => this.#valid(key, record) ?? [])
    return valid.sort((a, b) => compareRecords(b, a))[0]
  }

  #askAt(id: NodeId, key: Id): Promise<DhtRecord | undefined> {
    return this.#asks.ask(id, ASK_TIMEOUT_MS, (token, giveUp) => {
      const link = this.#links.get(id)
      if (!link) return giveUp()
      link.send(encodeAsk(token, key), (isDelivered) => {
        if (!isDelivered) giveUp()
      })
    })
  }

  // --- as a holder ---

  /** Replicas that an offer announced were asked for; all others are held to the rate. */
  async #onStore(link: Link, body: Reader): Promise<void> {
    const { token, rootIndex, record } = decodeStore(body)
    const from = link.peer.id
    const key = recordKey(this.#around.crypto, record)
    const isAskedFor = token === 0 && this.#replication.isAwaited(from, key)
    const isWelcome = isAskedFor || (token !== 0 && this.#storesByLink.admits(from))
    const outcome = isWelcome ? await this.#replicas.keep(record, rootIndex, from) : 'rate'
    if (outcome !== 'kept') this.#around.drops.count(`store: ${outcome}`)
    else this.#onChange()
    if (token !== 0) link.send(encodeStored(token, outcome))
    else if (outcome === 'kept') this.#replication.received(key)
  }

  #onStored(link: Link, body: Reader): void {
    const { token, outcome } = decodeStored(body)
    this.#stores.answer(link.peer.id, token, outcome)
  }

  async #onAsk(link: Link, body: Reader): Promise<void> {
    const { token, key } = decodeAsk(body)
    if (!this.#asksByLink.admits(link.peer.id)) return this.#around.drops.count('ask: rate')
    link.send(encodeAnswer(token, await this.#readOwn(key)))
  }

  #onAnswer(link: Link, body: Reader): void {
    const { token, record } = decodeAnswer(body)
    this.#asks.answer(link.peer.id, token, record)
  }

  /** Where this node's disk fails, others may still have the record. */
  #readOwn(key: Id): Promise<DhtRecord | undefined> {
    return this.#replicas.read(key).catch((error: unknown) => {
      this.#around.drops.count(`replica: ${codeOf(error)}`)
      return undefined
    })
  }

  #guard(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => this.#around.drops.count(`dht: ${codeOf(error)}`))
  }
}

type PutResult = { holders: NodeId[] } | { outcome: Outcome } | { error: unknown }

/** The answers of the roots to one get. */
class Search {
  best: DhtRecord | undefined
  answers = 0
  failure: unknown
  onFound: (record: DhtRecord) => void = () => undefined
  readonly #byRoot = new Map<number, DhtRecord | undefined>()
  readonly #onNewer: ((record: DhtRecord) => void) | undefined

  constructor(own: DhtRecord | undefined, onNewer: ((record: DhtRecord) => void) | undefined) {
    this.best = own
    this.#onNewer = onNewer
  }

  answered(rootIndex: number, record: DhtRecord | undefined): void {
    this.answers++
    this.#byRoot.set(rootIndex, record)
    if (!record) return
    if (!this.best || compareRecords(record, this.best) > 0) {
      this.best = record
      this.#onNewer?.(record)
    }
    this.onFound(record)
  }

  failed(error: unknown): void {
    this.failure = error
  }

  /** Roots that answered with nothing, or with an older record than the best. */
  behind(): number[] {
    const best = this.best
    if (!best) return []
    return [...this.#byRoot].flatMap(([i, record]) =>
      !record || compareRecords(record, best) < 0 ? [i] : [],
    )
  }
}
