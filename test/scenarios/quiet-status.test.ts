// The status of a node tells what a session has counted, and is not sent again whenever a count moves.

import { expect, it } from 'vitest'
import { hostCrypto } from '../../main/host/crypto.ts'
import { Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { SocketNode } from '../../main/socket-node.ts'
import { MemoryStore } from '../../simulator/memory-store.ts'
import { World, testNetwork } from '../overlay/transport/world.ts'

function nodeAt(world: World, host: string) {
  const identity = world.identity()
  const socket = world.net.open(host)
  const { clock, random } = world
  const ports = {
    clock,
    random,
    crypto: hostCrypto,
    log: { log: () => undefined },
    network: testNetwork,
    identity,
  }
  const node = new SocketNode(new Endpoint({ ...ports, socket }), { ...ports, store: new MemoryStore() })
  const { id, noiseKey } = identity
  return { node, target: { id, noiseKey: noiseKey.publicKey, addresses: [socket.local] } }
}

it('a minute of talk changes every figure and sends no status', async () => {
  const world = new World(6)
  const [alice, bob] = [nodeAt(world, '10.0.0.1'), nodeAt(world, '10.0.0.2')]
  bob.node.addPeers([alice.target])
  for (const { node } of [alice, bob]) await node.start()
  await world.run(20_000)
  let statuses = 0
  alice.node.on({ status: () => statuses++ })
  const before = alice.node.status().sessions[0]!.figures!
  for (let i = 0; i < 60; i++) {
    void alice.node.send(bob.target.id, new Uint8Array(3_000))
    await world.run(1_000)
  }
  const after = alice.node.status().sessions[0]!.figures!
  expect(after.sentBytes - before.sentBytes).toBeGreaterThan(180_000)
  expect(after.law).toBe('bbr')
  expect(statuses).toBe(0)
  await world.until(Promise.all([alice.node.stop(), bob.node.stop()]))
})
