import { afterEach, describe, expect, it } from 'vitest'
import { hostClock } from '../../main/host/clock.ts'
import { hostCrypto } from '../../main/host/crypto.ts'
import { hostRandom } from '../../main/host/random.ts'
import { leastInterfaceMtu } from '../../main/host/interface-mtu.ts'
import { UdpSocket } from '../../main/host/udp-socket.ts'
import { lendBytes, returnBytes } from '../../main/overlay/base/lent-bytes.ts'
import { searchIdentity } from '../../main/overlay/identity.ts'
import { networkOf } from '../../main/overlay/network.ts'
import { Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { type Link } from '../../main/overlay/transport/links.ts'

const network = networkOf(hostCrypto, 'loopback test', 1)
const toStop: { stop(): Promise<void> }[] = []

async function node(host = '127.0.0.1'): Promise<{ endpoint: Endpoint; socket: UdpSocket }> {
  const socket = await UdpSocket.bind(host, 0)
  const identity = searchIdentity(hostCrypto, hostRandom, network, 1_000)!
  const ports = { clock: hostClock, random: hostRandom, crypto: hostCrypto, log: { log: () => {} } }
  const endpoint = new Endpoint({ socket, network, identity, ...ports })
  endpoint.start()
  toStop.push(endpoint)
  return { endpoint, socket }
}

async function linked(host?: string) {
  const [a, b] = [await node(host), await node(host)]
  const messages = { a: (_message: Uint8Array) => {}, b: (_link: Link, _message: Uint8Array) => {} }
  a.endpoint.on({ up: () => {}, down: () => {}, message: (_link, message) => messages.a(message) })
  b.endpoint.on({ up: () => {}, down: () => {}, message: (link, message) => messages.b(link, message) })
  const { noiseKey, id, addresses } = b.endpoint.self
  const link = await a.endpoint.dial({ noiseKey, id, addresses })
  return { a, b, link, messages }
}

afterEach(async () => {
  for (const endpoint of toStop.splice(0)) await endpoint.stop()
})

describe('a UDP socket', () => {
  it('says that a port is in use', async () => {
    const first = await UdpSocket.bind('127.0.0.1', 0)
    await expect(UdpSocket.bind('127.0.0.1', first.local.port)).rejects.toMatchObject({ code: 'port-in-use' })
    await first.close()
  })

  it('bound to loopback names only that address, and sends nowhere else', async () => {
    const socket = await UdpSocket.bind('127.0.0.1', 0)
    expect(socket.localAddresses()).toEqual([socket.local])
    socket.send(Uint8Array.of(1), { host: '192.0.2.1', port: 9 })
    socket.send(Uint8Array.of(1), { host: '::1', port: 9 })
    socket.send(Uint8Array.of(1), { host: '127.0.0.1', port: 0 })
    await Promise.resolve() // what one turn sends leaves at its end
    expect(socket.failed).toEqual({ 'not-loopback': 1, 'no-ipv6': 1, ERR_SOCKET_BAD_PORT: 1 })
    await socket.close()
    socket.send(Uint8Array.of(1), socket.local) // after the close: nothing, quietly
  })

  it('counts a datagram that is too large for the system, and goes on', async () => {
    const [socket, other] = [await UdpSocket.bind('127.0.0.1', 0), await UdpSocket.bind('127.0.0.1', 0)]
    const arrived = new Promise<number>((resolve) => other.onDatagram(({ length }) => resolve(length)))
    socket.send(new Uint8Array(65_508), other.local)
    socket.send(new Uint8Array(65_507), other.local)
    expect(await arrived).toBe(65_507)
    expect(socket.failed).toEqual({ EMSGSIZE: 1 })
    expect(socket.largestDatagram(other.local)).toBe(65_507)
    await Promise.all([socket.close(), other.close()])
  })

  it('returns what it was lent once the system has it, and not before', async () => {
    const [socket, other] = [await UdpSocket.bind('127.0.0.1', 0), await UdpSocket.bind('127.0.0.1', 0)]
    const lent = new Set<ArrayBufferLike>()
    const rounds = 8
    for (let round = 1; round <= rounds; round++) {
      const arrived = new Promise<Uint8Array>((resolve) =>
        other.onDatagram((datagram) => datagram[0] === round && resolve(datagram.slice())),
      )
      const bytes = lendBytes(60_000).fill(round)
      lent.add(bytes.buffer)
      socket.send(bytes, other.local)
      const meanwhile = lendBytes(60_000).fill(0xff)
      expect(meanwhile.buffer).not.toBe(bytes.buffer)
      expect((await arrived).every((byte) => byte === round)).toBe(true)
      returnBytes(meanwhile)
    }
    expect(lent.size).toBeLessThan(rounds)
    await Promise.all([socket.close(), other.close()])
  })

  it('sends nothing to others that its own links would cut up', async () => {
    const socket = await UdpSocket.bind('0.0.0.0', 0)
    const bytes = socket.largestDatagram({ host: '192.0.2.1', port: 9 })
    expect(bytes).toBe(leastInterfaceMtu() - 28)
    expect(socket.largestDatagram({ host: '2001:db8::1', port: 9 })).toBe(bytes - 20)
    await socket.close()
  })

  it('bound to everything names no internal address', async () => {
    const socket = await UdpSocket.bind('0.0.0.0', 0)
    for (const { host, port } of socket.localAddresses()) {
      expect(host).not.toMatch(/^127\.|:/)
      expect(port).toBe(socket.local.port)
    }
    await socket.close()
  })

  it('sends what is waiting before it closes, and reports each sender', async () => {
    const sockets = await Promise.all(['::', '127.0.0.1', '127.0.0.1'].map((host) => UdpSocket.bind(host, 0)))
    const [receiver, first, second] = sockets as [UdpSocket, UdpSocket, UdpSocket]
    const to = { host: '127.0.0.1', port: receiver.local.port }
    const seen: [number, string, number][] = []
    const done = new Promise<void>((resolve) =>
      receiver.onDatagram(([number], { host, port }) => {
        seen.push([number!, host, port])
        if (seen.length === 4) resolve()
      }),
    )
    for (const number of [1, 2, 3]) first.send(Uint8Array.of(number), to)
    await first.close()
    second.send(Uint8Array.of(4), to)
    await done
    const fromFirst = [1, 2, 3].map((number) => [number, '127.0.0.1', first.local.port])
    expect(seen).toEqual([...fromFirst, [4, '127.0.0.1', second.local.port]])
    for (const socket of [receiver, second]) await socket.close()
  })
})

describe('two endpoints over real UDP on loopback', () => {
  it.each(['127.0.0.1', '::1'])('talk over %s', async (host) => {
    const { link, messages } = await linked(host)
    const arrived = new Promise<Uint8Array>((resolve) => (messages.b = (_link, message) => resolve(message)))
    link.send(Uint8Array.of(1, 2, 3))
    expect(await arrived).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('carry 20,000 messages of 300 bytes in order', async () => {
    const { a, b, link, messages } = await linked()
    const count = 20_000
    const message = new Uint8Array(300)
    const view = new DataView(message.buffer)
    let next = 0
    let outOfOrder = 0
    const done = new Promise<void>((resolve) => {
      messages.b = (_link, received) => {
        if (new DataView(received.buffer).getUint32(0) !== next++) outOfOrder++
        if (next === count) resolve()
      }
    })
    const start = performance.now()
    for (let i = 0; i < count; i++) {
      view.setUint32(0, i)
      link.send(message)
    }
    await done
    const seconds = (performance.now() - start) / 1000
    console.log(
      `${Math.round(count / seconds)} messages/s of 300 bytes`,
      a.endpoint.counters.dropped,
      b.endpoint.counters,
    )
    expect([next, outOfOrder]).toEqual([count, 0])
  })

  it.each([
    ['127.0.0.1', 65_507],
    ['::1', 65_487],
  ])('find that loopback carries all of UDP: %s', async (host, packetBytes) => {
    const { a, link, messages } = await linked(host)
    const count = 800
    let arrived = 0
    const done = new Promise<void>((resolve) => {
      messages.b = () => {
        if (++arrived === count) resolve()
      }
    })
    const start = performance.now()
    let sent = 0
    const next = () => {
      if (sent++ < count) link.send(new Uint8Array(64_000), next)
    }
    for (let i = 0; i < 60; i++) next()
    await done
    const seconds = (performance.now() - start) / 1000
    const session = a.endpoint.get(link.peer.id)!
    console.log(
      `${((count * 0.064) / seconds).toFixed(0)} MB/s, full packets of ${session.figures.packetBytes} bytes`,
    )
    expect(session.figures.packetBytes).toBe(packetBytes)
    expect(a.socket.failed).toEqual({})
  })

  it('answer a ping quickly', async () => {
    const { link, messages } = await linked()
    messages.b = (back, message) => back.send(message)
    const tripsMs: number[] = []
    for (let i = 0; i < 500; i++) {
      const start = performance.now()
      await new Promise<void>((resolve) => {
        messages.a = () => resolve()
        link.send(Uint8Array.of(i))
      })
      tripsMs.push(performance.now() - start)
    }
    tripsMs.sort((x, y) => x - y)
    console.log(`median round trip ${tripsMs[250]!.toFixed(3)} ms, smoothed ${link.rttMs.toFixed(3)} ms`)
    expect(tripsMs.length).toBe(500)
  })
})
