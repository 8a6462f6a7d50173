import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_FRAGMENTS } from '../../../main/overlay/transport/receive-stream.ts'
import { SendAccount } from '../../../main/overlay/transport/send-account.ts'
import { ENOUGH_UNSENT_BYTES } from '../../../main/overlay/transport/send-stream.ts'
import { type Slice } from '../../../main/overlay/transport/sent-slice.ts'
import { PacketWriter } from '../../../main/overlay/wire/packet-codec.ts'
import { receiveStream, sendStream } from './halves.ts'

const WINDOW = 1_000

describe('a sending and a receiving stream', () => {
  it('carry all bytes and the end in order through any loss, repetition and disorder', () => {
    const fate = fc.record({
      room: fc.integer({ min: 1, max: 90 }),
      outcome: fc.constantFrom('arrives', 'late', 'lost', 'ack lost', 'twice', 'pause', 'resume'),
    })
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 }),
        fc.array(fate, { maxLength: 80 }),
        (writes, fates) => {
          const sender = sendStream(WINDOW)
          const reading = receiveStream(WINDOW)
          const receiver = reading.stream
          const all = writes.flatMap((length, which) =>
            Array.from({ length }, (_, i) => (which * 7 + i) & 255),
          )
          let from = 0
          for (const length of writes) sender.write(Uint8Array.from(all.slice(from, (from += length))))
          sender.finish()
          const late: Slice[] = []
          const out = new PacketWriter(100)
          const deliver = (slice: Slice) => {
            out.reset()
            sender.copyTo(out, slice)
            expect(receiver.receive(slice.offset, out.written, slice.isLast)).toBe(true)
          }
          const settle = (slice: Slice) => {
            deliver(slice)
            sender.acked(slice)
          }
          const step = (room: number, outcome: string): boolean => {
            if (outcome === 'pause') receiver.pause()
            if (outcome === 'resume') receiver.resume()
            sender.raiseLimit(receiver.limitBytes)
            const slice = sender.next(room)
            if (!slice) return false
            if (outcome === 'late') late.push(slice)
            else if (outcome === 'lost') sender.lost(slice)
            else if (outcome === 'ack lost') {
              deliver(slice)
              sender.lost(slice)
            } else if (outcome === 'twice') {
              deliver(slice)
              settle(slice)
            } else settle(slice)
            return true
          }
          for (const { room, outcome } of fates) step(room, outcome)
          for (const slice of late.reverse()) settle(slice)
          receiver.resume()
          while (step(50, 'arrives'));
          expect(reading.bytes).toEqual(all)
          expect([reading.ends, reading.consumed, receiver.isOver]).toEqual([1, all.length, true])
          expect([sender.queuedBytes, sender.isComplete, sender.readiness]).toEqual([0, true, 'idle'])
          expect([receiver.fragmentCount, reading.budget.used]).toEqual([0, 0])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('refuse what lies past the limit, and a changed end', () => {
    const { stream } = receiveStream(WINDOW)
    const limit = expect.objectContaining({ code: 'quota' })
    expect(() => stream.receive(WINDOW - 1, new Uint8Array(2), false)).toThrowError(limit)
    expect(() => stream.reset(WINDOW + 1)).toThrowError(limit)
    stream.receive(0, new Uint8Array(10), true)
    expect(stream.isOver).toBe(true)
    const malformed = expect.objectContaining({ code: 'malformed' })
    expect(() => stream.receive(5, new Uint8Array(10), false)).toThrowError(malformed)
    expect(() => stream.receive(0, new Uint8Array(5), true)).toThrowError(malformed)
    expect(() => stream.reset(5)).toThrowError(malformed)
  })

  it('keep each byte once of pieces that overlap in any way, and give them all', () => {
    const piece = fc.record({ start: fc.nat(60), length: fc.integer({ min: 1, max: 40 }) })
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const { stream, budget, bytes } = receiveStream(WINDOW)
        const had = new Set<number>()
        const receive = (start: number, length: number) => {
          const data = Uint8Array.from({ length }, (_, i) => start + i)
          expect(stream.receive(start, data, false)).toBe(true)
          data.fill(255) // the packet is gone
          for (let i = 0; i < length; i++) had.add(start + i)
        }
        for (const { start, length } of pieces) {
          receive(start, length)
          expect(bytes.length + budget.bytes).toBe(had.size)
          expect(budget.used).toBe(stream.fragmentCount)
        }
        receive(0, 101)
        expect(bytes).toEqual(Array.from({ length: 101 }, (_, i) => i))
        expect([budget.used, budget.bytes]).toEqual([0, 0])
      }),
      { numRuns: 500 },
    )
  })

  it('keep a bounded number of fragments, and always take the piece that comes next', () => {
    const { stream, budget, bytes } = receiveStream(1_000_000)
    let kept = 0
    for (let i = 1; i < 20_000; i += 2) if (stream.receive(i, Uint8Array.of(1), false)) kept++
    expect([kept, budget.used]).toEqual([MAX_FRAGMENTS, MAX_FRAGMENTS])
    expect(stream.receive(0, Uint8Array.of(1), false)).toBe(true)
    expect([bytes.length, budget.used]).toEqual([2, MAX_FRAGMENTS - 1])
  })

  it('keep what a paused reader has not taken within the window, however it was cut', () => {
    const reading = receiveStream(WINDOW)
    reading.stream.pause()
    for (let i = 0; i < WINDOW; i++) reading.stream.receive(i, Uint8Array.of(i & 255), i === WINDOW - 1)
    expect([reading.bytes.length, reading.budget.used, reading.limits, reading.ends]).toEqual([0, 0, 0, 0])
    reading.stream.resume()
    expect(reading.bytes).toEqual(Array.from({ length: WINDOW }, (_, i) => i & 255))
    expect(reading.ends).toBe(1)
  })

  it('count a reset or given-up stream as read, so that the limit of all is not used up for ever', () => {
    const reset = receiveStream(WINDOW)
    reset.stream.receive(0, new Uint8Array(100), false)
    reset.stream.receive(200, new Uint8Array(100), false)
    expect(reset.stream.reset(500)).toBe(true)
    expect([reset.consumed, reset.budget.used, reset.ends, reset.stream.isOver]).toEqual([500, 0, 0, true])
    const given = receiveStream(WINDOW)
    given.stream.receive(0, new Uint8Array(100), false)
    given.stream.receive(200, new Uint8Array(100), false)
    given.stream.discard()
    expect([given.consumed, given.stream.isOver]).toEqual([300, false])
    given.stream.receive(300, new Uint8Array(50), true)
    expect([given.consumed, given.stream.isOver, given.ends]).toEqual([350, true, 0])
  })

  it('may be given up by the reader in the middle of what it is told', () => {
    const reading = receiveStream(WINDOW, { deliver: () => reading.stream.discard() })
    reading.stream.receive(10, new Uint8Array(10), false)
    reading.stream.receive(0, new Uint8Array(10), false)
    expect([reading.consumed, reading.budget.used]).toEqual([20, 0])
  })
})

