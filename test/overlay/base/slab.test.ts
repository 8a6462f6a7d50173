import { expect, it } from 'vitest'
import { cutBytes } from '../../../main/overlay/base/slab.ts'

it('cuts byte strings of the length asked for, and of nobody else', () => {
  const lengths = Array.from({ length: 2_000 }, (_, i) => (i * 97) % 1_500)
  const cuts = [...lengths, 40_000, 0, 65_507].map((length, i) => {
    const bytes = cutBytes(length)
    expect(bytes.length).toBe(length)
    return bytes.fill((i % 255) + 1)
  })
  cuts.forEach((bytes, i) => expect(bytes.every((byte) => byte === (i % 255) + 1)).toBe(true))
})
