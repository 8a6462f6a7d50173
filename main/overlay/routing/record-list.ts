import { type NodeId } from '../base/id.ts'
import { placeBy } from '../base/sorted-place.ts'
import { type PeerRecord } from '../wire/peer-record.ts'

/** Of the turns' array, in records. */
const GROWTH = 32

/**
 * Peer records by id, so many at most. Two sorted arrays: a fifth of what a map of objects takes,
 * and as quick for some hundred. Where it is full, the record goes that was put longest ago, those in use last of all.
 */
export class RecordList {
  readonly #limit: number
  readonly #isInUse: (id: NodeId) => boolean
  readonly #records: PeerRecord[] = []
  /** For each record the turn in which it was put, doubled; odd where it is first hand. */
  #turns = new Uint32Array(0)
  #turn = 0

  constructor(limit: number, isInUse: (id: NodeId) => boolean) {
    this.#limit = limit
    this.#isInUse = isInUse
  }

  get size(): number {
    return this.#records.length
  }

  get(id: NodeId): PeerRecord | undefined {
    const record = this.#records[placeBy(this.#records, id, idOf)]
    return record?.id === id ? record : undefined
  }

  /** The record of a node whose id begins so. */
  beginning(hint: string): PeerRecord | undefined {
    const record = this.#records[placeBy<PeerRecord, string>(this.#records, hint, idOf)]
    return record?.id.startsWith(hint) ? record : undefined
  }

  isFirstHand(id: NodeId): boolean {
    const place = placeBy(this.#records, id, idOf)
    return this.#records[place]?.id === id && this.#turns[place]! % 2 === 1
  }

  /** As it stands; what is put meanwhile is not in it. */
  records(): readonly PeerRecord[] {
    return [...this.#records]
  }

  /** A record put again counts as new. */
  put(record: PeerRecord, isFirstHand: boolean): void {
    const turn = 2 * ++this.#turn + (isFirstHand ? 1 : 0)
    const place = placeBy(this.#records, record.id, idOf)
    if (this.#records[place]?.id === record.id) {
      this.#records[place] = record
      this.#turns[place] = turn
      return
    }
    this.#records.splice(place, 0, record)
    this.#insertTurn(place, turn)
    if (this.#records.length > this.#limit) this.#forgetOne(record)
  }

  /** Another record of a node that is in here, which stays as old as it was. */
  replace(record: PeerRecord): void {
    const place = placeBy(this.#records, record.id, idOf)
    if (this.#records[place]?.id === record.id) this.#records[place] = record
  }

  #forgetOne(newcomer: PeerRecord): void {
    const place = this.#oldest((record) => record !== newcomer && !this.#isInUse(record.id))
    const gone = place < 0 ? this.#oldest((record) => record !== newcomer) : place
    this.#records.splice(gone, 1)
    this.#turns.copyWithin(gone, gone + 1)
  }

  #insertTurn(place: number, turn: number): void {
    if (this.#records.length > this.#turns.length) {
      const larger = new Uint32Array(Math.min(this.#turns.length + GROWTH, this.#limit + 1))
      larger.set(this.#turns)
      this.#turns = larger
    }
    this.#turns.copyWithin(place + 1, place)
    this.#turns[place] = turn
  }

  #oldest(isEligible: (record: PeerRecord) => boolean): number {
    let oldest = -1
    for (let place = 0; place < this.#records.length; place++) {
      const isOlder = oldest < 0 || this.#turns[place]! < this.#turns[oldest]!
      if (isOlder && isEligible(this.#records[place]!)) oldest = place
    }
    return oldest
  }
}

function idOf({ id }: PeerRecord): NodeId {
  return id
}
