// Meshes over the shared map: everybody in one hears what the others say, after a delay.

import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { type Id, type NodeId } from '../../../main/overlay/base/id.ts'
import {
  type Meshes,
  type MeshEvents,
  type MeshMessage,
  type MeshView,
} from '../../../main/overlay/ports/meshes.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { type TestNetwork } from './test-network.ts'

export class TestMeshes implements Meshes {
  readonly #net: TestNetwork
  readonly #self: NodeId
  readonly #isOn: () => boolean
  readonly #events = new Map<Id, MeshEvents>()

  constructor(net: TestNetwork, self: NodeId, isOn: () => boolean) {
    this.#net = net
    this.#self = self
    this.#isOn = isOn
  }

  join(mesh: Id, _contacts: readonly PeerRecord[], events: MeshEvents): void {
    this.#events.set(mesh, events)
    const members = this.#net.meshes.get(mesh) ?? new Map<NodeId, TestMeshes>()
    this.#net.meshes.set(mesh, members.set(this.#self, this))
  }

  leave(mesh: Id): void {
    this.#events.delete(mesh)
    this.#net.meshes.get(mesh)?.delete(this.#self)
  }

  broadcast(mesh: Id, payload: Uint8Array): void {
    const members = this.#net.meshes.get(mesh)
    if (!members?.has(this.#self)) throw new BanyanError('not-found', 'a mesh that this node is not in')
    if (!this.#isOn()) return
    const message = { mesh, author: this.#self, payload: Uint8Array.from(payload) }
    for (const [id, member] of members) if (id !== this.#self) this.#net.later(() => member.#hear(message))
  }

  view(mesh: Id): MeshView | undefined {
    const members = this.#net.meshes.get(mesh)
    if (!members?.has(this.#self)) return undefined
    const others = [...members.keys()].filter((id) => id !== this.#self)
    return {
      held: others,
      holders: others,
      eager: others,
      members: others.map((id) => ({ id, joinedMs: 0 })),
      received: 0,
      repeated: 0,
      isAlone: others.length === 0,
    }
  }

  contacts(): PeerRecord[] {
    return []
  }

  #hear(message: MeshMessage): void {
    if (this.#isOn()) this.#events.get(message.mesh)?.message(message)
  }
}
