import { expect, it } from 'vitest'
import { THOROUGH } from '../../../main/overlay/dht/redundancy.ts'
import { type NodeOptions } from '../../../main/overlay/node.ts'
import { adversary } from '../../../simulator/experiments/adversary.ts'
import { type SimOptions } from '../../../simulator/options.ts'
import { runSmall } from './small.ts'

/** Floods and replays are left out: they cost the time of all the rest and are looked at below. */
const ATTACK: Partial<SimOptions> = {
  nodes: 50,
  records: 100,
  sends: 40,
  share: 0.2,
  replicas: 2 ** 28,
  settle: 20,
  variant: 'drop,misroute,lie-hops,none,forge,stale,name',
}

/** One way to each of the two roots, and two that say the same are believed. */
const WITHOUT_REDUNDANCY: Partial<NodeOptions> = {
  redundancy: {
    readOffsets: [0],
    confirming: 1,
    mayBeMissing: [{ ways: 0, afterMs: 0 }],
    undisputedWithinMs: 250,
    settledWithinMs: 250,
    retryAfterUsual: Infinity,
    convincing: 1,
    furtherPutOffsets: [],
  },
}

it('reads are right though a fifth of the nodes conspires, and are not along one way to each root', async () => {
  // With the ways, all reads are right at seeds 11 to 16; without, 0 to 5 are wrong. At this one the attack does most.
  const { figures } = await runSmall(adversary, { ...ATTACK, seed: 13 })
  expect(figures).toMatchObject({ hostile: 10, records: 100, readsWrong: 0, overlayErrors: 0 })
  expect(figures.sendsFalselyAcknowledged).toBe(0)
  expect(figures.readsCorrect).toBeGreaterThanOrEqual(0.99)
  const { figures: control } = await runSmall(
    adversary,
    { ...ATTACK, seed: 13, sends: 1 },
    WITHOUT_REDUNDANCY,
  )
  expect(control.readsWrong).toBeGreaterThan(0)
  expect(control.readsCorrect).toBeLessThan(0.98)
}, 60_000)

it('an old version is not the newest because those who show it are nearer and sooner', async () => {
  const attack = { ...ATTACK, seed: 13, sends: 1, variant: 'stale' }
  const { figures } = await runSmall(adversary, attack)
  expect(figures).toMatchObject({ records: 100, readsStale: 0 })
  const threeAreEnough = { ...THOROUGH, mayBeMissing: [{ ways: 7, afterMs: 0 }] as const }
  const { figures: control } = await runSmall(adversary, attack, { redundancy: threeAreEnough })
  expect(control.readsStale).toBeGreaterThan(0)
}, 60_000)

it('who holds all places at one root of a record does not have the record', async () => {
  const { figures } = await runSmall(adversary, { ...ATTACK, records: 50, sends: 1, eclipse: true, seed: 13 })
  expect(figures).toMatchObject({ firstRootsHeld: 1, readsWrongElsewhere: 0 })
  expect(figures.readsCorrectElsewhere).toBeGreaterThanOrEqual(0.99)
  // Of so few nodes some records' second roots lie in the same place (0 to 4 at seeds 11 to 16): nobody honest keeps those.
  expect(figures.bothRootsHeld).toBeLessThan(0.05 * figures.records!)
  expect(figures.idsTried).toBeGreaterThan(100)
}, 60_000)

it('floods are cut to the rates, and replays do no harm', async () => {
  const { figures } = await runSmall(adversary, {
    ...ATTACK,
    nodes: 30,
    records: 20,
    sends: 20,
    variant: 'replay,flood',
  })
  expect(figures).toMatchObject({ records: 20, readsCorrect: 1, delivered: 1, overlayErrors: 0 })
  expect(figures.floodsSent).toBeGreaterThan(10_000)
  expect(figures.floodsDropped).toBeGreaterThan(0.1 * figures.floodsSent!)
}, 60_000)
