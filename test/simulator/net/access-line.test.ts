import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { AccessLine, type LineModel } from '../../../simulator/net/access-line.ts'
import { PacketNetwork } from '../../../simulator/net/packet-network.ts'
import { SimulatedSocket } from '../../../simulator/net/simulated-socket.ts'

/** 1 Mbit/s up: 972 bytes and 28 of headers take 8 ms. */
const LINE: LineModel = { upBitsPerSecond: 1e6, downBitsPerSecond: 8e6, bufferBytes: 20_000, mtuBytes: 1492 }
const PACKET = 972
const PATH_MS = 30

function stage(changes: Partial<LineModel> = {}) {
  const queue = new EventQueue()
  const net = new PacketNetwork(queue, new SeededRandom(3), { delayMs: PATH_MS, jitterMs: 0 })
  const model = { ...LINE, ...changes }
  const line = new AccessLine({ queue, uplink: net, host: '198.18.0.1', model, drops: net.drops })
  const home = SimulatedSocket.open({ host: '198.18.0.1', port: 4000 }, line)
  const server = net.open('198.18.9.1', 1)
  const arrivals = (socket: SimulatedSocket): { bytes: number; atMs: number }[] => {
    const seen: { bytes: number; atMs: number }[] = []
    socket.onDatagram((datagram) => seen.push({ bytes: datagram.length, atMs: queue.nowMs }))
    return seen
  }
  return { queue, net, home, server, atServer: arrivals(server), atHome: arrivals(home) }
}

describe('an access line', () => {
  it('takes its time for every packet, headers included, each way at its own rate', async () => {
    const { queue, home, server, atServer, atHome } = stage()
    home.send(new Uint8Array(PACKET), server.local)
    await queue.runUntil(1000)
    expect(atServer).toEqual([{ bytes: PACKET, atMs: 8 + PATH_MS }])
    server.send(new Uint8Array(PACKET), home.local)
    await queue.runUntil(2000)
    expect(atHome).toEqual([{ bytes: PACKET, atMs: 1000 + PATH_MS + 1 }])
  })

  it('makes small packets wait behind bulk, and an empty line makes nobody wait', async () => {
    const { queue, home, server, atServer } = stage()
    for (let i = 0; i < 10; i++) home.send(new Uint8Array(PACKET), server.local)
    home.send(new Uint8Array(97), server.local)
    await queue.runUntil(1000)
    expect(atServer.at(-1)).toEqual({ bytes: 97, atMs: 10 * 8 + 1 + PATH_MS })
    home.send(new Uint8Array(97), server.local)
    await queue.runUntil(2000)
    expect(atServer.at(-1)).toEqual({ bytes: 97, atMs: 1000 + 1 + PATH_MS })
  })

  it('drops the tail of what its buffer cannot hold, and recovers as it drains', async () => {
    const { queue, net, home, server, atServer } = stage()
    for (let i = 0; i < 30; i++) home.send(new Uint8Array(PACKET), server.local)
    expect(net.drops.snapshot()).toEqual({ 'uplink full': 10 })
    await queue.runUntil(80)
    for (let i = 0; i < 30; i++) home.send(new Uint8Array(PACKET), server.local)
    await queue.runUntil(5000)
    expect(atServer.length).toBe(20 + 10)
    expect(atServer.map(({ atMs }) => atMs)).toEqual(atServer.map((_, i) => 8 * (i + 1) + PATH_MS))
  })

  it('drops silently what is over its MTU', async () => {
    const { queue, net, home, server, atServer, atHome } = stage()
    home.send(new Uint8Array(1492 - 28), server.local)
    home.send(new Uint8Array(1492 - 27), server.local)
    server.send(new Uint8Array(1492 - 27), home.local)
    await queue.runUntil(1000)
    expect([atServer.length, atHome.length]).toEqual([1, 0])
    expect(net.drops.snapshot()).toEqual({ 'over the MTU': 2 })
  })
})
