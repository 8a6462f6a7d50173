// A network small enough to see through: the OverlayApi over a shared map, with delays, and switches for what goes wrong.

import {
  type DhtRecord,
  type OverlayApi,
  type OverlayEvents,
  type OverlayStatus,
  type PublishResult,
  type SendResult,
} from '../../../main/overlay/api.ts'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { type Id, type NodeId, idFromBytes } from '../../../main/overlay/base/id.ts'
import { Identity, type IdentitySeeds } from '../../../main/overlay/identity.ts'
import { type Network } from '../../../main/overlay/network.ts'
import { type Clock } from '../../../main/overlay/ports/clock.ts'
import { type Crypto } from '../../../main/overlay/ports/crypto.ts'
import { recordKey } from '../../../main/overlay/wire/dht-record.ts'
import { type HelpSettings } from '../../../main/overlay/ports/relays.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { type SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { TestMeshes } from './test-meshes.ts'

export class TestNetwork {
  readonly nodes = new Map<NodeId, TestOverlay>()
  readonly records = new Map<Id, DhtRecord>()
  readonly topics = new Map<Id, Set<NodeId>>()
  readonly meshes = new Map<Id, Map<NodeId, TestMeshes>>()
  delayMs = 10
  /** Share of direct messages that are lost after the overlay has reported them delivered. */
  loss = 0
  /** Share of direct messages that arrive twice. */
  repeats = 0
  hasDht = true
  sent = 0
  /** Sees every frame; false swallows it. */
  tap: (from: NodeId, to: NodeId, frame: Bytes) => boolean = () => true

  readonly clock: Clock
  readonly crypto: Crypto
  readonly network: Network
  readonly random: SeededRandom

  constructor(clock: Clock, crypto: Crypto, network: Network, random: SeededRandom) {
    this.clock = clock
    this.crypto = crypto
    this.network = network
    this.random = random
  }

  overlay(seeds: IdentitySeeds): TestOverlay {
    return new TestOverlay(this, new Identity(this.crypto, this.network, seeds))
  }

  changed(): void {
    for (const node of this.nodes.values()) node.tell()
  }

  later(action: () => void): void {
    this.clock.after(this.delayMs * (0.5 + this.random.unit()), action)
  }
}

export class TestOverlay implements OverlayApi {
  readonly self: PeerRecord
  readonly meshes: TestMeshes
  readonly #net: TestNetwork
  readonly #events: Partial<OverlayEvents>[] = []
  readonly #named = new Set<NodeId>()
  readonly #up = new Set<NodeId>()
  #isOn = false
  /** A link keeps the order: the moment until which each peer's last message is under way. */
  readonly #lastMs = new Map<NodeId, number>()
  /** Cut off as by a pulled plug: nothing goes out, nothing comes in, nobody is told. */
  isDead = false
  /** As the settings say. */
  help: HelpSettings | undefined
  replicaBytes: number | undefined

