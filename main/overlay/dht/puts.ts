// A put goes to both roots of its record at once. Anybody on the way can answer in a root's place, so what counts is who signed
// that he keeps it (kept-receipt.ts), and where on the ring he is: whoever owns a share p of the nodes has 1 / p times as far to
// go for as many signers near a root. A root that too few signed for is put to along other route offsets too, which take other
// ways and end at its ring neighbours, and then along yet others; so is a signed record in any case, for reads can be shown an
// older version of it. What shows itself to be right when it is used needs nobody's word.

import { type Bytes } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, type NodeId, RING, ringDistance } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Neighbourhood, type Routes } from '../ports/routes.ts'
import { type DhtRecord } from '../api.ts'
import { decodePutReply, encodePut, type PutReply, type Refusal } from '../wire/dht-messages.ts'
import { recordKey } from '../wire/dht-record.ts'
import { receiptSigner } from '../wire/kept-receipt.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { checkRecord, sequenceOf } from './record-rules.ts'
import { type Redundancy } from './redundancy.ts'
import { rootKeys } from './replica-store.ts'

const PUT_TIMEOUT_MS = 10_000
/**
 * So many signers, within so many times the distance at which nodes lie apart here. All four that are to keep a record lie so
 * near a root in 94 % of all places, or three of them, where one is gone, nearer by. Who owns a fifth of the nodes has as
 * many there in 14 % (drawn at random, by distances as leaf sets show them: docs/decisions.md 77).
 */
const VOUCHING = [
  { signers: 4, within: 4.5 },
  { signers: 3, within: 2.5 },
] as const

export interface PutParts {
  self: NodeId
  routes: Routes
  ring: Neighbourhood
  /** The record, where it belongs to the key and holds. */
  valid(key: Id, record: DhtRecord | undefined): DhtRecord | undefined
}

/** One root of a record, as its author sees it. */
interface Place {
  rootKey: Id
  rootIndex: number
}

/** By whose signed word; nobody's where it was not asked for. */
interface Kept {
  outcome: 'kept'
  holders: NodeId[]
}

type PutResult = Kept | { outcome: Refusal } | { error: unknown }

export class Puts {
  readonly #around: Surroundings
  readonly #parts: PutParts

  constructor(around: Surroundings, parts: PutParts) {
    this.#around = around
    this.#parts = parts
  }

  /** The number of different nodes that keep it now. Errors as in api.ts, and `refused` where a root has a newer one. */
  async put(record: DhtRecord, { furtherPutOffsets }: Redundancy): Promise<number> {
    this.#expectGood(record)
    const holders = new Set<NodeId>()
    const results: PutResult[] = []
    const putAt = async (place: Place, offset: number): Promise<void> => {
      const result = await this.#putAt(place, record, offset)
      results.push(result)
      if (isKept(result)) for (const id of result.holders) holders.add(id)
    }
    const places = this.#placesOf(record)
    await Promise.all(places.map((place) => putAt(place, 0)))
    expectNoneNewer(results)
    // Others would say the same, and who has no room or is asked too often is not to be asked five times as often.
    if (results.every(isRefusal)) throw failureOf(results)
    const isVouched = (place: Place): boolean => this.#isVouched(place, holders)
    const further = this.#putFurther(record, places, furtherPutOffsets, isVouched, putAt)
    if (!places.some(isVouched)) {
      await further
      expectNoneNewer(results)
    }
    if (holders.size === 0) throw failureOf(results)
    return holders.size
  }

  /** By one way to each root, and nobody has to sign that he keeps it. Errors as of `put`. */
  async putLightly(record: DhtRecord): Promise<void> {
    this.#expectGood(record)
    const places = this.#placesOf(record)
    const results = await Promise.all(places.map((place) => this.#putAt(place, record, 0, false)))
    expectNoneNewer(results)
    if (!results.some(isKept)) throw failureOf(results)
  }

  /** At one root of it, in one way: true where that root has it now, or a newer one. */
  async putAt(rootIndex: number, record: DhtRecord): Promise<boolean> {
    const result = await this.#putAt(this.#placesOf(record)[rootIndex]!, record, 0)
    return isKept(result) || isStale(result)
  }

  async #putFurther(
    record: DhtRecord,
    places: readonly Place[],
    furtherPutOffsets: Redundancy['furtherPutOffsets'],
    isVouched: (place: Place) => boolean,
    putAt: (place: Place, offset: number) => Promise<void>,
  ): Promise<void> {
    for (const offsets of furtherPutOffsets) {
      const wanting = places.filter((place) => record.kind === 'signed' || !isVouched(place))
      await Promise.all(wanting.flatMap((place) => offsets.map((offset) => putAt(place, offset))))
    }
  }

  /** Enough nodes that are near it keep it: of a ring that has no more, all. */
  #isVouched({ rootKey }: Place, holders: ReadonlySet<NodeId>): boolean {
    const members = this.#parts.ring.members()
    const spacing = this.#spacing(members)
    const apart = [...holders].map((id) => Number((10n * ringDistance(rootKey, id)) / spacing) / 10)
    return VOUCHING.some(({ signers, within }) => {
      const near = apart.filter((times) => times <= within)
      return near.length >= Math.min(signers, members.length + 1)
    })
  }

