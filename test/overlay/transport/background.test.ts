// What nobody waits for keeps out of the way of what somebody does: LEDBAT++ over a line with a deep buffer.

import { describe, expect, it } from 'vitest'
import { Bench, type Flow, percent } from './bench.ts'

describe('a transfer in the background', () => {
  const line = { megabits: 10, rttMs: 40, lossRate: 0 }
  const BUFFER_MS = 250 // a home's uplink

  it('leaves a CUBIC flow nine tenths of the line', async () => {
    const bench = new Bench(line, BUFFER_MS)
    await bench.flow('ledbat')
    await bench.world.run(5_000)
    const cubic = await bench.flow('cubic')
    await bench.world.run(5_000)
    cubic.restart()
    await bench.world.run(12_000)
    console.log(`cubic beside ledbat: ${percent(cubic.rate / bench.rate)}`)
    expect(cubic.rate / bench.rate).toBeGreaterThanOrEqual(0.9)
  })

  it.each([1, 2])('adds less than 110 ms of queue, %d at a time', async (count) => {
    const bench = new Bench(line, BUFFER_MS)
    const flows: Flow[] = []
    for (let i = 0; i < count; i++) {
      flows.push(await bench.flow('ledbat'))
      await bench.world.run(10_000)
    }
    let queueMs = 0
    for (const flow of flows) flow.restart()
    for (let i = 0; i < 300; i++) {
      await bench.world.run(50)
      queueMs = Math.max(queueMs, flows[0]!.rttMs - line.rttMs)
    }
    const share = flows.reduce((sum, flow) => sum + flow.rate, 0) / bench.rate
    console.log(`${count} x ledbat: ${percent(share)} of the line, a queue of ${queueMs.toFixed(0)} ms`)
    expect(queueMs).toBeLessThan(110)
    expect(share).toBeGreaterThan(0.75)
  })
})
