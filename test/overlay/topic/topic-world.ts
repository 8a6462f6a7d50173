// A topic among some nodes of a modelled world, and what arrives at them.

import { type TopicStatus } from '../../../main/overlay/api.ts'
import { fromUtf8 } from '../../../main/overlay/base/bytes.ts'
import { idFromBytes, type Id } from '../../../main/overlay/base/id.ts'
import { type Link, type Links } from '../../../main/overlay/transport/links.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { TrueRing } from '../../../simulator/links/true-ring.ts'

export function statusOf({ node }: Inhabitant, topic: Id): TopicStatus | undefined {
  return node.status().topics.find(({ id }) => id === topic)
}

export function rootOf(world: ModelledWorld, topic: Id): Inhabitant {
  const id = new TrueRing(world.alive.map(({ identity }) => identity.id)).root(topic)
  return world.alive.find(({ identity }) => identity.id === id)!
}

export async function topicOf(seed: number, nodes: number, members: number) {
  const world = new ModelledWorld({ seed })
  await world.grow(nodes)
  await world.run(10_000)
  const topic = idFromBytes(world.random.bytes(32))
  const subscribed = world.sample(world.alive, members)
  const heard = new Map<Inhabitant, string[]>(subscribed.map((one) => [one, []]))
  for (const [one, texts] of heard) {
    one.node.on({ publication: ({ payload }) => texts.push(fromUtf8(payload)) })
    one.node.subscribe(topic)
  }
  return { world, topic, members: subscribed, heard }
}

/** What arrives at a node of these types is lost, until the function it returns is called. */
export function deafen({ links }: Inhabitant, types: readonly number[]): () => void {
  const door = links as Links & { arrived(link: Link, message: Uint8Array): void }
  const arrived = door.arrived.bind(links)
  door.arrived = (link, message) => (types.includes(message[0]!) ? undefined : arrived(link, message))
  return () => void (door.arrived = arrived)
}

/** From whom messages of that type arrive, one by one. */
export function arrivals({ links }: Inhabitant, type: number): Id[] {
  const from: Id[] = []
  const door = links as Links & { arrived(link: Link, message: Uint8Array): void }
  const arrived = door.arrived.bind(links)
  door.arrived = (link, message) => {
    if (message[0] === type) from.push(link.peer.id)
    arrived(link, message)
  }
  return from
}
