// A root that lacks a record asks the others who are to keep it before it says that there is none: those with a link all at
// once; of those without, which cost several hops each way, the two best placed, for whoever reads asks at their places too
// (reads.ts). Questions for the same record share one answer: a node that has just come is looked for by all who know it.

import { type Id, type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type DhtRecord } from '../api.ts'
import { type Reader } from '../wire/codec.ts'
import { decodeAnswer, encodeAsk } from '../wire/dht-messages.ts'
import { type Peer, type Peers } from './peers.ts'
import { Questions } from './questions.ts'
import { compareRecords } from './record-rules.ts'

const ASK_TIMEOUT_MS = 1200
/** Neighbours that answer at all do so at about the same time. */
const NEIGHBOURS_GRACE_MS = 100
const ASKED_WITHOUT_LINK = 2

export interface NeighbourQuestionParts {
  peers: Peers
  /** Who is to keep the record, this node among them perhaps; the best placed at each root first. */
  holders(key: Id): readonly NodeId[]
  /** The record, where it belongs to the key and holds. */
  valid(key: Id, record: DhtRecord | undefined): DhtRecord | undefined
}

export class NeighbourQuestions {
  readonly #timers: Surroundings['timers']
  readonly #parts: NeighbourQuestionParts
  readonly #questions: Questions<DhtRecord | undefined>
  readonly #underWay = new LeanMap<Id, Promise<DhtRecord | undefined>>()

  constructor({ timers }: Pick<Surroundings, 'timers'>, parts: NeighbourQuestionParts) {
    this.#timers = timers
    this.#parts = parts
    this.#questions = new Questions(timers)
  }

  /** The newest that the neighbours have; undefined where none of them has it. `except`: known to lack it. */
  ask(key: Id, except: readonly NodeId[]): Promise<DhtRecord | undefined> {
    const underWay = this.#underWay.get(key)
    if (underWay) return underWay
    const asked = new Promise<DhtRecord | undefined>((resolve) =>
      this.#firstGood(key, this.#worthAsking(key, except), resolve),
    ).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, asked)
    return asked
  }

  onAnswer(peer: Peer, body: Reader): void {
    const { token, record } = decodeAnswer(body)
    this.#questions.answer(peer.id, token, record)
  }

  #worthAsking(key: Id, except: readonly NodeId[]): Peer[] {
    const { peers, holders } = this.#parts
    const ids = [...new Set(holders(key))].filter((id) => !except.includes(id))
    const others = ids.map((id) => peers.to(id))
    const withoutLink = others.filter(({ link }) => !link).slice(0, ASKED_WITHOUT_LINK)
    return others.filter((peer) => peer.link ?? withoutLink.includes(peer))
  }

  /** One of the neighbours may have died and not been found out: nobody waits for it when another has the record. */
  #firstGood(key: Id, peers: readonly Peer[], found: (record: DhtRecord | undefined) => void): void {
    let best: DhtRecord | undefined
    const asked = peers.map(async (peer) => {
      const record = this.#parts.valid(key, await this.#askAt(peer, key))
      if (!record) return
      if (!best || compareRecords(record, best) > 0) best = record
      if (record.kind === 'immutable') found(best)
      else this.#timers.after(NEIGHBOURS_GRACE_MS, () => found(best))
    })
    void Promise.all(asked).then(() => found(best))
  }

  #askAt(peer: Peer, key: Id): Promise<DhtRecord | undefined> {
    return this.#questions.ask(peer.id, ASK_TIMEOUT_MS, (token, giveUp) => {
      peer.send(encodeAsk(token, key), (isDelivered) => {
        if (!isDelivered) giveUp()
      })
    })
  }
}
