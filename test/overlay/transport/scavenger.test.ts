// Background traffic in a session that obeys BBR or CUBIC: it takes what others leave, and a person's words pass it by.

import { describe, expect, it } from 'vitest'
import { type CongestionLaw } from '../../../main/overlay/transport/congestion/laws.ts'
import { type StreamLink } from '../../../main/overlay/transport/links.ts'
import { BACKGROUND } from '../../../main/overlay/transport/urgency.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { Bench, type Line, percent } from './bench.ts'
import { OpenPeer } from './open-peer.ts'
import { World, utf8 } from './world.ts'

const LAWS: CongestionLaw[] = ['bbr', 'cubic']
const line: Line = { megabits: 10, rttMs: 40, lossRate: 0 }
const BUFFER_MS = 250 // a home's uplink

/** A person's words: 300 bytes, ten a second, and how long each was under way. */
async function talk(bench: Bench, link: StreamLink, arrivals: number[], seconds: number): Promise<number[]> {
  const { queue } = bench.world
  const tookMs: number[] = []
  for (let i = 0; i < 10 * seconds; i++) {
    const sentMs = queue.nowMs
    const before = arrivals.length
    link.send(new Uint8Array(300))
    await bench.world.run(100)
    while (arrivals.length === before) await bench.world.run(10)
    tookMs.push(arrivals[before]! - sentMs)
  }
  return tookMs
}

interface Row extends Line {
  law: CongestionLaw
  bufferMs: number
  warmMs: number
  seconds: number
}

const ROWS: Row[] = [
  { ...line, law: 'bbr', bufferMs: BUFFER_MS, warmMs: 10_000, seconds: 20 },
  { ...line, law: 'cubic', bufferMs: BUFFER_MS, warmMs: 10_000, seconds: 20 },
  { megabits: 10, rttMs: 20, lossRate: 0, law: 'bbr', bufferMs: 20, warmMs: 10_000, seconds: 20 },
  { megabits: 20, rttMs: 200, lossRate: 0, law: 'bbr', bufferMs: 200, warmMs: 20_000, seconds: 60 },
  { megabits: 100, rttMs: 50, lossRate: 0, law: 'bbr', bufferMs: 50, warmMs: 20_000, seconds: 10 },
  { megabits: 1_000, rttMs: 1, lossRate: 0, law: 'bbr', bufferMs: 1, warmMs: 2_000, seconds: 0.5 },
]

describe('background in a session', () => {
  it.each(ROWS)(
    'that obeys $law fills an empty line of $megabits Mbit/s and $rttMs ms, and adds little queue',
    async (row) => {
      const { law, megabits, rttMs, seconds } = row
      const bench = new Bench(row, row.bufferMs)
      const flow = await bench.flow(law, BACKGROUND)
      await bench.world.run(row.warmMs)
      flow.restart()
      let queueMs = 0
      for (let i = 0; i < seconds * 20; i++) {
        await bench.world.run(50)
        queueMs = Math.max(queueMs, flow.rttMs - rttMs)
      }
      const share = flow.rate / bench.rate
      console.log(
        `${law} ${megabits} Mbit/s ${rttMs} ms: ${percent(share)}, a queue of ${queueMs.toFixed(0)} ms`,
      )
      expect(queueMs).toBeLessThan(110)
      expect(share).toBeGreaterThanOrEqual(0.8)
    },
  )

  describe.each(LAWS)('that obeys %s', (law) => {
    it.each(LAWS)("leaves another session's %s flow nine tenths of the line", async (other) => {
      const bench = new Bench(line, BUFFER_MS)
      await bench.flow(law, BACKGROUND)
      await bench.world.run(5_000)
      const flow = await bench.flow(other)
      await bench.world.run(5_000)
      flow.restart()
      await bench.world.run(12_000)
      console.log(`${other} beside background under ${law}: ${percent(flow.rate / bench.rate)}`)
      expect(flow.rate / bench.rate).toBeGreaterThanOrEqual(0.9)
    })

    it('does not delay what a person says in the same session', async () => {
      const bench = new Bench(line, BUFFER_MS)
      const { link, endpoint } = await bench.pair(law)
      const arrivals: number[] = []
      endpoint.on({
        up: () => {},
        down: () => {},
        message: (_link, { length }) => length === 300 && arrivals.push(bench.world.queue.nowMs),
      })
      const next = () => link.send(new Uint8Array(64_000), (is) => is && next(), BACKGROUND)
      for (let i = 0; i < 32; i++) next()
      await bench.world.run(5_000)
      const tookMs = (await talk(bench, link, arrivals, 20)).sort((a, b) => a - b)
      const [median, worst] = [tookMs[100]!, tookMs.at(-1)!]
      console.log(`${law}: a word takes ${median.toFixed(0)} ms, at most ${worst.toFixed(0)}, alone 20`)
      expect(median).toBeLessThan(20 + 20) // the queue aimed at is 16 ms
      expect(worst).toBeLessThan(20 + 40)
    })
  })

  it('shares a packet with nothing else, so that none of it leaves uncounted', async () => {
    const peer = await OpenPeer.linked(95)
    peer.session.send(new Uint8Array(400), undefined, BACKGROUND)
    peer.session.send(utf8('a word'))
    peer.session.sendDatagram(utf8('a sound'), 1_000)
    await peer.world.run(1_000)
    const kinds = peer.heard.map(({ frames }) =>
      frames.map((frame) => (frame.type === 'stream' ? `stream ${frame.id}` : frame.type)).join(', '),
    )
    expect(kinds.slice(0, 2)).toEqual(['datagram, stream 0', 'stream 2'])
  })

  it('is sent again, whatever its window says, where the path is silent', async () => {
    const world = new World(96, { delayMs: 20, jitterMs: 0 })
    const { bob, link } = await world.connected()
    world.net.setModel({ lossRate: 1 })
    link.send(new Uint8Array(20_000), undefined, BACKGROUND)
    await world.run(1_500)
    world.net.setModel({ lossRate: 0 })
    await world.run(1_000)
    expect(bob.received).toHaveLength(1)
  })

  it('that is under way when the path is renewed counts on the old one', async () => {
    const world = new World(97, { delayMs: 20, jitterMs: 0, lossRate: 0.1 })
    const { bob, link } = await world.connected()
    for (let i = 0; i < 10; i++) link.send(new Uint8Array(50_000), undefined, BACKGROUND)
    for (let i = 0; i < 20; i++) {
      await world.run(50)
      ;(link as Session).renewPath()
    }
    await world.run(60_000)
    expect(bob.received).toHaveLength(10)
    expect((link as Session).figures.bytesInFlight).toBe(0)
  })
})
