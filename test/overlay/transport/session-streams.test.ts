// Many streams on one session: opened, ended, given up, in the right order of importance, and forgotten.

import { describe, expect, it } from 'vitest'
import { MAX_MESSAGE_BYTES, type StreamLink } from '../../../main/overlay/transport/links.ts'
import { type Stream } from '../../../main/overlay/transport/stream.ts'
import { FIRST_OPENED_ID, MAX_OPEN_STREAMS } from '../../../main/overlay/transport/stream-table.ts'
import { SESSION_WINDOW_BYTES } from '../../../main/overlay/transport/opened-streams.ts'
import { MAX_QUEUED_BYTES } from '../../../main/overlay/transport/session-streams.ts'
import { BACKGROUND, NORMAL, PROMPT } from '../../../main/overlay/transport/urgency.ts'
import { Bench } from './bench.ts'
import { World, text, utf8 } from './world.ts'
import { type Accepted, accepting, streamPair } from './stream-pair.ts'

describe('a stream', () => {
  it('carries bytes both ways, and each way ends on its own', async () => {
    const { world, link, accepted } = await streamPair()
    const heard: string[] = []
    const stream = link.openStream()
    stream.on({ data: (bytes) => heard.push(text(bytes)), end: () => heard.push('end') })
    stream.write(utf8('question'))
    let isDelivered: boolean | undefined
    stream.finish((delivered) => (isDelivered = delivered))
    stream.write(utf8('too late'))
    await world.run(300)
    expect(isDelivered).toBe(true)
    expect(accepted).toMatchObject([{ text: 'question', ending: 'end' }])
    accepted[0]!.stream.write(utf8('answer'))
    await world.run(300)
    expect(heard).toEqual(['answer'])
    accepted[0]!.stream.finish()
    await world.run(300)
    expect(heard).toEqual(['answer', 'end'])
  })

  it('is forgotten by both sides when both halves are over', async () => {
    const { world, link, back, accepted } = await streamPair()
    for (let i = 0; i < 100; i++) link.openStream().finish()
    await world.run(300)
    expect(back.tableSizes.streams).toBe(100)
    for (const { stream } of accepted) stream.finish()
    await world.run(300)
    expect([link.tableSizes.streams, back.tableSizes.streams]).toEqual([0, 0])
    expect(back.tableSizes.streamRanges).toBe(1)
  })

  it('that is reset drops what waits, and tells the peer the code', async () => {
    const { world, link, back, accepted } = await streamPair()
    const stream = link.openStream()
    let isDelivered: boolean | undefined
    stream.write(new Uint8Array(1_000_000))
    stream.finish((delivered) => (isDelivered = delivered))
    await world.run(50)
    stream.on({})
    stream.reset(42)
    expect([isDelivered, stream.queuedBytes, link.queuedBytes]).toEqual([false, 0, 0])
    await world.run(500)
    expect(accepted[0]!.ending).toBe('reset 42')
    accepted[0]!.stream.finish()
    await world.run(300)
    expect([link.tableSizes.streams, back.tableSizes.streams]).toEqual([0, 0])
  })

  it('that the reader gives up stops its writer', async () => {
    const { world, link, back, accepted } = await streamPair({ data: (own) => own.stream.stop(7) })
    const stream = link.openStream()
    const heard: string[] = []
    stream.on({ stopped: (code) => heard.push(`stopped ${code}`) })
    stream.write(new Uint8Array(1_000_000))
    await world.run(500)
    expect(heard).toEqual(['stopped 7'])
    expect(stream.isWritable).toBe(false)
    expect(accepted[0]!.ending).toBe('')
    accepted[0]!.stream.finish()
    await world.run(300)
    expect([link.tableSizes.streams, back.tableSizes.streams]).toEqual([0, 0])
  })

  it('that nobody listens to is refused, and costs nothing', async () => {
    const world = new World(40)
    const { bob, alice, link } = await world.connected()
    const heard: string[] = []
    const stream = (link as StreamLink).openStream()
    stream.on({
      stopped: (code) => heard.push(`stopped ${code}`),
      reset: (code) => heard.push(`reset ${code}`),
    })
    stream.write(utf8('anybody?'))
    await world.run(500)
    expect(heard.sort()).toEqual(['reset 0', 'stopped 0'])
    expect(bob.endpoint.get(alice.identity.id)!.tableSizes.streams).toBe(0)
    expect(alice.endpoint.get(bob.identity.id)!.tableSizes.streams).toBe(0)
  })

  it('waits for a reader that pauses, and holds up neither messages nor other streams', async () => {
    const { world, bob, link, accepted } = await streamPair({ data: (own) => own.stream.pause() })
    const slow = link.openStream()
    slow.write(Uint8Array.of(1))
    await world.run(200)
    let drained = 0
    slow.on({ drained: () => drained++ })
    expect(slow.write(new Uint8Array(2_000_000))).toBe(false)
    const quick = link.openStream()
    quick.write(new Uint8Array(600_000))
    link.send(utf8('hello'))
    await world.run(2_000)
    expect(bob.received.map(text)).toEqual(['hello'])
    expect(accepted.map(({ bytes }) => bytes)).toEqual([1, expect.any(Number)])
    expect(slow.queuedBytes).toBeGreaterThan(1_500_000)
    expect(drained).toBe(0)
    for (const own of accepted) own.onData = () => {}
    for (const { stream } of accepted) stream.resume()
    await world.run(3_000)
    expect(accepted.map(({ bytes }) => bytes)).toEqual([2_000_001, 600_000])
    expect([slow.queuedBytes, drained]).toEqual([0, 1])
  })

  it('is held by the limit of all streams while others are not read, and goes on when they are', async () => {
    const { world, link, accepted } = await streamPair({ data: (own) => own.stream.pause() })
    for (let i = 0; i < 8; i++) link.openStream().write(new Uint8Array(200_000))
    await world.run(2_000)
    const sent = () => accepted.reduce((sum, { stream }) => sum + stream.highestBytes, 0)
    expect(sent()).toBe(SESSION_WINDOW_BYTES)
    const behind = link.openStream()
    behind.write(new Uint8Array(1_000))
    await world.run(500)
    expect(sent()).toBe(SESSION_WINDOW_BYTES)
    for (const own of accepted) own.onData = () => {}
    for (const { stream } of accepted) stream.resume()
    await world.run(2_000)
    expect(sent()).toBe(8 * 200_000 + 1_000)
    expect(accepted.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(sent())
  })

  it.each<[string, (own: Accepted, writer: Stream) => void]>([
    ['reset', (_own, writer) => writer.reset(1)],
    ['given up by its reader', (own) => own.stream.stop(1)],
  ])('that was %s uses up nothing of the limit of all streams', async (_name, give) => {
    const { world, link, accepted } = await streamPair({ data: (own) => own.stream.pause() })
    for (let i = 0; i < 10; i++) {
      const stream = link.openStream()
      stream.write(new Uint8Array(200_000))
      await world.run(500)
      give(accepted[i]!, stream)
      await world.run(200)
    }
    expect(accepted.map(({ stream }) => stream.highestBytes)).toEqual(accepted.map(() => 200_000))
  })

  it('hears of the end of its session, once', async () => {
    const { world, bob, link } = await streamPair()
    const heard: string[] = []
    const stream = link.openStream()
    stream.on({ closed: () => heard.push('closed'), reset: () => heard.push('reset') })
    stream.write(new Uint8Array(100_000))
    stream.finish((delivered) => heard.push(`delivered ${delivered}`))
    await world.run(10)
    await bob.endpoint.stop()
    await world.run(500)
    expect(heard).toEqual(['delivered false', 'closed'])
    stream.reset(1)
    expect([stream.write(Uint8Array.of(1)), stream.isWritable]).toEqual([true, false])
    expect(() => link.openStream()).toThrowError(expect.objectContaining({ code: 'closed' }))
    expect(heard.length).toBe(2)
  })

  it('gives what has arrived to a reader that comes, or goes on, after its session has ended', async () => {
    const world = new World(31)
    const { alice, bob } = await world.connected()
    const streams: Stream[] = []
    bob.endpoint.on({
      up: () => {},
      down: () => {},
      message: () => {},
      stream: (_link, stream) => void streams.push(stream),
    })
    const link = alice.endpoint.get(bob.identity.id)!
    const delivered: boolean[] = []
    for (const isWhole of [true, true, false]) {
      const stream = link.openStream()
      stream.write(new Uint8Array(50_000).fill(7))
      if (isWhole) stream.finish((isDelivered) => delivered.push(isDelivered))
    }
    await world.run(2_000)
    const heard: string[] = ['', '', '']
    const read = (which: number, pausesAfter = Infinity) => {
      let bytes = 0
      streams[which]!.on({
        data: (data) => {
          bytes += data.length
          if (bytes > pausesAfter) streams[which]!.pause()
          if (bytes === 50_000) heard[which] += 'data '
        },
        end: () => (heard[which] += 'end '),
        closed: () => (heard[which] += 'closed '),
      })
    }
    read(0, 10_000)
    expect(streams[0]!.isWritable).toBe(true)
    link.close('enough')
    await world.run(500)
    expect([bob.story, delivered, heard]).toEqual([
      ['up', 'down: closed-by-peer'],
      [true, true],
      ['', '', ''],
    ])
    streams[0]!.resume()
    streams[0]!.resume()
    streams[0]!.resume()
    read(1)
    read(2)
    expect(heard).toEqual(['data end closed ', 'data end closed ', 'data closed '])
  })

  it('is over at once for a reader that gives it up after its session has ended', async () => {
    const { world, link, accepted } = await streamPair({ data: (own) => own.stream.pause() })
    link.openStream().write(new Uint8Array(50_000))
    await world.run(200)
    link.close('enough')
    await world.run(200)
    expect(accepted[0]!.ending).toBe('')
    const { bytes, stream } = accepted[0]!
    stream.stop(1)
    stream.resume()
    expect(accepted[0]).toMatchObject({ bytes, ending: 'closed' })
  })

  it('takes no more than a session keeps', async () => {
    const { link } = await streamPair()
    const stream = link.openStream()
    stream.write(new Uint8Array(MAX_QUEUED_BYTES - 10))
    expect(() => stream.write(new Uint8Array(11))).toThrowError(expect.objectContaining({ code: 'quota' }))
    expect(link.isOpen).toBe(true)
  })
})

describe('thousands of streams', () => {
  it('run at once, as many as are granted', async () => {
    const { world, link, back, accepted } = await streamPair()
    const streams: Stream[] = []
    for (let i = 0; i < MAX_OPEN_STREAMS; i++) streams.push(link.openStream())
    expect(() => link.openStream()).toThrowError(expect.objectContaining({ code: 'quota' }))
    for (const [i, stream] of streams.entries()) stream.write(new Uint8Array(400).fill(i))
    await world.run(3_000)
    expect(accepted.length).toBe(MAX_OPEN_STREAMS)
    expect(accepted.every(({ bytes }, i) => bytes === 400 && accepted[i]!.first === (i & 255))).toBe(true)
    for (const stream of streams) stream.finish()
    await world.run(1_000)
    for (const { stream } of accepted) stream.finish()
    await world.run(1_000)
    expect([link.tableSizes.streams, back.tableSizes.streams]).toEqual([0, 0])
    for (let i = 0; i < MAX_OPEN_STREAMS; i++) link.openStream()
  })

  it('leave nothing behind, on a path that loses and doubles', async () => {
    const path = { delayMs: 10, jitterMs: 2, lossRate: 0.1, duplicateRate: 0.1, reorderRate: 0.1 }
    const { world, link, back, accepted } = await streamPair({ end: (own) => own.stream.finish() }, path)
    for (let i = 0; i < 200; i++) {
      for (let k = 0; k < 100; k++) {
        const stream = link.openStream()
        stream.on({})
        stream.write(new Uint8Array(k))
        stream.finish()
      }
      await world.run(20)
    }
    await world.run(5_000)
    expect(accepted.length).toBe(20_000)
    const isWhole = ({ stream, bytes, ending }: Accepted) =>
      bytes === ((stream.id - FIRST_OPENED_ID) / 2) % 100 && ending === 'end'
    expect(accepted.every(isWhole)).toBe(true)
    expect([link.tableSizes.streams, back.tableSizes.streams]).toEqual([0, 0])
    expect([back.tableSizes.streamRanges, back.tableSizes.fragments]).toEqual([1, 0])
  })
})

describe('what goes first', () => {
  const line = { megabits: 10, rttMs: 40, lossRate: 0 }

  it('is a small message, however much else waits', async () => {
    const bench = new Bench(line)
    const { world } = bench
    const { link, endpoint } = await bench.pair('bbr')
    let order: string[] = []
    endpoint.on({
      up: () => {},
      down: () => {},
      message: (_link, message) => order.push(`${message.length}`),
    })
    for (let i = 0; i < 12; i++) link.send(new Uint8Array(MAX_MESSAGE_BYTES))
    for (let i = 0; i < 100; i++) link.send(new Uint8Array(3_000), undefined, BACKGROUND)
    await world.run(700)
    order = []
    const sentMs = world.queue.nowMs
    link.send(new Uint8Array(10))
    while (!order.includes('10') && world.queue.nowMs < sentMs + 5_000) await world.run(1)
    // Half a round trip, and the queue on the line at most; the messages before it take another second.
    expect(world.queue.nowMs - sentMs).toBeLessThan(100)
    await world.run(3_000)
    expect(order.filter((length) => length === '3000').length).toBe(100)
    expect(order.indexOf('3000')).toBeGreaterThan(order.lastIndexOf(`${MAX_MESSAGE_BYTES}`))
  })

  it('is the more urgent stream, in turns where they are alike', async () => {
    const bench = new Bench(line)
    const { link, endpoint } = await bench.pair('bbr')
    const accepted = accepting(endpoint)
    const urgencies = [BACKGROUND, NORMAL, NORMAL, PROMPT, PROMPT]
    for (const urgency of urgencies) {
      const stream = link.openStream(urgency)
      stream.write(Uint8Array.of(urgency))
      stream.write(new Uint8Array(200_000))
    }
    await bench.world.run(250)
    const shares = () =>
      urgencies.map((urgency) => accepted.filter(({ first }) => first === urgency).map(({ bytes }) => bytes))
    const [prompt, other, ...rest] = shares()[3]!
    expect([rest.length, Math.abs(prompt! - other!)]).toEqual([0, expect.any(Number)])
    expect(Math.abs(prompt! - other!)).toBeLessThan(5_000)
    expect(Math.min(prompt!, other!)).toBeGreaterThan(50_000)
    expect(Math.max(0, ...shares()[0]!, ...shares()[1]!)).toBeLessThan(5_000)
    await bench.world.run(2_000)
    expect(accepted.map(({ bytes }) => bytes)).toEqual(urgencies.map(() => 200_001))
  })
})
