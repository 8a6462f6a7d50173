// All hostile nodes of a world: which hosts they are, what they know together (each other, and every record that any of
// them has seen), what they do, and how often each of them did it. What one learns all know at once: no attacker is faster.

import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { compareDistance, type Id, type NodeId, ringDistance } from '../../main/overlay/base/id.ts'
import { type DhtRecord } from '../../main/overlay/api.ts'
import { sequenceOf } from '../../main/overlay/dht/record-rules.ts'
import { type IdentitySeeds, SEED_BYTES } from '../../main/overlay/identity.ts'
import { type Crypto, type KeyPair } from '../../main/overlay/ports/crypto.ts'
import { type Links } from '../../main/overlay/transport/links.ts'
import { recordKey } from '../../main/overlay/wire/dht-record.ts'
import { signReceipt } from '../../main/overlay/wire/kept-receipt.ts'
import { nodeIdOf, type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'
import { type Disguise } from '../world/world.ts'
import { type WorldLinks } from '../world/world-links.ts'
import { type Behaviour } from './behaviours.ts'
import { HostileConduct } from './hostile-conduct.ts'
import { HostileLinks } from './hostile-links.ts'

export interface ColluderOptions {
  seed: number
  crypto: Crypto
  /** Host numbers. */
  hosts: ReadonlySet<number>
  behaviours: ReadonlySet<Behaviour>
  /** Of the records that they invent. */
  junkExpiresAtMs: number
  /** Where all their ids are to lie: around a place on the ring, and how far from it at most. */
  arc?: { centre: Id; radius: bigint }
}

export class Colluders implements Disguise {
  readonly random: SeededRandom
  readonly crypto: Crypto
  readonly behaviours: ReadonlySet<Behaviour>
  /** How often each was done. */
  readonly done = new Map<Behaviour, number>()
  readonly #options: ColluderOptions
  readonly #records = new Map<NodeId, PeerRecord>()
  readonly #pairs = new Map<NodeId, KeyPair>()
  readonly #conducts: HostileConduct[] = []
  readonly #seen = new Map<Id, DhtRecord>()
  /** Identities that were made to get those of the arc. */
  triedIds = 0

  constructor(options: ColluderOptions) {
    this.#options = options
    this.random = new SeededRandom(options.seed)
    this.crypto = options.crypto
    this.behaviours = options.behaviours
  }

  get junkExpiresAtMs(): number {
    return this.#options.junkExpiresAtMs
  }

  isHostile(host: number): boolean {
    return this.#options.hosts.has(host)
  }

  has(id: NodeId): boolean {
    return this.#records.has(id)
  }

  /** Where there is an arc, they have chosen one in which nobody else's id lies. */
  seedsOf(host: number, drawn: IdentitySeeds): IdentitySeeds {
    const isHostile = this.isHostile(host)
    let seeds = drawn
    while (this.#options.arc && this.#isInArc(seeds) !== isHostile) {
      if (isHostile) this.triedIds++
      seeds = { node: this.random.bytes(SEED_BYTES), noise: this.random.bytes(SEED_BYTES) }
    }
    const pair = this.crypto.signingKeyPair(seeds.node)
    if (isHostile) this.#pairs.set(nodeIdOf(this.crypto, pair.publicKey), pair)
    return seeds
  }

  #isInArc({ node }: IdentitySeeds): boolean {
    const { crypto, arc } = this.#options
    const id = nodeIdOf(crypto, crypto.signingKeyPair(node).publicKey)
    return arc !== undefined && ringDistance(arc.centre, id) <= arc.radius
  }

  linksOf(links: WorldLinks): Links {
    if (!this.isHostile(links.host)) return links
    this.#records.set(links.self.id, links.self)
    const conduct = new HostileConduct(this, links)
    this.#conducts.push(conduct)
    return new HostileLinks(links, conduct)
  }

  /** From now on they also flood and replay. */
  attack(): void {
    for (const conduct of this.#conducts) conduct.attack()
  }

  /** Those of them nearest to a place, without whoever is told of them. */
  nearestTo(place: Id, count: number, except?: NodeId): PeerRecord[] {
    const others = [...this.#records.values()].filter(({ id }) => id !== except)
    return others.sort((a, b) => compareDistance(place, a.id, b.id)).slice(0, count)
  }

  /** What those of them nearest to a place sign: that they keep it, though none does. */
  receipts(place: Id, count: number, record: DhtRecord): Bytes[] {
    return this.nearestTo(place, count).map(({ id }) =>
      signReceipt(this.crypto, this.#pairs.get(id)!, record),
    )
  }

  saw(record: DhtRecord): void {
    const key = recordKey(this.crypto, record)
    const known = this.#seen.get(key)
    if (!known || sequenceOf(record) < sequenceOf(known)) this.#seen.set(key, record)
  }

  /** The oldest version that any of them has seen. */
  oldest(key: Id): DhtRecord | undefined {
    return this.#seen.get(key)
  }

  /** Nobody signed it, or it is not what its key is the hash of. */
  forged(key: Id): DhtRecord {
    const known = this.#seen.get(key)
    const value = this.random.bytes(64)
    if (known?.kind === 'signed') return { ...known, sequence: known.sequence + 1000, value }
    return { kind: 'immutable', value, expiresAtMs: this.junkExpiresAtMs }
  }

  did(behaviour: Behaviour): void {
    this.done.set(behaviour, (this.done.get(behaviour) ?? 0) + 1)
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[this.random.below(Math.max(1, from.length))]
  }

  bytes(length: number): Bytes {
    return this.random.bytes(length)
  }
}
