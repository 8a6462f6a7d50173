// B.A.T.M.A.N. (draft-openmesh-b-a-t-m-a-n-00, in the form that batman-adv made of it, protocol IV): every node announces
// itself to the whole network once a second; whoever hears an announcement by the neighbour that is best for its
// originator passes it on, a little worse; a message follows the best neighbours back. Nobody knows more than his
// next hop, but everybody knows one for each node of the network, so upkeep and state grow with its size.
//
// Announcements wait up to 100 ms and leave together in packets of at most 512 bytes, as batman-adv aggregates them. On
// a radio a packet reaches all neighbours, otherwise each link costs one. They are not repeated where lost: that
// they get lost is what the protocol measures. Messages are, as the link layer below would.

import { wireBytesOf } from '../world/session-costs.ts'
import { trafficSince, nameOf, type TypeTraffic } from '../world/traffic-log.ts'
import { type Baseline, type Request, type Upkeep } from './baseline.ts'
import { linkQualities, BEST_QUALITY } from './batman-links.ts'
import { BatmanTable } from './batman-table.ts'
import { type Carrier } from './carrier.ts'
import { type LinkWishes, meanDegree, randomLinks } from './link-choice.ts'

/** batman-adv's defaults: orig_interval, BATADV_JITTER, BATADV_TTL, hop_penalty, aggregation by time and by size. */
const INTERVAL_MS = 1000
const JITTER_MS = 20
const TTL = 50
const HOP_PENALTY = 30
const AGGREGATION_MS = 100
const AGGREGATE_BYTES = 512
/** struct batadv_ogm_packet without anything behind it. */
const ANNOUNCEMENT_BYTES = 24
const PER_PACKET = Math.floor(AGGREGATE_BYTES / ANNOUNCEMENT_BYTES)
/** Twice the window of five, which leaves time for the farthest to be heard. */
const SETTLING_MS = 10_000
const MEASURED_MS = 2000

const ANNOUNCEMENTS = 219
const DATA = 220
/** Unicast header 10, source and target 32 each, message id 8. */
const DATA_BYTES = 10 + 32 + 32 + 8

/** Columns, so that a batch of hundreds costs no objects. */
interface Batch {
  originators: number[]
  sequences: number[]
  qualities: number[]
  ttls: number[]
}

export class Batman implements Baseline {
  readonly name = 'batman'
  readonly label = 'B.A.T.M.A.N.'
  readonly describe: string
  readonly carrier: Carrier
  readonly upkeepTypes = [ANNOUNCEMENTS]
  readonly #links: number[][]
  /** At which place of each neighbour's links a node stands. */
  readonly #places: number[][]
  readonly #tables: BatmanTable[]
  readonly #waiting: (Batch | undefined)[] = []

