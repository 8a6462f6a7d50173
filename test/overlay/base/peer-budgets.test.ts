import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PeerBudgets } from '../../../main/overlay/base/peer-budgets.ts'
import { TokenBucket } from '../../../main/overlay/base/token-bucket.ts'

const BURST = 10
const PER_SECOND = 2

function budgets() {
  const clock = { nowMs: 0 }
  const port = { nowMs: () => clock.nowMs, wallMs: () => 0, after: () => ({ cancel: () => undefined }) }
  return { clock, budgets: new PeerBudgets(port, BURST, PER_SECOND) }
}

const asked = fc.record({ peer: fc.constantFrom('a', 'b', 'c'), amount: fc.nat(6), afterMs: fc.nat(4000) })

it('admits exactly what a bucket kept for each peer would', () => {
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 200 }), (questions) => {
      const { clock, budgets: tested } = budgets()
      const buckets = new Map(['a', 'b', 'c'].map((peer) => [peer, new TokenBucket(BURST, PER_SECOND, 0)]))
      for (const { peer, amount, afterMs } of questions) {
        clock.nowMs += afterMs
        expect(tested.admits(peer, amount)).toBe(buckets.get(peer)!.take(amount, clock.nowMs))
      }
    }),
  )
})

it('gives back what has cost nothing, and keeps a reserve where it is asked to', () => {
  const { clock, budgets: tested } = budgets()
  expect(tested.admits('a', BURST)).toBe(true)
  tested.giveBack('a', 6)
  expect(tested.admits('a', 2, 5)).toBe(false)
  expect(tested.admits('a', 2, 4)).toBe(true)
  tested.giveBack('b', 6) // was never charged
  expect(tested.admits('b', BURST + 1)).toBe(false)
  tested.giveBack('a', 100)
  clock.nowMs += 1
  expect([tested.admits('a', BURST), tested.admits('a', 1)]).toEqual([true, false])
})

it('keeps nothing of peers that were left alone until their budgets were full', () => {
  const { clock, budgets: tested } = budgets()
  for (let i = 0; i < 100; i++) tested.admits(`peer ${i}`)
  expect(tested.size).toBe(100)
  for (let i = 0; i < 3; i++) {
    clock.nowMs += (1000 * BURST) / PER_SECOND
    tested.admits('the one that stays')
  }
  expect(tested.size).toBe(1)
})
