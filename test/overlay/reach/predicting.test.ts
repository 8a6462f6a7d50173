// A node behind a router that gives every peer another port, one after another, calls one whose router lets in nothing but what
// was sent to: only a port foretold at the moment of the call joins them.

import { describe, expect, it } from 'vitest'
import { portForecast } from '../../../main/overlay/reach/own-candidates.ts'
import { addressesOf, triableWith } from '../../../main/overlay/wire/candidates.ts'
import { type Inhabitant, type Kind, NatStage, pathBetween } from './nat-stage.ts'

const HELP = { helpOthers: true, bytesPerSecond: 1e6, bytesPerMonth: 1e12, circuits: 100 }
const COUNTING: Kind[] = ['symmetric, sequential', 'symmetric, descending']

/** Three public nodes, all volunteers, and somebody who waits for calls behind the router. */
async function stageWith(seed: number, kind: Kind): Promise<{ stage: NatStage; bob: Inhabitant }> {
  const stage = new NatStage(seed)
  for (let i = 0; i < 3; i++) (await stage.join('public')).node.relays!.setHelp(HELP)
  const bob = await stage.join(kind)
  await stage.run(30_000)
  return { stage, bob }
}

describe('a node that has just started', () => {
  it.each(COUNTING.flatMap((kind) => [81, 82, 83].map((seed) => [kind, seed] as const)))(
    'behind a %s router reaches a port-restricted one by prediction (seed %i)',
    async (kind, seed) => {
      const { stage, bob } = await stageWith(seed, 'port-restricted')
      const alice = await stage.arrive(kind)
      await stage.until(() => alice.node.status().stage === 'joined', 5_000)
      expect(alice.node.status().reach!.ipv4.findings).toBeUndefined()
      const card = bob.endpoint.self
      alice.node.keepInTouch(card.id, card)
      bob.node.keepInTouch(alice.node.self.id)
      const anyMs = await stage.until(() => pathBetween(alice, bob) !== 'none', 5_000)
      const directMs = await stage.until(() => pathBetween(alice, bob) === 'direct', 3_000)
      console.log(`${kind}, seed ${seed}: a session after ${anyMs} ms, direct ${directMs} ms later`)
      expect(directMs).toBeDefined()
    },
  )
})

describe('a node that calls several at once', () => {
  it.each([84, 85, 86])(
    'spends no ports on another whose router counts, and reaches the port-restricted one (seed %i)',
    async (seed) => {
      const { stage, bob } = await stageWith(seed, 'port-restricted')
      const others = [await stage.join('symmetric, sequential'), await stage.join('symmetric, sequential')]
      await stage.run(30_000)
      const alice = await stage.arrive('symmetric, sequential')
      await stage.until(() => alice.node.status().stage === 'joined', 5_000)
      for (const { node, endpoint } of [...others, bob]) {
        alice.node.keepInTouch(endpoint.self.id, endpoint.self)
        node.keepInTouch(alice.node.self.id)
      }
      expect(await stage.until(() => pathBetween(alice, bob) === 'direct', 5_000)).toBeDefined()
    },
  )
})

describe('a forecast', () => {
  it('is of no use to who has one, too', () => {
    const look = {
      ports: { kind: 'sequential', delta: 1 },
      last: { host: '198.18.1.1', port: 5_000 },
    } as const
    const hard = { addresses: [look.last], forecast: portForecast(look) }
    expect(triableWith(hard, hard)).toEqual({ addresses: hard.addresses })
    expect(triableWith({ addresses: [] }, hard)).toBe(hard)
  })

  it.each([
    { delta: 1, at: 5_000, first: 4_990, last: 5_011 },
    { delta: -1, at: 5_000, first: 4_989, last: 5_010 },
    { delta: 4, at: 5_000, first: 4_960, last: 5_044 },
    { delta: -2, at: 65_530, first: 65_508, last: 65_534 },
    { delta: 3, at: 5, first: 2, last: 65 },
  ])('of steps of $delta names ports on both sides of the last', ({ delta, at, first, last }) => {
    const look = { ports: { kind: 'sequential', delta }, last: { host: '198.18.1.1', port: at } } as const
    const ports = addressesOf({ addresses: [], forecast: portForecast(look) }).map(({ port }) => port)
    expect([ports[0], ports.at(-1)]).toEqual([first, last])
    expect(ports).toContain(at + delta)
  })

  it.each(['preserving', 'random', 'unknown'] as const)('is not made of %s ports', (kind) => {
    expect(portForecast({ ports: { kind }, last: { host: '198.18.1.1', port: 5_000 } })).toBeUndefined()
  })
})
