// Stories of whole nodes on datagrams.

import { describe, expect, it } from 'vitest'
import { EMPTY } from '../../../main/overlay/base/bytes.ts'
import {
  type PacketHost,
  PacketWorld,
  type PacketWorldOptions,
} from '../../../simulator/packets/packet-world.ts'

const OPTIONS: PacketWorldOptions = {
  seed: 21,
  nat: 0.8,
  loss: 0.01,
  jitter: 0.1,
  bootstraps: 2,
  clusters: 0,
  replicaQuotaBytes: 0,
}
const ANSWER = 200

async function grown(nodes: number, changes: Partial<PacketWorldOptions> = {}): Promise<PacketWorld> {
  const world = new PacketWorld({ ...OPTIONS, ...changes })
  await world.grow(nodes)
  await world.run(30_000)
  for (const { node } of world.alive) node.routes.register(ANSWER, { deliver: () => EMPTY })
  return world
}

/** The share of all ordered pairs that reach each other. */
async function reached(world: PacketWorld): Promise<number> {
  let [pairs, delivered] = [0, 0]
  const ask = async (from: PacketHost, to: PacketHost): Promise<void> => {
    pairs++
    await from.node.routes.request(to.id, ANSWER, EMPTY, { timeoutMs: 5000, isExact: true }).then(
      () => delivered++,
      () => undefined,
    )
  }
  for (const from of world.alive) for (const to of world.alive) if (from !== to) void ask(from, to)
  await world.run(15_000)
  return delivered / pairs
}

describe('a world of packets', () => {
  it('every pair of 12 computers reaches each other, and homes have punched holes for one another', async () => {
    const world = await grown(12)
    const homes = world.alive.filter(({ place }) => place.box)
    expect(homes.length).toBeGreaterThan(5)
    const links = homes.flatMap((home) => [...home.links.all()].map(({ peer }) => [home, peer.id] as const))
    const punched = links.filter(([home, id]) => {
      const { place } = world.alive.find((host) => host.id === id)!
      return place.box && place.box !== home.place.box
    })
    expect(punched.length).toBeGreaterThan(homes.length)
    expect(await reached(world)).toBe(1)
    expect(world.errors).toEqual([])
  })

  it('all boxes restart at once: within a keep-alive every home is reached again', async () => {
    const world = await grown(12)
    for (const box of world.town.boxes) box.restart()
    await world.run(60_000)
    expect(await reached(world)).toBeGreaterThan(0.98)
  })

  it('who loses power says nothing more, and the others go on without', async () => {
    const world = await grown(12)
    const victims = world.alive.slice(-3)
    const sent = victims.map(({ place }) => place.socket.traffic.sentPackets)
    await world.kill(victims)
    await world.run(90_000)
    expect(victims.map(({ place }) => place.socket.traffic.sentPackets)).toEqual(sent)
    expect(victims.map(({ node }) => node.pendingTimers)).toEqual([0, 0, 0])
    expect(await reached(world)).toBeGreaterThan(0.98)
  })

  it('a way that is cut in one direction only is gone round', async () => {
    const world = await grown(12, { nat: 0 })
    const [a, b] = world.alive as [PacketHost, PacketHost]
    world.network.block(a.place.socket.local.host, b.place.socket.local.host)
    await world.run(60_000)
    expect(a.links.get(b.id)).toBeUndefined()
    expect(await reached(world)).toBeGreaterThan(0.98)
  })
})
