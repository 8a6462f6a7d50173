import { expect, it } from 'vitest'
import { variants } from '../../../simulator/experiments/variants.ts'
import { HARD, runSmall, SOUND } from './small.ts'

it('each parameter is worth and costs what it is known for', async () => {
  const { figures } = await runSmall(variants, { ...HARD, nodes: 40, settle: 15, sends: 200 })
  expect(figures).toMatchObject(SOUND)
  expect(figures.copies3Delivered).toBe(figures.delivered)
  expect(figures.delivered).toBeGreaterThanOrEqual(0.995)
  // More copies lay more records, for more bytes, and deliver where nothing else helps.
  expect(figures.copies0BareDelivered).toBeLessThan(0.98)
  expect(figures.copies3BareDelivered).toBeGreaterThanOrEqual(0.99)
  const records = [0, 1, 3, 8].map((copies) => figures[`copies${copies}RecordsPerNodeMean`]!)
  expect(records).toEqual([...records].sort((a, b) => a - b))
  expect(records[3]! - records[0]!).toBeGreaterThan(3)
  expect(figures.copies8UpkeepBytesPerSecond).toBeGreaterThan(figures.copies1UpkeepBytesPerSecond!)
  // One record for 16 ranges is fewer than one for each node; with four digits every range is a node.
  expect(figures.rangeDigits1RecordsPerNodeMean).toBeLessThan(figures.copies3RecordsPerNodeMean!)
  expect(figures.rangeDigits4RecordsPerNodeMean).toBe(figures.copies3RecordsPerNodeMean)
  expect(figures.firstLinkFixedRecordsPerNodeMean).toBeLessThan(figures.copies3RecordsPerNodeMean!)
  expect(Object.values(figures).every(Number.isFinite)).toBe(true)
}, 120_000)
