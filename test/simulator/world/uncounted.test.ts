import { afterAll, expect, it } from 'vitest'
import { copyWrittenBy, Writer } from '../../../main/overlay/wire/codec.ts'
import { uncounted, uncountedCopy } from '../../../simulator/world/uncounted.ts'

const MEGABYTE = 2 ** 20

afterAll(() => copyWrittenBy((buffer, length) => buffer.slice(0, length)))

it('holds what it is asked for, and V8 does not count it', () => {
  const before = process.memoryUsage().external
  const numbers = uncounted(Float64Array, (64 * MEGABYTE) / 8)
  expect(numbers.length).toBe(8 * MEGABYTE)
  expect(process.memoryUsage().external - before).toBeLessThan(32 * MEGABYTE)
})

it('takes what writers write, and a short message stays in the heap', () => {
  copyWrittenBy(uncountedCopy)
  const long = new Writer().bytes(new Uint8Array(100).fill(7)).finish()
  expect(long).toEqual(uncounted(Uint8Array, 100).fill(7))
  expect(long.buffer).toBeInstanceOf(SharedArrayBuffer)
  expect(new Writer().u16(0x0102).finish()).toEqual(Uint8Array.of(1, 2))
  expect(new Writer().u16(0x0102).finish().buffer).toBeInstanceOf(ArrayBuffer)
})
