// One node's probing with everything around it in the test's hand: probes are put in as routing would, and those it sends are
// caught before they leave.

import { hostCrypto } from '../../../main/host/crypto.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { codeOf } from '../../../main/overlay/base/errors.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { Identity, searchIdentity } from '../../../main/overlay/identity.ts'
import { type Network, networkOf } from '../../../main/overlay/network.ts'
import {
  type Application,
  type Neighbourhood,
  type RouteOptions,
  type Routes,
} from '../../../main/overlay/ports/routes.ts'
import { type Link, type Links } from '../../../main/overlay/transport/links.ts'
import { NextHopRecords } from '../../../main/overlay/unicast/next-hop-records.ts'
import { Probing, type ProbingOptions } from '../../../main/overlay/unicast/probing.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { decodeNamed, encodeNamed } from '../../../main/overlay/wire/ring-questions.ts'
import { MAX_HOPS, NO_KEY_HOPS, type RoutedMessage } from '../../../main/overlay/wire/routed-message.ts'
import {
  decodeProbe,
  encodeProbe,
  newProbe,
  oneHopFarther,
  type UnicastProbe,
} from '../../../main/overlay/wire/unicast-probe.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

export interface SentProbe {
  probe: UnicastProbe
  options: RouteOptions
  atMs: number
}

export class ProbeBench {
  readonly queue = new EventQueue()
  readonly clock = new VirtualClock(this.queue)
  readonly random: SeededRandom
  readonly network: Network
  readonly drops = new DropCounts()
  readonly records: NextHopRecords
  readonly seen: NodeId[] = []
  readonly named: NodeId[] = []
  readonly sent: SentProbe[] = []
  /** What the end of each probe answers: neighbours, and links crossed; undefined for no answer. */
  answer: { named: readonly PeerRecord[]; hops: number } | undefined = { named: [], hops: 3 }
  /** Where each probe ends; at the neighbour below unless said otherwise. */
  endsAt: NodeId | undefined
  /** What this node knows of the ring. */
  neighbours: readonly PeerRecord[] = []
  members: readonly NodeId[] = []
  links: readonly NodeId[] = []
  /** Whoever a probe comes over has a link here, but for these. */
  readonly gone = new Set<NodeId>()
  readonly #carriers = new Set<NodeId>()
  readonly #self: Identity
  #application: Application | undefined
  #onRingChange: () => void = () => undefined