  /** How far apart nodes lie on the ring: the members of a leaf set are 1, 1, 2, 2, 3, 3 ... times as far on the mean. */
  #spacing(members: readonly NodeId[]): bigint {
    let [sum, times] = [0n, 0n]
    for (const [i, id] of members.entries()) {
      sum += ringDistance(this.#parts.self, id)
      times += BigInt(1 + Math.floor(i / 2))
    }
    return times === 0n ? RING : sum / times
  }

  #expectGood(record: DhtRecord): void {
    const verdict = checkRecord(record, this.#around.crypto, this.#around.clock.wallMs())
    if (verdict !== 'good') throw new BanyanError(verdict, 'no holder would keep this record')
  }

  async #putAt(place: Place, record: DhtRecord, offset: number, wantsReceipts = true): Promise<PutResult> {
    const { rootKey, rootIndex } = place
    let heard: PutResult | undefined
    const accepts = (answer: Bytes): boolean =>
      (heard = this.#heard(record, answer, wantsReceipts)) !== undefined
    try {
      const options = { timeoutMs: PUT_TIMEOUT_MS, offset, accepts }
      const payload = encodePut({ rootIndex, wantsReceipts, record })
      await this.#parts.routes.request(rootKey, APPLICATION.put, payload, options)
      return heard!
    } catch (error) {
      this.#around.drops.count(`put at root ${rootIndex}: ${codeOf(error)}`)
      return { error }
    }
  }

  /** What an answer proves; undefined where it is not a root's. */
  #heard(record: DhtRecord, answer: Bytes, wantsReceipts: boolean): PutResult | undefined {
    const reply = this.#decoded(answer)
    if (!reply) return undefined
    if (reply.outcome === 'stale') return this.#isNewer(record, reply.newer) ? reply : undefined
    if (reply.outcome !== 'kept') return reply
    if (!wantsReceipts) return { outcome: 'kept', holders: [] }
    const { crypto, drops } = this.#around
    const signers = reply.receipts.map((receipt) => receiptSigner(crypto, record, receipt))
    const holders = signers.filter((id) => id !== undefined)
    if (holders.length < signers.length) drops.count('put: false receipt') // whose is not known
    return holders.length > 0 ? { outcome: 'kept', holders } : undefined
  }

  #decoded(answer: Bytes): PutReply | undefined {
    try {
      return decodePutReply(answer)
    } catch (error) {
      this.#around.drops.count(`put reply: ${codeOf(error)}`)
      return undefined
    }
  }

  #isNewer(record: DhtRecord, newer: DhtRecord | undefined): boolean {
    const valid = this.#parts.valid(recordKey(this.#around.crypto, record), newer)
    return valid !== undefined && sequenceOf(valid) > sequenceOf(record)
  }

  #placesOf(record: DhtRecord): Place[] {
    const roots = rootKeys(this.#around, recordKey(this.#around.crypto, record))
    return roots.map((rootKey, rootIndex) => ({ rootKey, rootIndex }))
  }
}

function isKept(result: PutResult): result is Kept {
  return 'holders' in result
}

function isStale(result: PutResult): boolean {
  return 'outcome' in result && result.outcome === 'stale'
}

/** Kept at the other root or not: a get prefers the newer record, so this one would not be seen. */
function expectNoneNewer(results: readonly PutResult[]): void {
  if (results.some(isStale)) throw new BanyanError('refused', 'a newer record is in the network')
}

/** Not for a disk that failed: another's may not. */
function isRefusal(result: PutResult): boolean {
  return 'outcome' in result && result.outcome !== 'kept' && result.outcome !== 'failed'
}

function failureOf(results: readonly PutResult[]): BanyanError {
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
