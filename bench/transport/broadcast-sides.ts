// One process with a room of nodes that all hear what each of them says, over loopback; once Banyan's mesh, once libp2p's
// GossipSub, each with what its users get: signed messages, encrypted links, its own upkeep in the count.

import { setTimeout as sleep } from 'node:timers/promises'
import { idFromBytes } from '../../main/overlay/base/id.ts'
import { hostRandom } from '../../main/host/random.ts'
import { type MeshView } from '../../main/overlay/ports/meshes.ts'
import { eventually, startCrowd } from '../../test/drive/node-crowd.ts'
import { scratchFolder } from '../../test/drive/scratch-folder.ts'
import { type Libp2p, startLibp2p } from './libp2p-stream.ts'
import { cpuSecondsSince, type Starter } from './measured-process.ts'
import { loadPeer } from './peer-packages.ts'

export interface BroadcastTask {
  nodes: number
  /** To form the tree, or the mesh. */
  warmUp: number
  messages: number
  everyMs: number
  bytes: number
}

export interface BroadcastResult {
  cpuSeconds: number
  /** First hearings by others than the author. */
  deliveries: number
  /** Messages that came over a link, repeats among them. */
  copies: number
}

/** A room that is up: each call is one member's message. */
interface BroadcastRoom {
  say(member: number, payload: Uint8Array): void
  counts(): { deliveries: number; copies: number }
}

const SETTLE_MS = 3_000
const LAST_MS = 20_000
/** Chosen: what a member of so small a room has, once it was taken up by its contact. */
const LEAST_NEIGHBOURS = 4
const TOPIC = 'room'

export async function banyanBroadcast(task: BroadcastTask, starter: Starter): Promise<void> {
  const scratch = scratchFolder('bench-broadcast')
  process.once('exit', () => scratch.remove())
  const { nodes } = await startCrowd(scratch.at('crowd'), task.nodes)
  const mesh = idFromBytes(hostRandom.bytes(32))
  let deliveries = 0
  for (const [i, { node }] of nodes.entries()) {
    const contacts = i === 0 ? [] : [nodes[0]!.endpoint.self]
    node.meshes.join(mesh, contacts, { message: () => void deliveries++ })
    await sleep(100)
  }
  const views = (): (MeshView | undefined)[] => nodes.map(({ node }) => node.meshes.view(mesh))
  const isIn = (view: MeshView | undefined): boolean =>
    new Set([...view!.held, ...view!.holders]).size >= LEAST_NEIGHBOURS
  await eventually(() => views().every(isIn), 60_000, 'the room did not form')
  const copies = (): number => views().reduce((sum, view) => sum + view!.received, 0)
  await measure(task, starter, {
    say: (member, payload) => nodes[member]!.node.meshes.broadcast(mesh, payload),
    counts: () => ({ deliveries, copies: copies() }),
  })
}

interface GossipSub {
  subscribe(topic: string): void
  publish(topic: string, data: Uint8Array): Promise<unknown>
  getMeshPeers(topic: string): string[]
  addEventListener(event: 'gossipsub:message', listener: () => void): void
  /** Sees every message that came, before repeats are told apart. */
  handleReceivedMessage(from: unknown, message: unknown): Promise<void>
}

/** As its makers set it up; each node has a connection to all others, and the protocol picks its mesh among them. */
export async function gossipsubBroadcast(task: BroadcastTask, starter: Starter): Promise<void> {
  const { gossipsub } = await loadPeer<{ gossipsub(options: object): unknown }>('@libp2p/gossipsub')
  const { identify } = await loadPeer<{ identify(): unknown }>('@libp2p/identify')
  // All come from one address here, which its limits against strangers would take for an attack.
  const scoreParams = { IPColocationFactorWeight: 0 }
  const services = { identify: identify(), pubsub: gossipsub({ scoreParams }) }
  const connectionManager = { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 1000 }
  const nodes: (Libp2p & { services: { pubsub: GossipSub } })[] = []
  for (let i = 0; i < task.nodes; i++)
    nodes.push(
      (await startLibp2p(['/ip4/127.0.0.1/tcp/0'], { services, connectionManager })) as (typeof nodes)[0],
    )
  let [deliveries, copies] = [0, 0]
  for (const { services } of nodes) {
    const { pubsub } = services
    const handle = pubsub.handleReceivedMessage.bind(pubsub)
    pubsub.handleReceivedMessage = (from, message) => {
      copies++
      return handle(from, message)
    }
    pubsub.addEventListener('gossipsub:message', () => void deliveries++)
  }
  for (const [i, node] of nodes.entries())
    for (const other of nodes.slice(0, i)) await node.dial(other.getMultiaddrs()[0])
  // All at once: one after another, the last would find all meshes full, and be kept away from them for a minute.
  for (const { services } of nodes) services.pubsub.subscribe(TOPIC)
  const meshes = (): number[] => nodes.map(({ services }) => services.pubsub.getMeshPeers(TOPIC).length)
  await eventually(
    () => meshes().every((peers) => peers >= LEAST_NEIGHBOURS),
    60_000,
    'GossipSub formed no mesh',
  )
  await measure(task, starter, {
    say: (member, payload) => void nodes[member]!.services.pubsub.publish(TOPIC, payload),
    counts: () => ({ deliveries, copies }),
  })
}

async function measure(task: BroadcastTask, starter: Starter, room: BroadcastRoom): Promise<void> {
  await sleep(SETTLE_MS)
  await saySome(task, room, task.warmUp)
  const before = room.counts()
  const startCpu = process.cpuUsage()
  await saySome(task, room, task.messages)
  const cpuSeconds = cpuSecondsSince(startCpu)
  const after = room.counts()
  const deliveries = after.deliveries - before.deliveries
  starter.post({ cpuSeconds, deliveries, copies: after.copies - before.copies } satisfies BroadcastResult)
}

/** Each in turn, until all have heard all. */
async function saySome({ nodes, everyMs, bytes }: BroadcastTask, room: BroadcastRoom, count: number) {
  const { deliveries } = room.counts()
  const expected = deliveries + count * (nodes - 1)
  for (let i = 0; i < count; i++) {
    room.say(i % nodes, hostRandom.bytes(bytes))
    await sleep(everyMs)
  }
  await eventually(() => room.counts().deliveries >= expected, LAST_MS, 'a message was not heard by all')
}