describe('a sending stream', () => {
  it('drops everything with a reset, and forgets nothing that the limit of all counted', () => {
    const account = new SendAccount(500)
    const stream = sendStream(WINDOW, account)
    stream.write(new Uint8Array(800))
    const slice = stream.next(300)!
    expect(stream.reset()).toBe(300)
    stream.lost(slice)
    stream.acked(slice)
    expect([stream.readiness, account.queuedBytes, account.unsentBytes, account.creditBytes]).toEqual([
      'idle',
      0,
      0,
      200,
    ])
  })

  it('is held by the limit of all streams, but not what was lost', () => {
    const account = new SendAccount(100)
    const stream = sendStream(WINDOW, account)
    stream.write(new Uint8Array(300))
    const slice = stream.next(1_000)!
    expect([slice.length, stream.readiness]).toEqual([100, 'held'])
    stream.lost(slice)
    expect(stream.readiness).toBe('ready')
    expect(stream.next(40)).toMatchObject({ offset: 0, length: 40 })
    expect(stream.next(1_000)).toMatchObject({ offset: 40, length: 60 })
    expect(stream.next(1_000)).toBeUndefined()
  })

  it('tells its writer when to wait, and once when to go on', () => {
    const stream = sendStream(Infinity)
    expect(stream.write(new Uint8Array(ENOUGH_UNSENT_BYTES - 1))).toBe(true)
    expect(stream.write(new Uint8Array(1))).toBe(false)
    expect(stream.takeDrained()).toBe(false)
    stream.next(ENOUGH_UNSENT_BYTES / 2)
    expect([stream.takeDrained(), stream.takeDrained()]).toEqual([true, false])
  })

  it('sends its end alone where nothing else is left to say, and again where that was lost', () => {
    const stream = sendStream(WINDOW)
    stream.write(new Uint8Array(10))
    const first = stream.next(100)!
    stream.finish()
    const end = stream.next(100)!
    expect([first.isLast, end.offset, end.length, end.isLast]).toEqual([false, 10, 0, true])
    stream.lost(end)
    stream.acked(first)
    expect(stream.isComplete).toBe(false)
    stream.acked(stream.next(100)!)
    expect(stream.isComplete).toBe(true)
  })
})
