// Over real packets, as dials in vain cost nothing in the modelled world.

import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../main/host/crypto.ts'
import { type DialTarget } from '../../main/overlay/transport/links.ts'
import { Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { SocketNode } from '../../main/socket-node.ts'
import { MemoryStore } from '../../simulator/memory-store.ts'
import { testNetwork, World } from '../overlay/transport/world.ts'

interface Inhabitant {
  node: SocketNode
  host: string
  target: DialTarget
}

function inhabitant(world: World, host: string): Inhabitant {
  const identity = world.identity()
  const socket = world.net.open(host)
  const log = { log: () => undefined }
  const { clock, random } = world
  const ports = { clock, random, crypto: hostCrypto, log, network: testNetwork, identity }
  const endpoint = new Endpoint({ ...ports, socket })
  const node = new SocketNode(endpoint, { ...ports, store: new MemoryStore() })
  const target = { id: identity.id, noiseKey: identity.noiseKey.publicKey, addresses: [socket.local] }
  return { node, host, target }
}

async function grown(world: World, count: number): Promise<Inhabitant[]> {
  const all = Array.from({ length: count }, (_, i) => inhabitant(world, `10.0.0.${i + 1}`))
  for (const one of all) {
    if (one !== all[0]) one.node.addPeers([all[0]!.target])
    await one.node.start()
    await world.run(500)
  }
  await world.run(60_000)
  return all
}

function somebodyAway(world: World, number: number): DialTarget {
  const { id, noiseKey } = world.identity()
  const ends = `${number >> 8}.${number & 255}`
  const addresses = [`10.9.${ends}`, `192.168.${ends}`].map((host) => ({ host, port: 9 }))
  return { id, noiseKey: noiseKey.publicKey, addresses }
}

describe('contacts that are away', () => {
  it('300 of them cost under 300 packets at once, and under 2 a second later on', async () => {
    const world = new World(411)
    const me = (await grown(world, 5))[1]!
    let sent = 0
    world.net.tap((_datagram, from) => void (from.host === me.host && sent++))
    for (let i = 0; i < 300; i++) {
      const away = somebodyAway(world, i)
      me.node.keepInTouch(away.id!, away)
    }
    await world.run(10_000)
    expect(sent).toBeLessThan(300)
    await world.run(590_000)
    sent = 0
    await world.run(300_000)
    expect(sent / 300).toBeLessThan(2)
  }, 30_000)

  it('do not keep a contact just added waiting', async () => {
    const world = new World(412)
    const me = (await grown(world, 2))[0]!
    for (let i = 0; i < 100; i++) {
      const away = somebodyAway(world, i)
      me.node.keepInTouch(away.id!, away)
    }
    await world.run(300_000)
    const late = inhabitant(world, '10.0.0.9')
    await late.node.start()
    const ups: string[] = []
    me.node.on({ contactUp: (id) => ups.push(id) })
    me.node.keepInTouch(late.target.id!, late.target)
    await world.run(10_000)
    expect(ups).toEqual([late.target.id])
  }, 30_000)
})

it('two who lost all links, and the only peer they started from, find each other again', async () => {
  const world = new World(413)
  const [first, b, c] = (await grown(world, 3)) as [Inhabitant, Inhabitant, Inhabitant]
  await world.until(first.node.stop())
  world.net.setModel({ lossRate: 1 }, [b.host, c.host])
  await world.run(2 * 3600_000)
  expect([b, c].map(({ node }) => node.status().stage)).toEqual(['alone', 'alone'])
  world.net.setModel({ lossRate: 0 }, [b.host, c.host])
  await world.run(40_000)
  expect([b, c].map(({ node }) => node.status().stage)).toEqual(['joined', 'joined'])
})

it('a node stopped before its start does not start any more', async () => {
  const world = new World(414)
  const { node } = inhabitant(world, '10.0.0.1')
  await node.stop()
  await expect(node.start()).rejects.toMatchObject({ code: 'closed' })
})

it('a node stopped while it starts stays stopped, with no timer left', async () => {
  const world = new World(415)
  const { node } = inhabitant(world, '10.0.0.1')
  const starting = node.start()
  const stopping = node.stop()
  await expect(starting).rejects.toMatchObject({ code: 'closed' })
  await stopping
  expect(node.pendingTimers).toBe(0)
})
