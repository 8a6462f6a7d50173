// One mesh: its members' views (membership.ts), the tree that broadcasts take (broadcast-tree.ts), and what both say to the
// application. What is broadcast is of three kinds:
//
//   kind 1 | payload        the application's
//   kind 2 | join           the author has joined (wire/mesh-join.ts): so every member sees every join
//   kind 3                  the author leaves

import { type Bytes, concat, EMPTY } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type MeshEvents, type MeshView } from '../ports/meshes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { Reader, Writer } from '../wire/codec.ts'
import { readMeshJoin, verifyMeshJoin, writeMeshJoin } from '../wire/mesh-join.ts'
import { DROP_REASON, encodeMeshDrop, MAX_BROADCAST_BYTES } from '../wire/mesh-messages.ts'
import { MESSAGE } from '../wire/message-types.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { BroadcastTree } from './broadcast-tree.ts'
import { KnownMembers } from './known-members.ts'
import { Membership } from './membership.ts'
import { type MeshLimits } from './mesh-limits.ts'
import { type MeshOptions } from './mesh-options.ts'
import { type Neighbour, View } from './view.ts'

const KIND = { message: 1, joined: 2, left: 3 } as const

export interface MeshParts {
  mesh: Id
  links: Links
  nodeKey: KeyPair
  limits: MeshLimits
  options: MeshOptions
  reach: (member: PeerRecord) => Promise<Link | undefined>
  contacts: readonly PeerRecord[]
  events: MeshEvents
  admits: (member: NodeId) => boolean
}

export class Mesh {
  readonly #around: Surroundings
  readonly #parts: MeshParts
  readonly #view = new View()
  readonly #members: KnownMembers
  readonly #membership: Membership
  readonly #tree: BroadcastTree
  #isAnnounced = false

