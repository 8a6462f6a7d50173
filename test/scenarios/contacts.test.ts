import { describe, expect, it } from 'vitest'
import { utf8 } from '../../main/overlay/base/bytes.ts'
import { type NodeId } from '../../main/overlay/base/id.ts'
import { mean } from '../../simulator/experiments/statistics.ts'
import { ModelledWorld, targetOf } from '../../simulator/links/modelled-world.ts'

describe('two friends', () => {
  it('find each other again after one came back at another address', async () => {
    const world = new ModelledWorld({ seed: 401 })
    await world.grow(12)
    await world.run(10_000)
    const [alice, bob] = [world.alive[3]!, world.alive[9]!]
    const seen: string[] = []
    alice.node.on({ contactUp: () => seen.push('up'), contactDown: () => seen.push('down') })
    alice.node.keepInTouch(bob.identity.id, targetOf(bob))
    await world.run(1000)
    world.kill([bob])
    await world.run(40_000)
    expect(seen).toEqual(['up', 'down'])
    const back = world.restart(bob)
    await back.node.start()
    await world.run(90_000)
    expect(seen).toEqual(['up', 'down', 'up'])
    expect(await world.finish(alice.node.send(bob.identity.id, utf8('hi')))).toEqual({
      kind: 'delivered',
      via: 'session',
    })
  })

  it('who never met: one finds the other by the record it published', async () => {
    const world = new ModelledWorld({ seed: 402 })
    await world.grow(120)
    await world.run(10_000)
    const bob = world.alive[90]!
    const stale = { ...targetOf(bob), addresses: [{ host: '10.99.0.1', port: 4000 }] }
    const alice = world.alive.find(
      ({ node }) => node !== bob.node && !node.status().sessions.some(({ id }) => id === bob.identity.id),
    )!
    expect(alice).toBeDefined()
    alice.node.keepInTouch(bob.identity.id, stale)
    let isUp = false
    alice.node.on({ contactUp: () => (isUp = true) })
    await world.run(20_000)
    expect(isUp).toBe(true)
  })

  it('who cannot link talk over the ring, and hear when the other is gone', async () => {
    let pair: NodeId[] = []
    const canLink = (a: NodeId, b: NodeId): boolean => !(pair.includes(a) && pair.includes(b))
    const world = new ModelledWorld({ seed: 403, canLink })
    const first = world.add()
    const second = world.add()
    pair = [first.identity.id, second.identity.id]
    const hub = world.add()
    await hub.node.start()
    for (const { node } of [first, second]) {
      node.addPeers([targetOf(hub)])
      await node.start()
    }
    await world.grow(5)
    await world.run(20_000)
    const got: string[] = []
    second.node.on({
      message: (from, payload) => got.push(`${from === first.identity.id} ${payload.length}`),
    })
    const sent = first.node.send(second.identity.id, new Uint8Array(60_000))
    expect(await world.finish(sent)).toEqual({ kind: 'delivered', via: 'route' })
    expect(got).toEqual(['true 60000'])
    world.kill([second])
    await world.run(60_000)
    expect(await world.finish(first.node.send(second.identity.id, utf8('x')))).toMatchObject({
      kind: 'failed',
    })
    expect(world.errors).toEqual([])
  })
})

describe('small networks', () => {
  it('of one: alone, and says why', async () => {
    const world = new ModelledWorld({ seed: 404 })
    const one = world.add()
    one.node.addPeers([{ noiseKey: new Uint8Array(32), addresses: [{ host: '10.99.0.2', port: 1 }] }])
    await one.node.start()
    expect(one.node.status().stage).toBe('joining')
    await world.run(5000)
    expect(one.node.status()).toMatchObject({
      stage: 'alone',
      joinProblem: 'no answer from any of its addresses',
    })
  })

  it('of two: joined on both sides, and again after the other was away', async () => {
    const world = new ModelledWorld({ seed: 405 })
    const [a, b] = [world.add(), world.add()]
    await a.node.start()
    b.node.addPeers([targetOf(a)])
    await b.node.start()
    await world.run(2000)
    expect([a, b].map(({ node }) => node.status().stage)).toEqual(['joined', 'joined'])
    await world.run(4000)
    world.kill([a])
    await world.run(60_000)
    expect(b.node.status().stage).toBe('alone')
    const again = world.restart(a)
    await again.node.start()
    await world.run(35_000)
    expect([again, b].map(({ node }) => node.status().stage)).toEqual(['joined', 'joined'])
    await world.finish(again.node.stop())
    expect(again.node.pendingTimers).toBe(0)
    expect(again.node.status().stage).toBe('stopped')
  })
})

describe('a quiet network of 20', () => {
  /** Which node has the most to do is chance, so the bound on it is for the mean of several networks. */
  it('costs a node about two packets a second behind NATs, sent and received', async () => {
    const rates: number[][] = []
    for (const seed of [406, 407, 408, 409]) {
      const world = new ModelledWorld({ seed })
      await world.grow(20)
      await world.run(120_000)
      const packets = (): number[] =>
        world.alive.map(
          ({ node }) => node.status().traffic.sentPackets + node.status().traffic.receivedPackets,
        )
      const before = packets()
      await world.run(600_000)
      rates.push(packets().map((count, i) => (count - before[i]!) / 600))
    }
    expect(mean(rates.flat())).toBeLessThan(2.05)
    expect(mean(rates.map((perSecond) => Math.max(...perSecond)))).toBeLessThan(2.2)
  })

  it('finds a dead neighbour within about ten seconds (seed 406)', async () => {
    const world = new ModelledWorld({ seed: 406 })
    await world.grow(20)
    await world.run(720_000)
    const victim = world.alive[7]!
    const below = world.alive.find(({ node }) => node.leafSet.above[0] === victim.identity.id)!
    world.kill([victim])
    await world.run(12_500)
    expect(below.node.leafSet.above).not.toContain(victim.identity.id)
  })
})

it('the same seed twice gives the same trace', async () => {
  const traces: string[] = []
  for (let run = 0; run < 2; run++) {
    const world = new ModelledWorld({ seed: 407 })
    await world.grow(15)
    for (const { node } of world.alive.slice(0, 7)) node.subscribe(world.alive[0]!.identity.id)
    await world.run(30_000)
    world.kill(world.sample(world.alive, 3))
    await world.run(60_000)
    traces.push(world.network.trace)
  }
  expect(traces[0]).toBe(traces[1])
})
