// What a trace of a lossy transfer says must add up to what the session itself counted.

import { expect, it } from 'vitest'
import { qlogTrace } from '../../../main/overlay/transport/qlog.ts'
import { type SessionTrace } from '../../../main/overlay/transport/session-trace.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { World, targetOf } from './world.ts'

interface Event {
  time: number
  name: string
  data: {
    header?: { packet_number: number; packet_type: string }
    raw?: { length: number }
    frames?: { frame_type: string; length?: number; acked_ranges?: number[][] }[]
    smoothed_rtt?: number
    congestion_window?: number
  }
}

async function tracedTransfer(): Promise<{ head: unknown; events: Event[]; sender: Session }> {
  const world = new World(77, { delayMs: 20, jitterMs: 0, lossRate: 0.05 })
  const records: string[] = []
  const tracer = (session: Parameters<typeof qlogTrace>[0]) =>
    qlogTrace(session, (record) => records.push(record))
  const alice = world.peer('10.0.0.1', { options: { tracer } })
  const bob = world.peer('10.0.0.2')
  const link = await world.until(alice.endpoint.dial(targetOf(bob)))
  for (let i = 0; i < 10; i++) link.send(new Uint8Array(100_000))
  await world.run(10_000)
  expect(bob.received).toHaveLength(10)
  link.close('done')
  const sender = link as Session
  const [head, ...events] = records.map((record) => {
    expect(record).toMatch(/^\u001e\{.*\}\n$/s)
    return JSON.parse(record.slice(1)) as Event
  })
  return { head, events, sender }
}

it('a qlog trace tells every packet, loss and figure of a session', async () => {
  const { head, events, sender } = await tracedTransfer()
  expect(head).toMatchObject({
    qlog_version: '0.3',
    qlog_format: 'JSON-SEQ',
    trace: { vantage_point: { type: 'client' }, common_fields: { time_format: 'relative' } },
  })
  const named = (name: string) => events.filter((event) => event.name === name)
  const sent = named('transport:packet_sent')
  const numbers = sent.map(({ data }) => data.header!.packet_number)
  expect(numbers).toEqual(numbers.map((_, i) => i))
  expect(sent.reduce((sum, { data }) => sum + data.raw!.length, 0)).toBe(sender.traffic.sentBytes)
  expect(named('transport:packet_received')).toHaveLength(sender.traffic.receivedPackets)

  const lost = named('recovery:packet_lost')
  expect(lost.length).toBeGreaterThan(10)
  expect(lost).toHaveLength(sender.figures.lostPackets)
  for (const { data } of lost) expect(numbers).toContain(data.header!.packet_number)
  const resentBytes = sent
    .flatMap(({ data }) => data.frames!)
    .reduce((sum, frame) => sum + (frame.frame_type === 'stream' ? frame.length! : 0), 0)
  expect(resentBytes).toBeGreaterThan(1_000_000 + 5 * 1000)

  const metrics = Object.assign({}, ...named('recovery:metrics_updated').map(({ data }) => data)) as object
  expect(metrics).toMatchObject({
    smoothed_rtt: expect.closeTo(sender.figures.rttMs, 2) as number,
    congestion_window: Math.round(sender.figures.windowBytes),
  })
  expect(events.at(-1)!.name).toBe('connectivity:connection_closed')
  expect(events.every(({ time }, i) => i === 0 || time >= events[i - 1]!.time)).toBe(true)
})

it('a tracer that throws, whenever it is told something, harms nothing but its trace', async () => {
  const world = new World(78, { delayMs: 20, jitterMs: 0, lossRate: 0.05 })
  const told = new Set<string>()
  const failing = (what: string) => () => {
    told.add(what)
    throw new Error(`a defect of the tracer: ${what}`)
  }
  const names = ['packetSent', 'packetReceived', 'packetLost', 'probeTimeout', 'figures', 'closed'] as const
  const trace = Object.fromEntries(names.map((name) => [name, failing(name)])) as unknown as SessionTrace
  const alice = world.peer('10.0.0.1', { options: { tracer: () => trace } })
  const bob = world.peer('10.0.0.2', { options: { tracer: failing('tracer') } })
  const link = await world.until(alice.endpoint.dial(targetOf(bob)))
  for (let i = 0; i < 10; i++) link.send(new Uint8Array(100_000))
  await world.run(10_000)
  world.net.setModel({ lossRate: 1 })
  link.send(new Uint8Array(1))
  await world.run(500)
  world.net.setModel({ lossRate: 0 })
  await world.run(1_000)
  link.close('done')
  await world.run(1_000)
  expect(bob.received).toHaveLength(11)
  expect([alice.story, bob.story]).toEqual([
    ['up', 'down: done'],
    ['up', 'down: closed-by-peer'],
  ])
  expect([...told].sort()).toEqual([...names, 'tracer'].sort())
})
