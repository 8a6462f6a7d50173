import { describe, expect, it } from 'vitest'
import { measureSizes } from '../../../simulator/on-paper/measured-sizes.ts'
import { scaleRow, scaleText } from '../../../simulator/on-paper/scale-table.ts'
import { read } from '../../laws/sources.ts'

describe('docs/scale.md', () => {
  it('holds what npm run -s scale-table prints', async () => {
    const [, page] = /```text\n([\s\S]*?)\n```/.exec(read('docs/scale.md')) ?? []
    expect(page).toBe(await scaleText())
  })

  it('grows with the logarithm of the users at most', async () => {
    const sizes = await measureSizes()
    const [small, large] = [scaleRow(1e4, sizes), scaleRow(1e9, sizes)]
    expect(large.volunteerBytesPerSecond / small.volunteerBytesPerSecond).toBeLessThan(9 / 4)
    expect(large.recordBytes).toBe(small.recordBytes)
    expect(large.relayBytesPerSecond).toBe(small.relayBytesPerSecond)
  })

  it('stands on sizes that real datagrams have', async () => {
    const sizes = await measureSizes()
    // the first packet alone is padded to 1,200 bytes, and IP and UDP take 28
    expect(sizes.handshakeBytes).toBeGreaterThan(1228)
    expect(sizes.handshakeBytes).toBeLessThan(4 * 1228)
    expect(sizes.textBytes).toBeGreaterThan(200 + 2 * 28)
    expect(sizes.bulkRatio).toBeGreaterThan(1)
    expect(sizes.bulkRatio).toBeLessThan(1.15)
    expect(sizes.keepAliveBytes).toBeLessThan(200)
  })
})
