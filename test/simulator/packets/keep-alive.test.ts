// Idle sessions through boxes that forget. The transport's keep-alive behind NAT is 25 s: most boxes remember longer.

import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Identity, searchIdentity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { formatAddress } from '../../../main/overlay/ports/datagram-socket.ts'
import { Endpoint } from '../../../main/overlay/transport/endpoint.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { type NatBehaviour } from '../../../simulator/net/nat-behaviour.ts'
import { type NatBox } from '../../../simulator/net/nat-box.ts'
import { type SimulatedSocket } from '../../../simulator/net/simulated-socket.ts'
import { NatStage } from '../net/nat-stage.ts'

const TEXT = Uint8Array.of(1, 2, 3)
const network = networkOf(hostCrypto, 'test', 0)

interface Node {
  endpoint: Endpoint
  identity: Identity
  socket: SimulatedSocket
  story: string[]
  received: number
}

/** Alice at home has called a server, and both have been silent since. */
class IdleSession {
  readonly stage = new NatStage()
  readonly random = new SeededRandom(8)
  readonly box: NatBox
  readonly alice: Node
  readonly server: Node
  readonly seenAt: string[] = []

  private constructor(behaviour: Partial<NatBehaviour>) {
    // Any other port than before, so that a forgotten binding shows.
    const strict = { portAssignment: 'random', filtering: 'address-and-port-dependent' } as const
    this.box = this.stage.box({ ...strict, ...behaviour })
    this.alice = this.#node(this.stage.computer('192.168.1.2', 4000, this.box).socket)
    this.server = this.#node(this.stage.net.open('198.18.9.1', 1))
  }

  static async begin(behaviour: Partial<NatBehaviour>): Promise<IdleSession> {
    const session = new IdleSession(behaviour)
    await session.call()
    return session
  }

  async call(): Promise<void> {
    const { identity, socket } = this.server
    void this.alice.endpoint.dial({ noiseKey: identity.noiseKey.publicKey, addresses: [socket.local] })
    await this.wait(1)
  }

  get fromServer(): Link {
    return this.server.endpoint.get(this.alice.identity.id)!
  }

  async wait(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await this.stage.wait(1000)
      const address = this.server.endpoint.get(this.alice.identity.id)?.address
      if (address && this.seenAt.at(-1) !== formatAddress(address)) this.seenAt.push(formatAddress(address))
    }
  }

  #node(socket: SimulatedSocket): Node {
    const identity = searchIdentity(hostCrypto, this.random, network, 1)!
    const endpoint = new Endpoint({
      socket,
      identity,
      network,
      clock: new VirtualClock(this.stage.queue),
      random: this.random,
      crypto: hostCrypto,
      log: { log: () => undefined },
    })
    const node: Node = { endpoint, identity, socket, story: [], received: 0 }
    endpoint.on({
      up: () => node.story.push('up'),
      down: (_link, reason) => node.story.push(`down: ${reason}`),
      message: () => node.received++,
    })
    endpoint.start()
    return node
  }
}

describe('a session idle behind a box that forgets', () => {
  it.each([120_000, 30_000])(
    'after %i ms (later than the keep-alive) stays, at one address, open to both',
    async (bindingTimeoutMs) => {
      const session = await IdleSession.begin({ bindingTimeoutMs })
      const { alice, server } = session
      await session.wait(600)
      for (let i = 0; i < 30; i++) {
        session.fromServer.send(TEXT)
        await session.wait(31)
      }
      expect([alice.story, server.story]).toEqual([['up'], ['up']])
      expect(alice.received).toBe(30)
      expect(session.seenAt.length).toBe(1)
    },
  )

  it('after 20 s (before the keep-alive) stays, and moves with every new binding', async () => {
    const session = await IdleSession.begin({ bindingTimeoutMs: 20_000 })
    const { alice, server } = session
    await session.wait(300)
    expect([alice.story, server.story]).toEqual([['up'], ['up']])
    expect(session.seenAt.length).toBeGreaterThanOrEqual(8)
    alice.endpoint.get(server.identity.id)!.send(TEXT)
    await session.wait(1)
    session.fromServer.send(TEXT)
    await session.wait(1)
    expect([alice.received, server.received]).toEqual([1, 1])
  })

  it('what the server sends into the gap arrives with the next keep-alive, where that is not far', async () => {
    const session = await IdleSession.begin({ bindingTimeoutMs: 20_000 })
    const { alice, server } = session
    await session.wait(22)
    session.fromServer.send(TEXT)
    await session.wait(1)
    expect(alice.received).toBe(0)
    await session.wait(3)
    expect(alice.received).toBe(1)
    expect([alice.story, server.story]).toEqual([['up'], ['up']])
    expect(session.seenAt.length).toBe(2)
  })

  it('the server gives up where it is far; the home learns of it by its keep-alive, and may call again', async () => {
    const session = await IdleSession.begin({ bindingTimeoutMs: 10_000 })
    const { alice, server } = session
    await session.wait(15)
    session.fromServer.send(TEXT)
    await session.wait(5)
    expect([alice.story, server.story]).toEqual([['up'], ['up', 'down: silent']])
    await session.wait(15)
    expect(alice.story).toEqual(['up', 'down: silent'])
    await session.call()
    expect([alice.story, server.story].map((story) => story.at(-1))).toEqual(['up', 'up'])
  })

  it('survives a restart of the box', async () => {
    const session = await IdleSession.begin({ bindingTimeoutMs: 120_000 })
    const { alice, server } = session
    await session.wait(10)
    session.box.restart()
    await session.wait(20)
    session.fromServer.send(TEXT)
    await session.wait(1)
    expect(alice.received).toBe(1)
    expect([alice.story, server.story]).toEqual([['up'], ['up']])
    expect(session.seenAt.length).toBe(2)
  })
})
