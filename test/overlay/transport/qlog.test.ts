// What a trace of a lossy transfer says must add up to what the session itself counted.

import { expect, it } from 'vitest'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { qlogTrace } from '../../../main/overlay/transport/qlog.ts'
import { type SessionTrace } from '../../../main/overlay/transport/session-trace.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'

import { accepting } from './stream-pair.ts'
import { type Peer, World, targetOf, utf8 } from './world.ts'

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

function moveTo(world: World, peer: Peer, to: Address): void {
  peer.socket.moveTo(to, (address, receiver) => world.net.attach(address, receiver))
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
  const names = [
    ...(['packetSent', 'packetReceived', 'packetLost', 'probeTimeout', 'figures', 'closed'] as const),
    ...(['mtuUpdated', 'keyUpdated', 'pathUpdated'] as const),
  ]
  const trace = Object.fromEntries(names.map((name) => [name, failing(name)])) as unknown as SessionTrace
  const alice = world.peer('10.0.0.1', { options: { tracer: () => trace, packetsPerKey: 100 } })
  const bob = world.peer('10.0.0.2', { options: { tracer: failing('tracer') } })
  const link = await world.until(alice.endpoint.dial(targetOf(bob)))
  for (let i = 0; i < 10; i++) link.send(new Uint8Array(100_000))
  await world.run(10_000)
  world.net.setModel({ lossRate: 1 })
  link.send(new Uint8Array(1))
  await world.run(500)
  world.net.setModel({ lossRate: 0 })
  await world.run(1_000)
  moveTo(world, bob, { host: '10.0.0.9', port: 9 })
  await world.run(30_000) // until the next keep-alive
  link.close('done')
  await world.run(1_000)
  expect(bob.received).toHaveLength(11)
  expect([alice.story, bob.story]).toEqual([
    ['up', 'down: done'],
    ['up', 'down: closed-by-peer'],
  ])
  expect([...told].sort()).toEqual([...names, 'tracer'].sort())
})

const PACKET_HEADER = { packet_type: '1RTT', packet_number: expect.any(Number) as number }

/** What the schema requires of each event's data (draft-ietf-quic-qlog-quic-events), and what we always tell besides. */
const EVENTS: Record<string, Record<string, unknown>> = {
  'transport:packet_sent': { header: PACKET_HEADER, raw: { length: expect.any(Number) } },
  'transport:packet_received': { header: PACKET_HEADER, raw: { length: expect.any(Number) } },
  'recovery:packet_lost': {
    header: PACKET_HEADER,
    trigger: expect.stringMatching(/^(reordering|time)_threshold$/),
  },
  'recovery:loss_timer_updated': { event_type: 'expired', timer_type: 'pto' },
  'recovery:metrics_updated': {},
  'security:key_updated': {
    key_type: expect.stringMatching(/^(client|server)_1rtt_secret$/),
    key_phase: expect.any(Number),
    trigger: expect.stringMatching(/^(local|remote)_update$/),
  },
  'connectivity:mtu_updated': { old: expect.any(Number), new: expect.any(Number) },
  'connectivity:migration_state_updated': {
    new: expect.stringMatching(/^migration_(started|complete|abandoned)$/),
    path_remote: { ip_v4: expect.any(String), port_v4: expect.any(Number) },
  },
  'connectivity:connection_closed': {
    owner: expect.stringMatching(/^(local|remote)$/),
    reason: expect.any(String),
    trigger: expect.stringMatching(/^(clean|error|idle_timeout|application)$/),
  },
}

const FRAMES: Record<string, Record<string, unknown>> = {
  ping: {},
  ack: { ack_delay: expect.any(Number), acked_ranges: expect.any(Array) },
  stream: {
    stream_id: expect.any(Number),
    offset: expect.any(Number),
    length: expect.any(Number),
    fin: expect.any(Boolean),
  },
  max_data: { maximum: expect.any(Number) },
  max_stream_data: { stream_id: expect.any(Number), maximum: expect.any(Number) },
  max_streams: { stream_type: 'bidirectional', maximum: expect.any(Number) },
  reset_stream: {
    stream_id: expect.any(Number),
    error_code: expect.any(Number),
    final_size: expect.any(Number),
  },
  stop_sending: { stream_id: expect.any(Number), error_code: 7 },
  datagram: { length: 5 },
  path_challenge: { data: expect.stringMatching(/^[0-9a-f]{16}$/) },
  path_response: { data: expect.stringMatching(/^[0-9a-f]{16}$/) },
  connection_close: { error_space: 'application', error_code: 3, reason: 'enough' },
  // Of our own, or of drafts that the schema does not know.
  observed_address: {},
  ack_frequency: {},
}

