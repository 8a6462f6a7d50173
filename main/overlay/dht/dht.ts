// A record has two roots, H(key, 0) and H(key, 1); each root keeps it on itself and its three closest ring neighbours. Here is
// what a node does as root and as holder. What a put asks of the roots is in puts.ts, what a get asks, and when it has heard
// enough, in reads.ts and search.ts. A root that lacks a record asks its neighbours first.

import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Neighbourhood, type Routes } from '../ports/routes.ts'
import { type Store } from '../ports/store.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type DhtRecord } from '../api.ts'
import { type Bytes } from '../base/bytes.ts'
import { type Reader } from '../wire/codec.ts'
import {
  decodeAsk,
  decodeGet,
  decodePut,
  decodeStore,
  decodeStored,
  encodeAnswer,
  encodeGetReply,
  encodePutReply,
  encodeStore,
  encodeStored,
  type Outcome,
  type Placing,
  type Refusal,
  type Stored,
} from '../wire/dht-messages.ts'
import { recordKey } from '../wire/dht-record.ts'
import { type Envelope } from '../wire/envelope.ts'
import { signReceipt } from '../wire/kept-receipt.ts'
import { decodeMailboxRead, encodeMailboxPage } from '../wire/mailbox-messages.ts'
import { APPLICATION, MESSAGE } from '../wire/message-types.ts'
import { readMailbox } from './mailbox-reads.ts'
import { checkRecord, sequenceOf } from './record-rules.ts'
import { NeighbourQuestions } from './neighbour-questions.ts'
import { NeighbourLimits } from './neighbour-limits.ts'
import { overLink, type Peer, type PeerHandler, Peers } from './peers.ts'
import { Puts } from './puts.ts'
import { Questions } from './questions.ts'
import { Reads } from './reads.ts'
import { LIGHT, THOROUGH, type Redundancy } from './redundancy.ts'
import { ReplicaStore, rootKeys } from './replica-store.ts'
import { Replication } from './replication.ts'

/** A neighbour is one round trip and a disk away. */
const STORE_TIMEOUT_MS = 2500

export class Dht {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #routes: Routes
  readonly #onChange: () => void
  readonly #redundancy: Redundancy
  readonly #replicas: ReplicaStore
  readonly #peers: Peers
  readonly #replication: Replication
  readonly #reads: Reads
  readonly #puts: Puts
  readonly #nodeKey: KeyPair
  readonly #stores: Questions<Stored>
  readonly #neighbours: NeighbourQuestions
  readonly #limits: NeighbourLimits

