// The node on a real computer: what it says before it starts, and what it leaves behind.

import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { hostClock } from '../main/host/clock.ts'
import { hostCrypto } from '../main/host/crypto.ts'
import { hostRandom } from '../main/host/random.ts'
import { UdpSocket } from '../main/host/udp-socket.ts'
import { HostedNode } from '../main/hosted-node.ts'
import { NetworkSwitches } from '../main/network-switches.ts'
import { Identity } from '../main/overlay/identity.ts'
import { networkOf } from '../main/overlay/network.ts'
import { type Address } from '../main/overlay/ports/datagram-socket.ts'
import { ReachSocket } from '../main/overlay/reach/reach-socket.ts'
import { CarriedSocket } from '../main/overlay/relay/carried-socket.ts'
import { Endpoint } from '../main/overlay/transport/endpoint.ts'
import { MemoryStore } from '../simulator/memory-store.ts'

async function nodeWith(metrics: Address | undefined) {
  const network = networkOf(hostCrypto, 'hosted', 0)
  const log = { log: () => undefined }
  const ports = { clock: hostClock, random: hostRandom, crypto: hostCrypto, log, network }
  const seeds = { node: hostRandom.bytes(32), noise: hostRandom.bytes(32) }
  const identity = new Identity(hostCrypto, network, seeds)
  const reached = new ReachSocket(await UdpSocket.bind('127.0.0.1', 0), hostClock)
  const carried = new CarriedSocket(reached, hostClock)
  const endpoint = new Endpoint({ ...ports, identity, socket: carried })
  let starts = 0
  const start = endpoint.start.bind(endpoint)
  endpoint.start = () => (starts++, start())
  const switches = new NetworkSwitches({ portMapping: false, lan: false })
  const sockets = { reached, carried, openSocket: undefined }
  const node = new HostedNode(endpoint, {
    ...ports,
    identity,
    store: new MemoryStore(),
    sockets,
    switches,
    metrics,
  })
  return { node, starts: () => starts }
}

it('says that the port for its figures is taken before it calls anybody', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const { node, starts } = await nodeWith({ host: '127.0.0.1', port })
  await expect(node.start()).rejects.toMatchObject({ code: 'port-in-use' })
  expect(starts()).toBe(0)
  await node.stop()
  other.close()
})

it('starts and stops where the port is free', async () => {
  const { node, starts } = await nodeWith({ host: '127.0.0.1', port: 0 })
  await node.start()
  expect(starts()).toBe(1)
  await node.stop()
})
