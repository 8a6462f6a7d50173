import { describe, expect, it } from 'vitest'
import { Batman } from '../../../simulator/baselines/batman.ts'
import { BatmanTable } from '../../../simulator/baselines/batman-table.ts'
import { randomLinks } from '../../../simulator/baselines/link-choice.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import {
  deliveredShare,
  groundOf,
  meanHops,
  measure,
  type Place,
  SEED,
  shortestHops,
} from './small-network.ts'

const ANNOUNCEMENT_BYTES = 24
const PACKET_OVERHEAD_BYTES = 36

async function run(place: Place) {
  const { carrier, wishes, pairs } = groundOf(place)
  const thin = { ...wishes, degree: 8 }
  const links = randomLinks({ ...thin, random: new SeededRandom(SEED) })
  const measured = await measure(new Batman(carrier, thin), pairs)
  const shortest = shortestHops(links, pairs)
  return {
    measured,
    links,
    stretch: (meanHops(measured) * pairs.length) / shortest.reduce((a, b) => a + b, 0),
  }
}

describe('B.A.T.M.A.N.', () => {
  it('reaches everybody, nearly by the shortest way, and everybody knows a way to everybody', async () => {
    const { measured, stretch } = await run({ nodes: 120 })
    expect(deliveredShare(measured)).toBe(1)
    expect(stretch).toBeLessThan(1.25)
    expect(measured.entries).toEqual(Array(120).fill(119))
  })

  it('does so on a radio grid with loss', async () => {
    const { measured, stretch } = await run({ nodes: 100, isRadio: true, loss: 0.05 })
    expect(deliveredShare(measured)).toBeGreaterThan(0.99)
    expect(stretch).toBeLessThan(1.3)
  })

  it('pays for it with an announcement of each node over each link a second', async () => {
    const { measured, links } = await run({ nodes: 120, loss: 0 })
    const degree = links.reduce((total, peers) => total + peers.length, 0) / 120
    const payload = ANNOUNCEMENT_BYTES * 120 * degree
    const headers = PACKET_OVERHEAD_BYTES * measured.upkeep.packetsPerNodeSecond
    expect(measured.upkeep.bytesPerNodeSecond - headers).toBeGreaterThan(0.9 * payload)
    expect(measured.upkeep.bytesPerNodeSecond - headers).toBeLessThan(1.15 * payload)
  })
})

describe('a table of originators', () => {
  const heard = (sequence: number, quality: number, ttl = 40) => ({ originator: 3, sequence, quality, ttl })

  it('passes an announcement on once, and only by the best neighbour', () => {
    const table = new BatmanTable(5, Uint8Array.of(255, 255))
    expect(table.bestOf(3)).toBe(-1)
    expect(table.receive(heard(0, 100), 0)).toEqual({ isPassedOn: true, quality: 100 })
    expect(table.receive(heard(0, 100), 0)).toEqual({ isPassedOn: false })
    expect(table.receive(heard(0, 90), 1)).toEqual({ isPassedOn: false })
    expect(table.bestOf(3)).toBe(0)
  })

  it('changes to a neighbour that is better on average, and forgets what is older than the window', () => {
    const table = new BatmanTable(5, Uint8Array.of(255, 128))
    table.receive(heard(0, 100), 0)
    table.receive(heard(0, 180), 1)
    expect(table.bestOf(3)).toBe(0)
    table.receive(heard(1, 255), 1)
    expect(table.bestOf(3)).toBe(1)
    for (let sequence = 2; sequence < 8; sequence++) table.receive(heard(sequence, 20), 1)
    table.receive(heard(8, 30), 0)
    expect(table.bestOf(3)).toBe(0)
  })

  it('takes no second copy that came by a much longer way, nothing old and nothing over a dead link', () => {
    const table = new BatmanTable(5, Uint8Array.of(255, 255, 0))
    table.receive(heard(5, 100, 40), 0)
    table.receive(heard(5, 200, 36), 1)
    expect(table.bestOf(3)).toBe(0)
    expect(table.receive(heard(4, 255), 1)).toEqual({ isPassedOn: false })
    expect(table.receive(heard(9, 255), 2)).toEqual({ isPassedOn: false })
    expect(table.receive(heard(9, 255, 1), 1)).toEqual({ isPassedOn: false })
    expect(table.bestOf(3)).toBe(1)
  })
})
