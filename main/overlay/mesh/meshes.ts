// The meshes of one node: which of them a message is for, one heartbeat for all that two nodes share, and what a neighbour may
// cost in all of them together. Start here; mesh.ts is one of them.

import { BanyanError } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type MeshEvents, type Meshes as MeshPort, type MeshView } from '../ports/meshes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { decodeMeshHeartbeat, encodeMeshHeartbeat, MAX_MESHES_PER_HEARTBEAT } from '../wire/mesh-messages.ts'
import { MESSAGE } from '../wire/message-types.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { Mesh, strangerTo } from './mesh.ts'
import { MESH_DEFAULTS, type MeshOptions } from './mesh-options.ts'
import { MeshLimits } from './mesh-limits.ts'

export { type MeshOptions }

/** The messages that begin with the mesh's id. */
const OF_ONE_MESH = [
  MESSAGE.meshSubscribe,
  MESSAGE.meshHello,
  MESSAGE.meshDrop,
  MESSAGE.meshLeave,
  MESSAGE.meshPayload,
  MESSAGE.meshAnnounce,
  MESSAGE.meshPrune,
  MESSAGE.meshGraft,
]

export class Meshes implements MeshPort {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #nodeKey: KeyPair
  readonly #reach: (member: PeerRecord) => Promise<Link | undefined>
  readonly #options: MeshOptions
  readonly #limits: MeshLimits
  readonly #meshes = new LeanMap<Id, Mesh>()
  #isBeating = false

  constructor(
    around: Surroundings,
    parts: {
      links: Links
      nodeKey: KeyPair
      /** A link to a member, by whatever way there is; undefined where there is none now. */
      reach: (member: PeerRecord) => Promise<Link | undefined>
      options?: Partial<MeshOptions> | undefined
    },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#nodeKey = parts.nodeKey
    this.#reach = parts.reach
    this.#options = { ...MESH_DEFAULTS, ...parts.options }
    this.#limits = new MeshLimits(around.clock)
  }

  join(
    mesh: Id,
    contacts: readonly PeerRecord[],
    events: MeshEvents,
    admits: (member: NodeId) => boolean = () => true,
  ): void {
    if (this.#meshes.has(mesh)) return
    const joined = new Mesh(this.#around, {
      mesh,
      links: this.#links,
      nodeKey: this.#nodeKey,
      limits: this.#limits,
      options: this.#options,
      reach: this.#reach,
      contacts,
      events,
      admits,
    })
    this.#meshes.set(mesh, joined)
    joined.start()
    this.#beat()
  }

  leave(mesh: Id): void {
    this.#meshes.get(mesh)?.leave()
    this.#meshes.delete(mesh)
  }

  broadcast(mesh: Id, payload: Uint8Array): void {
    const joined = this.#meshes.get(mesh)
    if (!joined) throw new BanyanError('not-found', 'a mesh that this node is not in')
    joined.broadcast(payload)
  }

  view(mesh: Id): MeshView | undefined {
    return this.#meshes.get(mesh)?.view
  }

  contacts(mesh: Id): PeerRecord[] {
    return this.#meshes.get(mesh)?.contacts ?? []
  }

  /** What is held in memory for a mesh: for tests of what bounds it. */
  holdings(mesh: Id): Mesh['holdings'] | undefined {
    return this.#meshes.get(mesh)?.holdings
  }

  /** A link that a mesh runs over. */
  uses(peer: NodeId): boolean {
    for (const mesh of this.#meshes.values()) if (mesh.has(peer)) return true
    return false
  }

  linkDown(peer: NodeId): void {
    for (const mesh of this.#meshes.values()) mesh.linkDown(peer)
  }

  /** The neighbour is there as before, but may have missed what was on its way over the old link. */
  linkReplaced(peer: NodeId): void {
    for (const mesh of this.#meshes.values()) mesh.linkReplaced(peer)
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [
      ...OF_ONE_MESH.map((type): [number, (link: Link, body: Reader) => void] => [
        type,
        (link, body) => this.#onMessage(type, link, body),
      ]),
      [MESSAGE.meshHeartbeat, (link, body) => this.#onHeartbeat(link, body)],
    ]
  }

  #onMessage(type: number, link: Link, body: Reader): void {
    const id = body.id()
    const mesh = this.#meshes.get(id)
    if (mesh) return mesh.handle(type, link, body)
    // Two that take each other for strangers have nothing more to say.
    if (type !== MESSAGE.meshDrop && type !== MESSAGE.meshLeave) this.#refuse(link, id)
  }

  #onHeartbeat(link: Link, body: Reader): void {
    for (const id of decodeMeshHeartbeat(body)) {
      const mesh = this.#meshes.get(id)
      if (mesh) mesh.handle(MESSAGE.meshHeartbeat, link, body)
      else this.#refuse(link, id)
    }
  }

  #refuse(link: Link, mesh: Id): void {
    if (this.#limits.admitsControl(link.peer.id)) link.send(strangerTo(mesh))
    else this.#around.drops.count('mesh: over the rate limit of its link')
  }

  /** Once there is a mesh, for as long as the node runs. */
  #beat(): void {
    if (this.#isBeating) return
    this.#isBeating = true
    this.#around.timers.every(
      () => this.#options.heartbeatMs * (0.9 + 0.1 * this.#around.random.unit()),
      () => this.#heartbeat(),
    )
  }

  #heartbeat(): void {
    const byPeer = new Map<NodeId, Id[]>()
    for (const [id, mesh] of this.#meshes) {
      mesh.tick()
      for (const { id: peer } of mesh.held()) {
        const meshes = byPeer.get(peer)
        if (meshes) meshes.push(id)
        else byPeer.set(peer, [id])
      }
    }
    for (const [peer, meshes] of byPeer)
      for (let i = 0; i < meshes.length; i += MAX_MESHES_PER_HEARTBEAT)
        this.#links.get(peer)?.send(encodeMeshHeartbeat(meshes.slice(i, i + MAX_MESHES_PER_HEARTBEAT)))
  }
}
