// Members of one mesh over modelled sessions: the mesh's shipped code (main/overlay/mesh/) on each of them, and nothing else of
// a node, so that 10,000 take minutes. A dial is what the terrain allows; who dials what it does not, is told so after the
// transport's time.

import { DropCounts } from '../../main/overlay/base/drop-counts.ts'
import { codeOf } from '../../main/overlay/base/errors.ts'
import { type Id, idFromBytes, type NodeId } from '../../main/overlay/base/id.ts'
import { TimerGroup } from '../../main/overlay/base/timer-group.ts'
import { Identity } from '../../main/overlay/identity.ts'
import { Meshes, type MeshOptions } from '../../main/overlay/mesh/meshes.ts'
import { type MeshMessage } from '../../main/overlay/ports/meshes.ts'
import { type Link } from '../../main/overlay/transport/links.ts'
import { Reader } from '../../main/overlay/wire/codec.ts'
import { type PeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { PeerRecordPool } from '../../main/overlay/wire/peer-record-pool.ts'
import { pauseBeforeJoinMs } from '../growth.ts'
import { KeptErrors } from '../kept-errors.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'
import { VirtualClock } from '../kernel/virtual-clock.ts'
import { WorldLinks } from '../world/world-links.ts'
import { addressOf } from '../world/world-network.ts'
import { type World } from '../world/world.ts'

/** However large the mesh is: a flash crowd. */
const MOST_JOINS_PER_SECOND = 200
const MAX_RECORDS = 1_000_000
/** Of so many members drawn at random the first that it can be linked with. */
const DRAWN = 12
const CONTACTS = 3

export interface MeshMember {
  readonly number: number
  readonly id: NodeId
  readonly links: WorldLinks
  readonly meshes: Meshes
  readonly timers: TimerGroup
  readonly drops: DropCounts
}

export class MeshCrowd {
  readonly world: World
  readonly mesh: Id
  readonly log = new KeptErrors()
  readonly #options: Partial<MeshOptions>
  readonly #clock: VirtualClock
  readonly #records: PeerRecordPool
  readonly #onMessage: (member: MeshMember, message: MeshMessage) => void
  #members: MeshMember[] = []
  #created = 0
  /** Messages sent so far, by type. */
  readonly sent = new Float64Array(256)

  constructor(
    world: World,
    options: Partial<MeshOptions>,
    onMessage: (member: MeshMember, message: MeshMessage) => void,
  ) {
    this.world = world
    this.mesh = idFromBytes(world.random.bytes(32))
    this.#options = options
    this.#onMessage = onMessage
    this.#clock = new VirtualClock(world.queue)
    this.#records = new PeerRecordPool(world.crypto, world.overlayNetwork, MAX_RECORDS)
    world.network.tap((_from, _to, message) => void this.sent[message[0] ?? 0]!++)
  }

  /** Those running, in the order they joined. */
  get alive(): readonly MeshMember[] {
    return this.#members
  }

  /** Joins one after another, each through members that were there before and that it can be linked with: they invited it. */
  async grow(count: number, onProgress?: () => void): Promise<void> {
    while (this.#members.length < count) {
      const size = this.#members.length
      this.join(this.#contacts())
      await this.world.run(pauseBeforeJoinMs(size, MOST_JOINS_PER_SECOND))
      if (size % 64 === 0) onProgress?.()
    }
  }

  #contacts(): PeerRecord[] {
    const { terrain } = this.world.network
    const some = this.world
      .sample(this.#members, DRAWN)
      .filter(({ number }) => terrain.canLink(number, this.#created))
    return some.slice(0, CONTACTS).map(({ links }) => links.self)
  }

  join(contacts: readonly PeerRecord[]): MeshMember {
    const member = this.#create()
    this.#members.push(member)
    const message = (heard: MeshMessage): void => this.#onMessage(member, heard)
    member.meshes.join(this.mesh, contacts, { message })
    return member
  }

  kill(victims: readonly MeshMember[]): void {
    const dead = new Set(victims)
    for (const { links, timers } of victims) {
      links.crash()
      timers.stop()
    }
    this.#members = this.#members.filter((member) => !dead.has(member))
  }

  #create(): MeshMember {
    const { random, crypto, overlayNetwork: network, network: net } = this.world
    const number = this.#created++
    const seeds = { node: random.bytes(32), noise: random.bytes(32) }
    const identity = new Identity(crypto, network, seeds)
    const links = new WorldLinks(net, number, this.#records.shared(identity.selfRecord([addressOf(number)])))
    const timers = new TimerGroup(this.#clock)
    const drops = new DropCounts()
    const around = {
      clock: this.#clock,
      random: new SeededRandom(random.below(2 ** 32)),
      crypto,
      log: this.log,
      network,
      drops,
      timers,
      records: this.#records,
    }
    const reach = (peer: PeerRecord): Promise<Link | undefined> =>
      links.dial(peer).catch((error: unknown) => void drops.count(`dial: ${codeOf(error)}`))
    const meshes = new Meshes(around, { links, nodeKey: identity.nodeKey, reach, options: this.#options })
    const handlers = new Map(meshes.handlers())
    links.on({
      up: () => undefined,
      down: (link) => meshes.linkDown(link.peer.id),
      message: (link, message) => {
        try {
          handlers.get(message[0]!)?.(link, new Reader(message, 1))
        } catch (error) {
          drops.count(`message ${message[0]}: ${codeOf(error)}`)
          if (codeOf(error) === 'internal') this.log.log('error', 'mesh', String(error))
        }
      },
    })
    return { number, id: identity.id, links, meshes, timers, drops }
  }
}