  /** What neighbours say to each other. */
  readonly #said: ReadonlyMap<number, PeerHandler> = new Map<number, PeerHandler>([
    [MESSAGE.replicaStore, (from, body) => this.#guard(this.#onStore(from, body))],
    [MESSAGE.replicaStored, (from, body) => this.#onStored(from, body)],
    [MESSAGE.replicaAsk, (from, body) => this.#guard(this.#onAsk(from, body))],
    [MESSAGE.replicaAnswer, (from, body) => this.#neighbours.onAnswer(from, body)],
    [MESSAGE.replicaOffer, (from, body) => this.#replication.onOffer(from, body)],
    [MESSAGE.replicaWant, (from, body) => this.#replication.onWant(from, body)],
    [MESSAGE.replicaFingerprints, (from, body) => this.#replication.onFingerprints(from, body)],
    [MESSAGE.replicaHoldings, (from, body) => this.#replication.onHoldings(from, body)],
  ])

  constructor(
    around: Surroundings,
    parts: {
      links: Links
      routes: Routes
      ring: Neighbourhood
      nodeKey: KeyPair
      store: Store
      quotaBytes: number
      onChange: () => void
      /** The ring is being drawn by nodes that have all just started. */
      isForming: () => boolean
      redundancy?: Redundancy | undefined
    },
  ) {
    this.#around = around
    this.#redundancy = parts.redundancy ?? THOROUGH
    this.#links = parts.links
    this.#routes = parts.routes
    this.#onChange = parts.onChange
    this.#replicas = new ReplicaStore(around, parts.store, parts.quotaBytes, parts.links.self.id)
    const putAtRoot = (key: Id, rootIndex: number): Promise<boolean> => this.#putKept(key, rootIndex)
    this.#limits = new NeighbourLimits(around.clock)
    this.#peers = new Peers(around, parts.links, parts.routes, this.#limits, this.#said)
    const { id: self } = parts.links.self
    const { ring, routes, isForming } = parts
    const valid = (key: Id, record: DhtRecord | undefined): DhtRecord | undefined => this.#valid(key, record)
    this.#nodeKey = parts.nodeKey
    this.#puts = new Puts(around, { self, routes, ring, valid })
    this.#replication = new Replication(around, {
      ...{ self, ring, putAtRoot, isForming },
      ...{ peers: this.#peers, replicas: this.#replicas, limits: this.#limits },
    })
    this.#reads = new Reads(around, {
      ...{ routes, valid },
      readOwn: (key) => this.#readOwn(key),
      isHolder: (key) => this.#replication.responsible(rootKeys(around, key)).flat().includes(self),
      neighbours: () => parts.ring.members().length,
      repair: (rootIndex, best) => void this.#puts.putAt(rootIndex, best),
    })
    this.#stores = new Questions(around.timers)
    this.#neighbours = new NeighbourQuestions(around, {
      peers: this.#peers,
      holders: (key) => this.#replication.responsible(rootKeys(around, key)).flat(),
      valid,
    })
    parts.routes.register(APPLICATION.put, {
      deliver: ({ payload, source }, previous) => this.#onPut(payload, source, previous),
    })
    parts.routes.register(APPLICATION.mailbox, {
      deliver: ({ payload }, previous) => this.#onMailboxRead(payload, previous),
    })
    parts.routes.register(APPLICATION.get, {
      deliver: ({ payload, source }, previous) => this.#onGet(payload, source, previous),
    })
  }

  get usage(): { count: number; bytes: number; quotaBytes: number } {
    return this.#replicas.usage
  }

  async start(): Promise<void> {
    await this.#replicas.load()
    this.#replication.start()
  }

  holds(key: Id): boolean {
    return this.#replicas.get(key) !== undefined
  }

  /** For what shows itself to be right when it is used. */
  get light(): Pick<Dht, 'get'> & { put(record: DhtRecord): Promise<void> } {
    return {
      put: (record) => this.#puts.putLightly(record),
      get: (key, onNewer) => this.#reads.read(key, LIGHT, onNewer),
    }
  }

  /** The number of different nodes that keep it now. Errors as in api.ts, and `refused` where a root has a newer one. */
  put(record: DhtRecord): Promise<number> {
    return this.#puts.put(record, this.#redundancy)
  }

  /** `onNewer` hears of each answer that is newer than those before it, as it comes: the other root may be far. */
  get(key: Id, onNewer?: (record: DhtRecord) => void): Promise<DhtRecord | undefined> {
    return this.#reads.read(key, this.#redundancy, onNewer)
  }

  /** All envelopes in the owner's mailbox, by any of its keys of days. Errors: unreachable, timeout. */
  readMailbox(owner: KeyPair): Promise<Envelope[]> {
    return readMailbox(this.#around, this.#routes, owner)
  }

  /** Bytes of other people's records that this node keeps at most, from now on. */
  setQuota(bytes: number): void {
    this.#replicas.quotaBytes = bytes
    this.#replication.makeRoom()
  }

  linkDown(peer: NodeId): void {
    this.#replication.linkDown(peer)
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [...this.#said].map(([type, handler]) => [
      type,
      (link, body) => void handler(overLink(link), body),
    ])
  }

  // --- as the one who asks ---

  /** A record that is kept here, at one of its roots; true where that root has it, or a newer one, or there is none to put. */
  async #putKept(key: Id, rootIndex: number): Promise<boolean> {
    const record = await this.#readOwn(key)
    return !record || this.#puts.putAt(rootIndex, record)
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
    const placing = decodePut(payload)
    const { rootIndex, record } = placing
    const { crypto, clock } = this.#around
    const key = recordKey(crypto, record)
    if (!this.#limits.admitsPut(previous ?? self, source)) return this.#refusal('rate', key)
    const verdict = checkRecord(record, crypto, clock.wallMs())
    if (verdict !== 'good') return this.#refusal(verdict, key)
    if ((this.#replicas.get(key)?.sequence ?? 0) > sequenceOf(record)) return this.#refusal('stale', key)
    const others = this.#replication
      .responsible(rootKeys(this.#around, key))
      [rootIndex]!.filter((id) => id !== self)
    const kept = this.#replicas.keep(record, rootIndex, previous ?? self)
    // The disks write at the same time; but what has no place in a mailbox here is no load for the neighbours.
    if (record.kind === 'envelope') {
      const admission = await kept
      if (isRefused(admission)) return this.#refusal(admission, key)
    }
    const stored = others.map((id) => this.#storeAt(id, placing))
    const [outcome, ...answers] = await Promise.all([kept, ...stored])
    // A disk that is full here is no reason for the neighbours not to keep it.
    if (isRefused(outcome)) return this.#refusal(outcome, key)
    for (const [i, answer] of answers.entries()) if (!answer) this.#replication.missed(others[i]!)
    const theirs = answers.filter((answer) => answer?.outcome === 'kept')
    if (outcome === 'kept') this.#onChange()
    else {
      // A root that could not keep it has no judgement of its own on what is newer: its neighbours' stands.
      if (answers.some((answer) => answer?.outcome === 'stale')) return this.#refusal('stale', key)
      if (theirs.length === 0) return this.#refusal(outcome, key)
      this.#around.drops.count(`put: ${outcome} here, kept by neighbours`)
    }
    const receipts = [this.#answerOf(outcome, placing), ...theirs].flatMap(receiptsOf)
    return encodePutReply({ outcome: 'kept', receipts })
  }

  /** What is stale is so beside a newer one, which proves it. */
  async #refusal(outcome: Refusal, key: Id): Promise<Bytes> {
    this.#around.drops.count(`put: ${outcome}`)
    if (outcome !== 'stale') return encodePutReply({ outcome })
    const newer = (await this.#readOwn(key)) ?? (await this.#neighbours.ask(key, [this.#links.self.id]))
    return encodePutReply({ outcome, newer })
  }

  #storeAt(id: NodeId, placing: Placing): Promise<Stored | undefined> {
    return this.#stores.ask(id, STORE_TIMEOUT_MS, (token, giveUp) => {
      this.#peers.to(id).send(encodeStore(token, placing), (isDelivered) => {
        if (!isDelivered) giveUp()
      })
    })
  }

  async #onGet(payload: Bytes, source: NodeId, previous: NodeId | undefined): Promise<Bytes> {
    if (previous !== undefined && !this.#limits.admitsQuestion(previous))
      throw new BanyanError('quota', 'more questions than this node answers')
    const key = decodeGet(payload)
    const own = await this.#readOwn(key)
    // Whoever reads has looked at what it keeps itself.
    return encodeGetReply(own ?? (await this.#neighbours.ask(key, [this.#links.self.id, source])))
  }

  async #onMailboxRead(payload: Bytes, previous: NodeId | undefined): Promise<Bytes> {
    if (previous !== undefined && !this.#limits.admitsQuestion(previous))
      throw new BanyanError('quota', 'more questions than this node answers')
    const question = decodeMailboxRead(this.#around.crypto, payload)
    return encodeMailboxPage(await this.#replicas.mailboxes.page(question))
  }

  // --- as a holder ---

  /** Replicas that an offer announced were asked for; all others are held to the rate. */
  async #onStore(peer: Peer, body: Reader): Promise<void> {
    const { token, ...placing } = decodeStore(body)
    const { rootIndex, record } = placing
    const { id, bringer } = peer
    const key = recordKey(this.#around.crypto, record)
    const isAskedFor = token === 0 && this.#replication.isAwaited(id, key)
    const isWelcome = isAskedFor || (token !== 0 && this.#limits.admitsStore(bringer))
    const outcome = isWelcome ? await this.#replicas.keep(record, rootIndex, bringer, isAskedFor) : 'rate'
    if (outcome !== 'kept') this.#around.drops.count(`store: ${outcome}`)
    else this.#onChange()
    if (token !== 0) peer.send(encodeStored(token, this.#answerOf(outcome, placing)))
    else if (outcome === 'kept') this.#replication.received(key)
  }

  #answerOf(outcome: Outcome, { record, wantsReceipts }: Placing): Stored {
    if (outcome !== 'kept') return { outcome }
    return {
      outcome,
      receipts: wantsReceipts ? [signReceipt(this.#around.crypto, this.#nodeKey, record)] : [],
    }
  }

  #onStored(peer: Peer, body: Reader): void {
    const { token, ...stored } = decodeStored(body)
    this.#stores.answer(peer.id, token, stored)
  }

  async #onAsk(peer: Peer, body: Reader): Promise<void> {
    const { token, key } = decodeAsk(body)
    if (!this.#limits.admitsQuestion(peer.bringer)) return this.#around.drops.count('ask: rate')
    peer.send(encodeAnswer(token, await this.#readOwn(key)))
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

function receiptsOf(stored: Stored): Bytes[] {
  return stored.outcome === 'kept' ? stored.receipts : []
}

/** Not only here. */
function isRefused(outcome: Outcome): outcome is Exclude<Refusal, 'failed' | 'quota'> {
  return outcome !== 'kept' && outcome !== 'failed' && outcome !== 'quota'
}