it('a qlog trace has what the schema requires of every event and frame', async () => {
  const world = new World(79, { delayMs: 20, jitterMs: 0, lossRate: 0.02 })
  const records: string[] = []
  const tracer = (session: Parameters<typeof qlogTrace>[0]) =>
    qlogTrace(session, (record) => records.push(record))
  const alice = world.peer('10.0.0.1', { options: { tracer, packetsPerKey: 200 } })
  const bob = world.peer('10.0.0.2')
  const session = (await world.until(alice.endpoint.dial(targetOf(bob)))) as Session
  await world.run(200)
  const back = bob.endpoint.get(alice.identity.id)!
  const accepted = accepting(bob.endpoint)
  accepting(alice.endpoint, { end: (own) => own.stream.finish() })
  for (let i = 0; i < 2_100; i++) {
    const stream = back.openStream()
    stream.write(utf8('short'))
    stream.finish()
  }
  await world.run(2_000)
  const [reset, stopped] = [session.openStream(), session.openStream()]
  for (const stream of [reset, stopped]) stream.write(new Uint8Array(2_000_000))
  session.sendDatagram(utf8('sound'), 1_000)
  await world.run(300)
  reset.reset(42)
  accepted.at(-1)!.stream.stop(7)
  await world.run(5_000)
  world.net.setModel({ lossRate: 1 })
  session.send(utf8('into the void'))
  await world.run(300)
  world.net.setModel({ lossRate: 0 })
  moveTo(world, bob, { host: '10.0.0.9', port: 9 })
  back.send(utf8('from elsewhere'))
  await world.run(2_000)
  moveTo(world, alice, { host: '10.0.0.8', port: 8 }) // whom Bob challenges
  session.send(utf8('from elsewhere, too'))
  await world.run(2_000)
  session.close({ code: 3, reason: 'enough' })

  const seen = new Set<string>()
  for (const record of records.slice(1)) {
    const { name, data } = JSON.parse(record.slice(1)) as Event
    seen.add(name)
    expect(EVENTS, name).toHaveProperty([name])
    expect(data, name).toMatchObject(EVENTS[name]!)
    for (const frame of data.frames ?? []) {
      seen.add(frame.frame_type)
      expect(FRAMES, frame.frame_type).toHaveProperty([frame.frame_type])
      expect(frame).toMatchObject(FRAMES[frame.frame_type]!)
    }
  }
  expect([...seen].sort()).toEqual([...Object.keys(EVENTS), ...Object.keys(FRAMES)].sort())
  const told = (name: string) =>
    records.map((record) => JSON.parse(record.slice(1)) as Event).filter((e) => e.name === name)
  expect(told('connectivity:connection_closed').map(({ data }) => data)).toEqual([
    { owner: 'local', application_code: 3, reason: 'enough', trigger: 'application' },
  ])
  const moves = told('connectivity:migration_state_updated').map(({ data }) => (data as { new?: string }).new)
  expect(moves.slice(0, 2)).toEqual(['migration_started', 'migration_complete'])
  const sizes = told('connectivity:mtu_updated').map(({ data }) => (data as { new?: number }).new)
  expect(sizes).toContain(session.figures.packetBytes)
  const phases = told('security:key_updated').map(({ data }) => (data as { key_phase?: number }).key_phase)
  expect(Math.max(...phases.map(Number))).toBe(session.figures.keyUpdates)
  const resent = told('recovery:metrics_updated').map(
    ({ data }) => (data as { banyan_resent_bytes?: number }).banyan_resent_bytes,
  )
  expect(Math.max(...resent.map((bytes) => bytes ?? 0))).toBeGreaterThan(0)
})
