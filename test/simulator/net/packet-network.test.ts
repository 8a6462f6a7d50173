import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { PacketNetwork } from '../../../simulator/net/packet-network.ts'
import { type PathModel } from '../../../simulator/net/path-model.ts'

async function flood(model: Partial<PathModel>, count = 10_000) {
  const queue = new EventQueue()
  const net = new PacketNetwork(queue, new SeededRandom(7), model)
  const [a, b] = [net.open('10.0.0.1'), net.open('10.0.0.2')]
  const arrivals: { number: number; delayMs: number }[] = []
  b.onDatagram((datagram) => {
    const number = new DataView(datagram.buffer).getUint32(0)
    arrivals.push({ number, delayMs: queue.nowMs - number })
  })
  for (let i = 0; i < count; i++) {
    const datagram = new Uint8Array(4)
    new DataView(datagram.buffer).setUint32(0, i)
    queue.at(i, () => a.send(datagram, b.local))
  }
  await queue.runUntil(2 * count)
  const inversions = arrivals.filter(({ number }, i) => i > 0 && number < arrivals[i - 1]!.number).length
  const meanMs = arrivals.reduce((sum, { delayMs }) => sum + delayMs, 0) / arrivals.length
  return {
    arrivals: arrivals.length,
    distinct: new Set(arrivals.map(({ number }) => number)).size,
    inversions,
    meanMs,
  }
}

describe('a path', () => {
  it('delays, and keeps the order of, what it carries', async () => {
    expect(await flood({ delayMs: 30, jitterMs: 0 })).toMatchObject({
      arrivals: 10_000,
      inversions: 0,
      meanMs: 30,
    })
    const jittery = await flood({ delayMs: 30, jitterMs: 0.5 })
    expect(jittery.inversions).toBe(0)
    expect(jittery.meanMs).toBeGreaterThan(29.9)
    expect(jittery.meanMs).toBeLessThan(30.6)
  })

  it('loses, doubles and reorders its shares', async () => {
    const lossy = await flood({ lossRate: 0.3 })
    expect(lossy.arrivals / 10_000).toBeCloseTo(0.7, 1)
    const doubling = await flood({ duplicateRate: 0.2 })
    expect(doubling.arrivals / 10_000).toBeCloseTo(1.2, 1)
    expect(doubling.distinct).toBe(10_000)
    expect((await flood({ reorderRate: 0.1 })).inversions).toBeGreaterThan(500)
  })

  it('drops what is over its MTU, and tells nobody', async () => {
    expect(await flood({ mtuBytes: 28 + 4 }, 1000)).toMatchObject({ arrivals: 1000 })
    expect(await flood({ mtuBytes: 28 + 3 }, 1000)).toMatchObject({ arrivals: 0 })
  })
})

describe('the network', () => {
  it('can be cut one way only', async () => {
    const queue = new EventQueue()
    const net = new PacketNetwork(queue, new SeededRandom(7))
    const [a, b] = [net.open('10.0.0.1'), net.open('10.0.0.2')]
    const heard: string[] = []
    a.onDatagram(() => heard.push('a'))
    b.onDatagram(() => heard.push('b'))
    const talk = async (): Promise<string[]> => {
      a.send(new Uint8Array(1), b.local)
      b.send(new Uint8Array(1), a.local)
      await queue.runUntil(queue.nowMs + 1000)
      return heard.splice(0).sort()
    }
    net.block('10.0.0.1', '10.0.0.2')
    expect(await talk()).toEqual(['a'])
    net.unblock('10.0.0.1', '10.0.0.2')
    expect(await talk()).toEqual(['a', 'b'])
    expect(net.drops.snapshot()).toEqual({ blocked: 1 })
  })

  it('knows each host’s traffic, each pair’s path, and what was sent to nobody', async () => {
    const queue = new EventQueue()
    const survey = (_from: string, to: string) => ({ delayMs: to === '10.0.0.2' ? 10 : 70, jitterMs: 0 })
    const net = new PacketNetwork(queue, new SeededRandom(7), {}, survey)
    const [a, b] = [net.open('10.0.0.1'), net.open('10.0.0.2')]
    const atMs: number[] = []
    a.onDatagram(() => atMs.push(queue.nowMs))
    b.onDatagram(() => {
      atMs.push(queue.nowMs)
      b.send(new Uint8Array(50), a.local)
    })
    a.send(new Uint8Array(100), b.local)
    a.send(new Uint8Array(100), { host: '192.168.1.2', port: 4000 })
    await queue.runUntil(1000)
    expect(atMs).toEqual([10, 80])
    expect(a.traffic).toMatchObject({ sentPackets: 2, sentBytes: 200, receivedPackets: 1, receivedBytes: 50 })
    expect(b.traffic).toMatchObject({ sentPackets: 1, sentBytes: 50, receivedPackets: 1, receivedBytes: 100 })
    expect(net.drops.snapshot()).toEqual({ 'nobody there': 1 })
  })
})