  constructor(net: TestNetwork, identity: Identity) {
    this.#net = net
    this.meshes = new TestMeshes(net, identity.id, () => this.#isOn && !this.isDead)
    this.self = identity.selfRecord([{ host: '127.0.0.1', port: 40_000 + net.nodes.size }])
  }

  async start(): Promise<void> {
    this.online(true)
  }

  async stop(): Promise<void> {
    this.online(false)
  }

  online(isOn: boolean): void {
    if (isOn) this.#net.nodes.set(this.self.id, this)
    else if (this.#net.nodes.get(this.self.id) === this) this.#net.nodes.delete(this.self.id)
    this.#isOn = isOn
    this.#net.changed()
  }

  on(events: Partial<OverlayEvents>): void {
    this.#events.push(events)
  }

  addPeers(): void {}

  setReplicaQuota(bytes: number): void {
    this.replicaBytes = bytes
  }

  setHelp(help: HelpSettings): void {
    this.help = help
  }

  keepInTouch(id: NodeId): void {
    this.#named.add(id)
    this.#net.later(() => this.tell())
  }

  forget(id: NodeId): void {
    this.#named.delete(id)
    this.#up.delete(id)
  }

  async send(to: NodeId, payload: Uint8Array): Promise<SendResult> {
    const copy = Uint8Array.from(payload)
    this.#net.sent++
    // what left before the plug was pulled still arrives
    if (this.isDead || !this.#isOn) return { kind: 'failed', reason: 'closed' }
    return new Promise((resolve) => {
      this.#inOrder(to, () => {
        const target = this.#net.nodes.get(to)
        if (!target || target.isDead) return resolve({ kind: 'failed', reason: 'unreachable' })
        if (this.#net.tap(this.self.id, to, copy) && this.#net.random.unit() >= this.#net.loss) {
          target.receive(this.self.id, copy)
          if (this.#net.random.unit() < this.#net.repeats)
            this.#net.later(() => target.receive(this.self.id, copy))
        }
        this.#net.later(() => resolve({ kind: 'delivered', via: 'session' }))
      })
    })
  }

  #inOrder(to: NodeId, action: () => void): void {
    const now = this.#net.clock.nowMs()
    const delayMs = this.#net.delayMs * (0.5 + this.#net.random.unit())
    const atMs = Math.max(now + delayMs, this.#lastMs.get(to) ?? 0)
    this.#lastMs.set(to, atMs)
    this.#net.clock.after(atMs - now, action)
  }

  receive(from: NodeId, payload: Bytes): void {
    if (!this.isDead && this.#isOn) for (const events of this.#events) events.message?.(from, payload)
  }

  async put(record: DhtRecord): Promise<number> {
    this.#mustBeJoined()
    const key = recordKey(this.#net.crypto, record)
    const known = this.#net.records.get(key)
    if (known?.kind === 'signed' && record.kind === 'signed' && known.sequence > record.sequence) return 0
    this.#net.records.set(key, record)
    return 1
  }

  async get(key: Id): Promise<DhtRecord | undefined> {
    this.#mustBeJoined()
    return this.#net.records.get(key)
  }

  subscribe(topic: Id): void {
    const members = this.#net.topics.get(topic) ?? new Set()
    this.#net.topics.set(topic, members.add(this.self.id))
  }

  leave(topic: Id): void {
    this.#net.topics.get(topic)?.delete(this.self.id)
  }

  async publish(topic: Id, payload: Uint8Array): Promise<PublishResult> {
    if (!this.#isOn || this.isDead || this.#net.nodes.size < 2)
      return { kind: 'failed', reason: 'unreachable' }
    const id = idFromBytes(this.#net.crypto.hash(payload))
    const publication = { topic, id, payload: Uint8Array.from(payload) }
    for (const member of this.#net.topics.get(topic) ?? [])
      for (let copies = this.#net.random.unit() < this.#net.repeats ? 2 : 1; copies > 0; copies--)
        this.#net.later(() => this.#net.nodes.get(member)?.hear(publication))
    return { kind: 'accepted' }
  }

  hear(publication: { topic: Id; id: Id; payload: Bytes }): void {
    if (!this.isDead && this.#isOn) for (const events of this.#events) events.publication?.(publication)
  }

  tell(): void {
    if (this.isDead) return
    for (const id of this.#named) {
      const isUp = this.#isOn && this.#net.nodes.has(id) && !this.#net.nodes.get(id)!.isDead
      if (isUp === this.#up.has(id)) continue
      if (isUp) this.#up.add(id)
      else this.#up.delete(id)
      for (const events of this.#events) (isUp ? events.contactUp : events.contactDown)?.(id)
    }
    for (const events of this.#events) events.status?.(this.status())
  }

  /** As when the session broke without anybody noticing, and was made again. */
  flap(): void {
    for (const id of [...this.#up]) {
      this.#up.delete(id)
      for (const events of this.#events) events.contactDown?.(id)
    }
    this.tell()
  }

  status(): OverlayStatus {
    const others = [...this.#net.nodes.keys()].filter((id) => id !== this.self.id)
    return {
      stage: !this.#isOn ? 'stopped' : others.length > 0 ? 'joined' : 'alone',
      id: this.self.id,
      addresses: [...this.self.addresses],
      sessions: others.map((id) => ({
        id,
        address: '127.0.0.1:1',
        rttMs: 1,
        sentBytes: 0,
        receivedBytes: 0,
        path: 'direct' as const,
        figures: undefined,
      })),
      leafSetSize: others.length,
      tableSize: others.length,
      replicas: { count: 0, bytes: 0, quotaBytes: 0 },
      topics: [],
      traffic: { sentPackets: this.#net.sent, sentBytes: 0, receivedPackets: 0, receivedBytes: 0 },
      dropped: {},
      joinProblem: '',
    }
  }

  #mustBeJoined(): void {
    if (!this.#net.hasDht || this.#net.nodes.size < 2 || this.isDead)
      throw new BanyanError('unreachable', 'alone')
  }
}
