// Finding the first peer, from datagrams up, in virtual time: what is known is tried at once, and again.

import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../main/host/crypto.ts'
import { type Identity } from '../../main/overlay/identity.ts'
import { type Address } from '../../main/overlay/ports/datagram-socket.ts'
import { Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { type DialTarget } from '../../main/overlay/transport/links.ts'
import { SocketNode } from '../../main/socket-node.ts'
import { MemoryStore } from '../../simulator/memory-store.ts'
import { World, testNetwork } from '../overlay/transport/world.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const BOOTSTRAP = '10.0.0.1'

class Town {
  readonly world: World
  readonly sent: { from: string; to: string; bytes: number }[] = []

  constructor(seed: number) {
    this.world = new World(seed, { delayMs: 20 })
    this.world.net.tap((datagram, from, to) =>
      this.sent.push({ from: from.host, to: to.host, bytes: datagram.length }),
    )
  }

  /** `loses`: of what it sends and gets, what never arrives. */
  async node(
    host: string,
    targets: DialTarget[] = [],
    made: { identity?: Identity; store?: MemoryStore; loses?: (to: Address) => boolean } = {},
  ): Promise<{ node: SocketNode; target: DialTarget; identity: Identity; store: MemoryStore }> {
    const { clock, random, net } = this.world
    const identity = made.identity ?? this.world.identity()
    const store = made.store ?? new MemoryStore()
    const socket = net.open(host, 4700)
    const { loses } = made
    if (loses) {
      const send = socket.send.bind(socket)
      Object.assign(socket, {
        send: (datagram: Uint8Array, to: Address) => (loses(to) ? undefined : send(datagram, to)),
      })
    }
    const log = { log: () => undefined }
    const ports = { clock, random, crypto: hostCrypto, log, network: testNetwork, identity }
    const endpoint = new Endpoint({ ...ports, socket })
    const node = new SocketNode(endpoint, { ...ports, store })
    node.addPeers(targets)
    await node.start()
    return {
      node,
      target: { noiseKey: identity.noiseKey.publicKey, addresses: [socket.local] },
      identity,
      store,
    }
  }
}

const isJoined = ({ node }: { node: SocketNode }): boolean => node.status().stage === 'joined'

describe('the first peer', () => {
  it('is found though the first packet to the bootstrap node is lost', async () => {
    const town = new Town(1)
    const bootstrap = await town.node(BOOTSTRAP)
    let lost = 0
    const newcomer = await town.node('10.0.0.2', [bootstrap.target], { loses: () => lost++ === 0 })
    await town.world.run(1_000)
    expect(isJoined(newcomer)).toBe(true)
    expect(lost).toBeGreaterThan(1)
  })

  it('is found within a minute though the bootstrap node was silent for an hour, and was not flooded meanwhile', async () => {
    const town = new Town(2)
    let isSilent = true
    const bootstrap = await town.node(BOOTSTRAP, [], { loses: () => isSilent })
    const newcomer = await town.node('10.0.0.2', [bootstrap.target])
    await town.world.run(HOUR_MS)
    expect(newcomer.node.status()).toMatchObject({ stage: 'alone' })
    const asked = town.sent.filter(({ to }) => to === BOOTSTRAP)
    // a handful of initiations of 1,200 bytes every half minute or so
    expect(asked.length).toBeGreaterThan(100)
    expect(asked.reduce((sum, { bytes }) => sum + bytes, 0) / 3600).toBeLessThan(300)
    isSilent = false
    await town.world.run(MINUTE_MS)
    expect(isJoined(newcomer)).toBe(true)
  })

  it('is whoever answers: the list is silent, a remembered peer, an invitation or the local network is not', async () => {
    for (const way of ['remembered', 'invitation', 'nearby'] as const) {
      const town = new Town(3)
      const silent = {
        noiseKey: town.world.identity().noiseKey.publicKey,
        addresses: [{ host: '10.0.0.9', port: 1 }],
      }
      const friend = await town.node('10.0.0.3')
      const store = new MemoryStore()
      let identity: Identity | undefined
      if (way === 'remembered') {
        const earlier = await town.node('10.0.0.2', [friend.target], { store })
        identity = earlier.identity
        await town.world.run(MINUTE_MS)
        await earlier.node.stop()
      }
      const newcomer = await town.node('10.0.0.4', [silent], { store, ...(identity && { identity }) })
      if (way === 'invitation') newcomer.node.addPeers([friend.target])
      if (way === 'nearby') newcomer.node.addNearby(friend.target)
      await town.world.run(1_000)
      expect(isJoined(newcomer), way).toBe(true)
    }
  })

  it('is looked for in vain without harm where nobody is known, and found when somebody nearby turns up', async () => {
    const town = new Town(4)
    const newcomer = await town.node('10.0.0.2')
    await town.world.run(HOUR_MS)
    expect(town.sent).toEqual([])
    const friend = await town.node('10.0.0.3')
    newcomer.node.addNearby(friend.target)
    await town.world.run(1_000)
    expect([isJoined(newcomer), isJoined(friend)]).toEqual([true, true])
  })
})
