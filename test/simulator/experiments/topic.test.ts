import { describe, expect, it } from 'vitest'
import { topic } from '../../../simulator/experiments/topic.ts'
import { runSmall, SOUND } from './small.ts'

const SMALL = { nodes: 100, members: 40, sends: 1 } as const

describe('topic, small', () => {
  it('reaches every member once and soon, and again after a fifth of the nodes died, without NATs', async () => {
    const { figures } = await runSmall(topic, { ...SMALL, nat: 0 })
    expect(figures).toMatchObject({ ...SOUND, delivered: 1, accepted: 1, heardTwice: 0, roots: 1 })
    expect(figures.copiesPerMember).toBeLessThanOrEqual(1.05)
    expect(figures.delayPenaltyMedian).toBeLessThanOrEqual(1.8)
    // Two may have moved since the last heartbeat.
    expect(Math.abs(figures.membersToldRoot! - 40)).toBeLessThanOrEqual(2)
    expect(figures.childrenMax).toBeLessThanOrEqual(64)
    expect(figures.deliveredAfterDeaths).toBe(1)
    expect(figures.recoverSeconds).toBeLessThanOrEqual(20)
    expect(figures.recoverSeconds).toBeGreaterThanOrEqual(0)
  }, 60_000)

  it('does so behind NATs', async () => {
    const { figures } = await runSmall(topic, SMALL)
    expect(figures).toMatchObject({ ...SOUND, delivered: 1, accepted: 1, heardTwice: 0 })
    expect(figures.delayPenaltyMedian).toBeLessThanOrEqual(2.5)
    expect(figures.deliveredAfterDeaths).toBe(1)
    expect(figures.recoverSeconds).toBeLessThanOrEqual(20)
  }, 60_000)
})
