// One node's map of links with its neighbours in the test's hand: what they say is put in as it would come over their links,
// and what the node says to them is caught.

import { hostCrypto } from '../../../main/host/crypto.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { MappedLinks } from '../../../main/overlay/linkmap/linkmap.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type Paths } from '../../../main/overlay/ports/paths.ts'
import { type Link, type Links } from '../../../main/overlay/transport/links.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { hintOf } from '../../../main/overlay/wire/id-hints.ts'
import {
  decodeLinks,
  encodeLinks,
  type LinkAnnouncement,
  newAnnouncement,
} from '../../../main/overlay/wire/link-announcement.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const NETWORK = networkOf(hostCrypto, 'map', 0)

export class MapBench {
  readonly drops = new DropCounts()
  readonly self: Identity
  readonly ways: Paths
  readonly seen: NodeId[] = []
  readonly #queue = new EventQueue()
  readonly #clock = new VirtualClock(this.#queue)
  readonly #random: SeededRandom
  readonly #mapped: MappedLinks
  readonly #links = new Map<NodeId, Link & { received: number }>()
  /** By neighbour: the messages it was sent. */
  readonly #told = new Map<NodeId, Uint8Array[]>()

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.self = this.newcomer()
    const timers = new TimerGroup(this.#clock)
    const around = {
      ...{ clock: this.#clock, random: this.#random, crypto: hostCrypto, network: NETWORK },
      ...{ log: { log: () => undefined }, drops: this.drops, timers },
    }
    const links = {
      self: recordOf(this.self),
      get: (id: NodeId) => this.#links.get(id),
      all: () => this.#links.values(),
      dial: () => Promise.reject(new Error('a map dials nobody')),
      on: () => undefined,
    } as Links
    this.#mapped = new MappedLinks(around, NO_RECORDS, {
      links,
      linkCount: () => this.#links.size,
      nodeKey: this.self.nodeKey,
      onSeen: ({ id }) => void this.seen.push(id),
    })
    this.ways = this.#mapped.ways
    this.#mapped.start()
  }

  /** Unix time. */
  get seconds(): number {
    return Math.floor(this.#clock.wallMs() / 1000)
  }

  newcomer(): Identity {
    const seeds = { node: this.#random.bytes(32), noise: this.#random.bytes(32) }
    return new Identity(hostCrypto, NETWORK, seeds)
  }

  run(ms: number): Promise<void> {
    return this.#queue.runUntil(this.#queue.nowMs + ms)
  }

  /** A neighbour, from now on. */
  linkTo(one: Identity): void {
    const told: Uint8Array[] = []
    this.#told.set(one.id, told)
    const link = {
      peer: recordOf(one),
      isOpen: true,
      received: 0,
      probe: () => undefined,
      send: (message: Uint8Array) => void told.push(message),
    }
    const traffic = { get: () => ({ receivedPackets: link.received }) }
    Object.defineProperty(link, 'traffic', traffic)
    this.#links.set(one.id, link as unknown as Link & { received: number })
    this.#mapped.linkUp(one.id)
  }

  cutLinkTo(one: Identity): void {
    this.#links.delete(one.id)
    this.#mapped.linkDown(one.id)
  }

  /** A packet of any kind came from there. */
  hears(one: Identity): void {
    this.#links.get(one.id)!.received++
  }

  /** In the words of the origin, one second after those before. */
  announced(origin: Identity, links: readonly Identity[], sequence = this.seconds): LinkAnnouncement {
    const own = { record: recordOf(origin), nodeKey: origin.nodeKey }
    const terms = { sequence, links: links.map(({ id }) => hintOf(id)) }
    return newAnnouncement(hostCrypto, NETWORK.id, own, terms)
  }

  say(from: Identity, ...announcements: LinkAnnouncement[]): void {
    this.put(from, encodeLinks(announcements))
  }

  /** A message as it comes, of whatever bytes. */
  put(from: Identity, message: Uint8Array): void {
    const handler = this.#mapped.handlers().find(([type]) => type === message[0])![1]
    handler(this.#links.get(from.id)!, new Reader(message, 1))
  }

  /** All announcements that a neighbour was told since the last look. */
  tellsTo(one: Identity): LinkAnnouncement[] {
    const messages = this.#told.get(one.id)!.splice(0)
    return messages
      .filter((message) => message[0] === MESSAGE.links)
      .flatMap((message) => decodeLinks(new Reader(message, 1), { crypto: hostCrypto }))
  }

  /** Links to it, by the map. */
  hopsTo({ id }: Identity): number | undefined {
    return this.ways.mapped(id, () => true)?.hops
  }
}

function recordOf(one: Identity): PeerRecord {
  return one.selfRecord([{ host: '192.0.2.9', port: 4000 }])
}

const NO_RECORDS: Paths = {
  step: () => undefined,
  mapped: () => undefined,
  isMapped: () => false,
  isWhole: () => false,
  isForming: () => false,
  closest: () => undefined,
  failed: () => undefined,
  worked: () => undefined,
  silent: () => undefined,
}
