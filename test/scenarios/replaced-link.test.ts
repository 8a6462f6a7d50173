// The path between two people is cut for three seconds while one of them publishes. One side finds the silence first and
// dials again, so the other sees no death at all, only a newer link. What was under way on the old one must still arrive.

import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../main/host/crypto.ts'
import { fromUtf8, utf8 } from '../../main/overlay/base/bytes.ts'
import { type Id, compareDistance, idFromBytes } from '../../main/overlay/base/id.ts'
import { Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { type DialTarget } from '../../main/overlay/transport/links.ts'
import { SocketNode } from '../../main/socket-node.ts'
import { MemoryStore } from '../../simulator/memory-store.ts'
import { World, testNetwork } from '../overlay/transport/world.ts'

const HOSTS: [string, string] = ['10.0.0.1', '10.0.0.2']
const CUT_MS = 3100

describe('a link that is replaced', () => {
  it.each([2000, 2500, 2900])('loses no publication made %i ms after the path was cut', async (gapMs) => {
    const world = new World(5)
    const [alice, bob] = [nodeAt(world, HOSTS[0]), nodeAt(world, HOSTS[1])]
    bob.node.addPeers([alice.target])
    await alice.node.start()
    await bob.node.start()
    alice.node.keepInTouch(bob.target.id, bob.target)
    bob.node.keepInTouch(alice.target.id, alice.target)
    const heard: string[] = []
    bob.node.on({ publication: ({ payload }) => heard.push(fromUtf8(payload)) })
    await world.run(5_000)
    const topic = topicAt(alice.target.id, bob.target.id)
    for (const { node } of [alice, bob]) node.subscribe(topic)
    await world.run(15_000)
    await world.until(alice.node.publish(topic, utf8('one')))
    await world.run(1_000)

    world.net.setModel({ lossRate: 1 }, HOSTS)
    void bob.node.send(alice.target.id, utf8('so that something waits for an answer'))
    await world.run(gapMs)
    await world.until(alice.node.publish(topic, utf8('two')))
    await world.run(CUT_MS - gapMs)
    world.net.setModel({ lossRate: 0 }, HOSTS)
    await world.run(60_000)
    expect(heard).toEqual(['one', 'two'])
    await Promise.all([alice.node.stop(), bob.node.stop()])
  })
})

function nodeAt(world: World, host: string): { node: SocketNode; target: DialTarget & { id: Id } } {
  const identity = world.identity()
  const socket = world.net.open(host)
  const log = { log: () => undefined }
  const ports = {
    clock: world.clock,
    random: world.random,
    crypto: hostCrypto,
    log,
    network: testNetwork,
    identity,
  }
  const node = new SocketNode(new Endpoint({ ...ports, socket }), { ...ports, store: new MemoryStore() })
  return {
    node,
    target: { id: identity.id, noiseKey: identity.noiseKey.publicKey, addresses: [socket.local] },
  }
}

/** A topic whose root is the first of two nodes. */
function topicAt(root: Id, other: Id): Id {
  for (let n = 0; ; n++) {
    const topic = idFromBytes(hostCrypto.hash(utf8(`topic ${n}`)))
    if (compareDistance(topic, root, other) < 0) return topic
  }
}
