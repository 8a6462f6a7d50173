// A room for the mesh's stories: whole nodes over modelled sessions, of which some join one mesh.

import { idFromBytes, type Id, type NodeId } from '../../../main/overlay/base/id.ts'
import { type Bytes, fromUtf8, utf8 } from '../../../main/overlay/base/bytes.ts'
import { type MeshOptions } from '../../../main/overlay/mesh/meshes.ts'
import { type MeshView } from '../../../main/overlay/ports/meshes.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { decodeMeshAnnounce } from '../../../main/overlay/wire/mesh-messages.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'

/** Behind the type and the mesh. */
export const MESH_FIELDS_AT = 33

type Told = ReturnType<typeof decodeMeshAnnounce> & { from: NodeId }

export class Room {
  readonly world: ModelledWorld
  readonly mesh: Id
  /** What each has heard, in order of arrival, as "author's number: text". */
  readonly heard = new Map<Inhabitant, string[]>()
  /** "joined 3", "left 3". */
  readonly news = new Map<Inhabitant, string[]>()

  private constructor(world: ModelledWorld) {
    this.world = world
    this.mesh = idFromBytes(world.random.bytes(32))
  }

  static async of(seed: number, nodes: number, mesh: Partial<MeshOptions> = {}): Promise<Room> {
    const world = new ModelledWorld({ seed, node: { mesh, replicaQuotaBytes: 0 } })
    await world.grow(nodes)
    await world.run(10_000)
    return new Room(world)
  }

  join(one: Inhabitant, through: readonly Inhabitant[], admits?: (member: NodeId) => boolean): void {
    const heard: string[] = this.heard.get(one) ?? []
    const news: string[] = this.news.get(one) ?? []
    this.heard.set(one, heard)
    this.news.set(one, news)
    const contacts = through.map(({ links }) => links.self)
    const events = {
      message: ({ author, payload }: { author: NodeId; payload: Uint8Array }): void =>
        void heard.push(`${this.numberOf(author)}: ${fromUtf8(payload)}`),
      joined: (member: NodeId): void => void news.push(`joined ${this.numberOf(member)}`),
      left: (member: NodeId): void => void news.push(`left ${this.numberOf(member)}`),
    }
    one.node.meshes.join(this.mesh, contacts, events, admits)
  }

  /** One after another, each through the one before it. */
  async joinAll(members: readonly Inhabitant[]): Promise<void> {
    for (const [i, one] of members.entries()) {
      this.join(one, i === 0 ? [] : [members[i - 1]!])
      await this.world.run(1000)
    }
    await this.world.run(10_000)
  }

  say(one: Inhabitant, text: string): void {
    one.node.meshes.broadcast(this.mesh, utf8(text))
  }

  /** What comes to it over its links from now on, before its node reads it. */
  overhear(one: Inhabitant, hear: (link: Link, message: Bytes) => void): void {
    this.loseTo(one, (link, message) => {
      hear(link, message)
      return false
    })
  }

  /** What is lost on its way to it from now on. */
  loseTo(one: Inhabitant, isLost: (link: Link, message: Bytes) => boolean): void {
    const links = one.links as unknown as { arrived(link: Link, message: Bytes): void }
    const arrived = links.arrived.bind(links)
    links.arrived = (link, message) => {
      if (!isLost(link, message)) arrived(link, message)
    }
  }

  /** The announcements that come to it from now on, each with who sent it. */
  announcements(one: Inhabitant): Told[] {
    const told: Told[] = []
    this.overhear(one, (link, message) => {
      if (message[0] !== MESSAGE.meshAnnounce) return
      told.push({ from: link.peer.id, ...decodeMeshAnnounce(new Reader(message, MESH_FIELDS_AT)) })
    })
    return told
  }

  view(one: Inhabitant): MeshView {
    return one.node.meshes.view(this.mesh)!
  }

  numberOf(id: NodeId): number {
    return this.world.inhabitants.find(({ identity }) => identity.id === id)!.number
  }
}