  constructor(around: Surroundings, parts: MeshParts) {
    this.#around = around
    this.#parts = parts
    this.#members = new KnownMembers(around.clock)
    this.#tree = new BroadcastTree(around, {
      ...parts,
      view: this.#view,
      deliver: (author, body, number) => this.#deliver(author, body, number),
      expel: (peer) => this.#membership.expel(peer),
    })
    this.#membership = new Membership(
      around,
      {
        ...parts,
        view: this.#view,
        members: this.#members,
        onUp: (neighbour) => this.#onUp(neighbour),
        onDown: (peer, wasEager) => this.#onDown(peer, wasEager),
        onJoinSeen: (member) => this.#tell('joined', () => parts.events.joined?.(member)),
        onLeaveSeen: (member) => this.#tell('left', () => parts.events.left?.(member)),
      },
      parts.contacts,
    )
  }

  start(): void {
    this.#membership.start()
  }

  leave(): void {
    if (this.#parts.options.areJoinsBroadcast) this.#publish(KIND.left, EMPTY)
    this.#tree.stop()
    this.#membership.leave()
  }

  /** Errors: too-large. */
  broadcast(payload: Uint8Array): void {
    if (payload.length >= MAX_BROADCAST_BYTES) throw new BanyanError('too-large', 'a broadcast past 64 KiB')
    this.#publish(KIND.message, payload)
  }

  get view(): MeshView {
    const neighbours = [...this.#view.all()]
    const idsOf = (is: (neighbour: Neighbour) => boolean): NodeId[] =>
      neighbours.filter(is).map(({ id }) => id)
    return {
      held: idsOf(({ isHeld }) => isHeld),
      holders: idsOf(({ holdsUs }) => holdsUs),
      eager: idsOf(({ isEager }) => isEager),
      members: this.#members.list(),
      ...this.#tree.counts,
      isAlone: neighbours.length === 0,
    }
  }

  /** Neighbours first. */
  get contacts(): PeerRecord[] {
    const records = [...this.#view.all()].map(({ join }) => join.member)
    return [...records, ...this.#members.records().filter(({ id }) => !this.#view.has(id))]
  }

  get holdings(): BroadcastTree['holdings'] {
    return this.#tree.holdings
  }

  has(peer: NodeId): boolean {
    return this.#view.has(peer)
  }

  /** Whom to tell that they are held. */
  held(): readonly Neighbour[] {
    return this.#view.held()
  }

  tick(): void {
    this.#membership.tick()
  }

  linkDown(peer: NodeId): void {
    this.#membership.linkDown(peer)
  }

  linkReplaced(peer: NodeId): void {
    this.#tree.linkReplaced(peer)
  }

  /** A message of a neighbour, or of somebody who would be one, behind the mesh's id. Errors: those of its decoder. */
  handle(type: number, link: Link, body: Reader): void {
    if (type === MESSAGE.meshSubscribe) return this.#membership.onSubscribe(link, body)
    if (type !== MESSAGE.meshPayload && type !== MESSAGE.meshAnnounce && !this.#admitsControl(link)) return
    if (type === MESSAGE.meshHello) return this.#membership.onHello(link, body)
    if (type === MESSAGE.meshDrop) return this.#membership.onDrop(link, body)
    if (type === MESSAGE.meshLeave) return this.#membership.onLeave(link, body)
    if (type === MESSAGE.meshHeartbeat) return this.#membership.onHeartbeat(link)
    const neighbour = this.#view.get(link.peer.id)
    if (!neighbour) return this.#around.drops.count('mesh: not from a neighbour')
    if (type === MESSAGE.meshPayload) this.#tree.onPayload(neighbour, body)
    else if (type === MESSAGE.meshAnnounce) this.#tree.onAnnounce(neighbour, body)
    else if (type === MESSAGE.meshPrune) this.#tree.onPrune(neighbour, body)
    else this.#tree.onGraft(neighbour, body)
  }

  #admitsControl({ peer }: Link): boolean {
    if (this.#parts.limits.admitsControl(peer.id)) return true
    this.#around.drops.count('mesh: over the rate limit of its link')
    return false
  }

  #onUp(neighbour: Neighbour): void {
    this.#tree.up(neighbour)
    if (!this.#isAnnounced && this.#parts.options.areJoinsBroadcast) {
      this.#isAnnounced = true
      this.#publish(KIND.joined, writeMeshJoin(new Writer(), this.#membership.join).finish())
    }
    this.#tell('changed', () => this.#parts.events.changed?.())
  }

  #onDown(peer: NodeId, wasEager: boolean): void {
    this.#tree.down(peer, wasEager)
    this.#tell('changed', () => this.#parts.events.changed?.())
  }

  #publish(kind: number, payload: Uint8Array): void {
    this.#tree.publish(concat(Uint8Array.of(kind), payload))
  }

  #deliver(author: NodeId, body: Bytes, number: number): void {
    const { mesh, events } = this.#parts
    const kind = body[0]
    const payload = body.subarray(1) as Bytes
    if (kind === KIND.message) return this.#tell('message', () => events.message({ mesh, author, payload }))
    if (kind === KIND.joined) return this.#joined(author, payload)
    if (kind !== KIND.left) return this.#around.drops.count('mesh broadcast: of an unknown kind')
    if (this.#members.left(author, number)) this.#tell('left', () => events.left?.(author))
  }

  #joined(author: NodeId, payload: Bytes): void {
    const { mesh, events } = this.#parts
    try {
      const join = readMeshJoin(new Reader(payload), this.#around)
      if (join.member.id !== author) throw new BanyanError('refused', 'the join of another')
      verifyMeshJoin(this.#around, mesh, join)
      if (this.#members.joined(join) === 'new') this.#tell('joined', () => events.joined?.(author))
    } catch (error) {
      this.#around.drops.count(`mesh join: ${codeOf(error)}`)
    }
  }

  /** What the application does with it is its own affair, and no fault of the neighbour's. */
  #tell(what: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#around.log.log('error', 'mesh', `listener of ${what}: ${String(error)}`)
    }
  }
}

/** To whom sends something of a mesh that this node is not in. */
export function strangerTo(mesh: Id): Bytes {
  return encodeMeshDrop(mesh, DROP_REASON.stranger)
}