  constructor(carrier: Carrier, wishes: LinkWishes) {
    this.carrier = carrier
    this.#links = randomLinks(wishes)
    this.#places = this.#links.map((peers, host) => peers.map((peer) => this.#links[peer]!.indexOf(host)))
    const qualities = linkQualities(carrier, this.#links)
    this.#tables = qualities.map((own) => new BatmanTable(carrier.nodes, own))
    this.describe = `batman-adv IV: interval ${INTERVAL_MS} ms, TTL ${TTL}, hop penalty ${HOP_PENALTY}, windows 64 (drawn) and 5, aggregation ${AGGREGATION_MS} ms and ${AGGREGATE_BYTES} B, ${meanDegree(this.#links).toFixed(1)} links a node, settled ${SETTLING_MS / 1000} s`
  }

  settle(): Promise<void> {
    for (let host = 0; host < this.carrier.nodes; host++)
      this.carrier.after(INTERVAL_MS * this.carrier.random.unit(), () => this.#announce(host, 0))
    return this.carrier.run(SETTLING_MS)
  }

  send(request: Request): void {
    this.#route(request.from, request.to, 0, (there) =>
      this.#route(request.to, request.from, 0, () => request.arrived(there)),
    )
  }

  async upkeep(): Promise<Upkeep> {
    const { traffic } = this.carrier.network
    const before = traffic.byType()
    await this.carrier.run(MEASURED_MS)
    const own = trafficSince(before, traffic.byType()).find(({ type }) => type === nameOf(ANNOUNCEMENTS))
    const perNodeSecond = (figure: keyof TypeTraffic & ('packets' | 'bytes')): number =>
      (own?.[figure] ?? 0) / this.carrier.nodes / (MEASURED_MS / 1000)
    return { packetsPerNodeSecond: perNodeSecond('packets'), bytesPerNodeSecond: perNodeSecond('bytes') }
  }

  /** Originators; each with a window for every neighbour besides. */
  entries(): number[] {
    return this.#tables.map((table) => table.originators)
  }

  #announce(host: number, sequence: number): void {
    if (!this.carrier.isUp(host)) return
    this.#queue(host, host, sequence, BEST_QUALITY, TTL)
    const pauseMs = INTERVAL_MS + JITTER_MS * (2 * this.carrier.random.unit() - 1)
    this.carrier.after(pauseMs, () => this.#announce(host, sequence + 1))
  }

  #queue(host: number, originator: number, sequence: number, quality: number, ttl: number): void {
    let batch = this.#waiting[host]
    if (!batch) {
      batch = this.#waiting[host] = { originators: [], sequences: [], qualities: [], ttls: [] }
      this.carrier.after(AGGREGATION_MS, () => this.#flush(host))
    }
    batch.originators.push(originator)
    batch.sequences.push(sequence)
    batch.qualities.push(quality)
    batch.ttls.push(ttl)
  }

  #flush(host: number): void {
    const batch = this.#waiting[host]!
    this.#waiting[host] = undefined
    if (!this.carrier.isUp(host)) return
    const count = batch.originators.length
    const packets = Math.ceil(count / PER_PACKET)
    const copies = this.carrier.isRadio ? 1 : this.#links[host]!.length
    const bytes = wireBytesOf(count * ANNOUNCEMENT_BYTES, packets)
    this.carrier.network.count(host, ANNOUNCEMENTS, copies * packets, copies * bytes)
    for (const [i, peer] of this.#links[host]!.entries()) {
      const isHeard = Array.from({ length: packets }, () => !this.carrier.isLost(host, peer))
      this.carrier.later(host, peer, () => this.#receive(peer, this.#places[host]![i]!, batch, isHeard))
    }
  }

  #receive(host: number, by: number, batch: Batch, isHeard: readonly boolean[]): void {
    const table = this.#tables[host]!
    const announcement = { originator: 0, sequence: 0, quality: 0, ttl: 0 }
    for (let i = 0; i < batch.originators.length; i++) {
      const originator = batch.originators[i]!
      if (originator === host || !isHeard[Math.floor(i / PER_PACKET)]) continue
      announcement.originator = originator
      announcement.sequence = batch.sequences[i]!
      announcement.quality = batch.qualities[i]!
      announcement.ttl = batch.ttls[i]!
      const verdict = table.receive(announcement, by)
      if (!verdict.isPassedOn) continue
      const quality = Math.floor((verdict.quality * (BEST_QUALITY - HOP_PENALTY)) / BEST_QUALITY)
      this.#queue(host, originator, announcement.sequence, quality, announcement.ttl - 1)
    }
  }

  #route(at: number, to: number, hops: number, arrived: (hops: number) => void): void {
    if (at === to) return arrived(hops)
    const best = this.#tables[at]!.bestOf(to)
    if (best < 0 || hops >= TTL) return
    const next = this.#links[at]![best]!
    this.carrier.overSession(at, next, DATA, DATA_BYTES, () => this.#route(next, to, hops + 1, arrived))
  }
}
