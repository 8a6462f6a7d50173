import { describe, expect, it } from 'vitest'
import { Internet } from '../../../simulator/world/internet.ts'
import { RadioGrid } from '../../../simulator/world/radio-grid.ts'

const BASE = { seed: 3, nat: 0.85, punch: 0.6, loss: 0.01, bootstraps: 2 }
const HOSTS = 2000

function shareOf(count: number, is: (i: number) => boolean): number {
  let yes = 0
  for (let i = 0; i < count; i++) if (is(i)) yes++
  return yes / count
}

describe('the Internet', () => {
  const internet = new Internet(BASE)

  it('has its share of hosts behind NAT, and its share of their pairs that can be punched', () => {
    expect(shareOf(HOSTS, (i) => internet.isTranslated(i))).toBeCloseTo(0.85, 1)
    const translated = Array.from({ length: HOSTS }, (_, i) => i).filter((i) => internet.isTranslated(i))
    const share = shareOf(translated.length - 1, (i) => internet.canLink(translated[i]!, translated[i + 1]!))
    expect(share).toBeCloseTo(0.6, 1)
  })

  it('says the same of a pair from both its ends, and the same again', () => {
    for (let i = 1; i < 500; i++) {
      const [a, b] = [i, (i * 37) % HOSTS]
      expect(internet.canLink(a, b)).toBe(internet.canLink(b, a))
      expect(internet.delayMs(a, b)).toBe(new Internet(BASE).delayMs(b, a))
    }
  })

  it('lets everybody reach a bootstrap host, which stands in the open', () => {
    expect(shareOf(HOSTS, (i) => internet.canLink(i, 1))).toBe(1)
    expect(internet.introducers(50, 50)).toEqual([0, 1])
    expect(internet.introducers(0, 0)).toEqual([])
  })

  it('is another one with another seed, and shorter inside a region', () => {
    const other = new Internet({ ...BASE, seed: 4 })
    expect(shareOf(HOSTS, (i) => internet.isTranslated(i) === other.isTranslated(i))).toBeLessThan(0.9)
    const regions = new Internet({ ...BASE, clusters: 8 })
    const delays = Array.from({ length: 400 }, (_, i) => regions.delayMs(i, i + 1)).sort((a, b) => a - b)
    expect(delays[20]).toBeLessThan(12)
    expect(delays[380]).toBeGreaterThan(40)
  })
})

describe('a radio grid', () => {
  it('has 8 neighbours inside, 3 in a corner, and nobody further off', () => {
    const grid = new RadioGrid({ seed: 1, nodes: 25, loss: 0, oneWay: 0 })
    expect(grid.introducers(12, 25)).toEqual([6, 7, 8, 11, 13, 16, 17, 18])
    expect(grid.introducers(0, 25)).toEqual([1, 5, 6])
    expect(grid.canLink(0, 2)).toBe(false)
    expect(grid.canLink(4, 5)).toBe(false)
  })

  it('loses more one way than the other, and has no session where one side is deaf', () => {
    const grid = new RadioGrid({ seed: 1, nodes: 400, loss: 0.1, oneWay: 0.1 })
    const rates = Array.from({ length: 300 }, (_, i) => [grid.lossRate(i, i + 1), grid.lossRate(i + 1, i)])
    expect(rates.filter(([there, back]) => Math.abs(there! - back!) > 0.05).length).toBeGreaterThan(100)
    const mean = rates.flat().reduce((sum, rate) => sum + rate, 0) / 600
    expect(mean).toBeCloseTo(0.1, 1)
    const inside = Array.from({ length: 18 * 18 }, (_, i) => 21 + 20 * Math.floor(i / 18) + (i % 18))
    const linked = shareOf(inside.length, (i) => grid.canLink(inside[i]!, inside[i]! + 1))
    expect(linked).toBeGreaterThan(0.72)
    expect(linked).toBeLessThan(0.9)
  })
})