  constructor(
    seed: number,
    options: ProbingOptions = { copies: 3, isFirstLinkRandom: true },
    puzzleBits = 0,
  ) {
    this.random = new SeededRandom(seed)
    this.network = networkOf(hostCrypto, 'bench', puzzleBits)
    this.records = new NextHopRecords(this.clock, { origins: 200, lifeMs: 262_500 })
    this.#self = this.newcomer()
    const around = {
      clock: this.clock,
      random: this.random,
      crypto: hostCrypto,
      log: { log: () => undefined },
      network: this.network,
      drops: this.drops,
      timers: new TimerGroup(this.clock),
    }
    const self = this.recordOf(this.#self)
    const parts = { links: this.#linksOf(self), routes: this.#routesOf(), ring: this.#ringOf() }
    const probing = new Probing(around, {
      ...parts,
      records: this.records,
      nodeKey: this.#self.nodeKey,
      options,
      onSeen: ({ id }) => void this.seen.push(id),
      isMapped: () => false,
      onNamed: (peers) => void this.named.push(...peers.map(({ id }) => id)),
    })
    this.start = () => probing.start()
  }

  readonly start: () => void

  get self(): Identity {
    return this.#self
  }

  /** Somebody of this network, whatever its id cost. */
  newcomer(): Identity {
    const seeds = { node: this.random.bytes(32), noise: this.random.bytes(32) }
    return new Identity(hostCrypto, { ...this.network, puzzleBits: 0 }, seeds)
  }

  /** Somebody whose id cost what the network asks. */
  paidNewcomer(): Identity {
    for (;;) {
      const found = searchIdentity(hostCrypto, this.random, this.network, 64)
      if (found) return found
    }
  }

  recordOf(one: Identity): PeerRecord {
    return one.selfRecord([{ host: '192.0.2.9', port: 4000 }])
  }

  run(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }

  ringChanged(): void {
    this.#onRingChange()
  }

  /** A probe as it arrives `hops` links from its origin. */
  probe(
    origin: Identity,
    hops: number,
    terms: { sequence?: number; copy?: number; nearest?: [NodeId, NodeId] } = {},
  ): UnicastProbe {
    const { sequence = this.seconds, copy = 0, nearest } = terms
    let probe = newProbe(
      hostCrypto,
      this.network.id,
      { record: this.recordOf(origin), nodeKey: origin.nodeKey, secret: this.random.bytes(16) },
      {
        sequence,
        copy,
        mostHops: MAX_HOPS,
        lifeSeconds: 165,
        nearest: { above: nearest?.[0], below: nearest?.[1] },
      },
    )
    for (let i = 1; i < hops; i++) probe = oneHopFarther(probe, hostCrypto)
    return probe
  }

  /** Unix time. */
  get seconds(): number {
    return Math.floor(this.clock.wallMs() / 1000)
  }

  /** Passes through this node, coming over a link: what it decides, or the error code. */
  pass(probe: UnicastProbe, hops: number, over: NodeId, head: Partial<RoutedMessage> = {}): string {
    this.#carriers.add(over)
    try {
      const forwarding = this.#application!.forward!(messageOf(probe, hops, head), over)
      return forwarding.kind
    } catch (error) {
      return codeOf(error)
    }
  }

  /** What the next node would get. */
  passedOn(probe: UnicastProbe, hops: number, over: NodeId): UnicastProbe {
    this.#carriers.add(over)
    const forwarding = this.#application!.forward!(messageOf(probe, hops, {}), over)
    if (forwarding.kind !== 'pass' || !forwarding.payload) throw new Error('not passed on')
    return decodeProbe(forwarding.payload, { crypto: hostCrypto })
  }

  /** Ends at this node: the neighbours that its answer names. */
  async end(probe: UnicastProbe, hops: number, over: NodeId): Promise<NodeId[]> {
    this.#carriers.add(over)
    const answer = await this.#application!.deliver(messageOf(probe, hops, {}), over)
    return decodeNamed(answer, { crypto: hostCrypto }).map(({ id }) => id)
  }

  #linksOf(self: PeerRecord): Links {
    const link = (id: NodeId): Link => ({ isOpen: true, peer: { id } }) as Link
    return {
      self,
      get: (id: NodeId) => {
        const isUp = this.links.includes(id) || (this.#carriers.has(id) && !this.gone.has(id))
        return isUp ? link(id) : undefined
      },
      all: () => this.links.map(link),
    } as unknown as Links
  }

  #routesOf(): Routes {
    return {
      register: (_number, application) => void (this.#application = application),
      request: (key, _number, payload, options) => {
        const probe = decodeProbe(payload, { crypto: hostCrypto })
        this.sent.push({ probe, options, atMs: this.queue.nowMs })
        if (!this.answer) return Promise.reject(new Error('no answer'))
        const { named, hops } = this.answer
        const responder = this.endsAt ?? this.members.at(-1) ?? key
        return Promise.resolve({ responder, payload: encodeNamed(named), hops })
      },
    }
  }

  #ringOf(): Neighbourhood {
    return {
      members: () => [...this.members],
      nearest: () => ({ above: this.members[0], below: this.members.at(-1) }),
      neighboursOf: () => [...this.neighbours],
      onChange: (listener: () => void) => void (this.#onRingChange = listener),
    } as unknown as Neighbourhood
  }
}

function messageOf(probe: UnicastProbe, hops: number, head: Partial<RoutedMessage>): RoutedMessage {
  return {
    requestId: '00'.repeat(8),
    key: probe.origin.id,
    application: 8,
    isExact: false,
    hops,
    offset: 0,
    detoursLeft: 8,
    source: probe.origin.id,
    keyHops: NO_KEY_HOPS,
    isFollowing: false,
    visited: [],
    payload: encodeProbe(probe),
    ...head,
  }
}
