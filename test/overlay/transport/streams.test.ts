import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReceiveStream } from '../../../main/overlay/transport/receive-stream.ts'
import { SendStream, type Slice } from '../../../main/overlay/transport/send-stream.ts'

const WINDOW = 1_000

describe('a sending and a receiving stream', () => {
  it('carry all bytes in order through any loss, repetition and disorder', () => {
    const fate = fc.record({
      room: fc.integer({ min: 1, max: 90 }),
      outcome: fc.constantFrom('arrives', 'late', 'lost', 'ack lost', 'twice'),
    })
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 }),
        fc.array(fate, { maxLength: 80 }),
        (writes, fates) => {
          const sender = new SendStream(0, WINDOW)
          const received: number[] = []
          const receiver = new ReceiveStream(WINDOW, (bytes) => received.push(...bytes))
          const all = writes.flatMap((length, which) =>
            Array.from({ length }, (_, i) => (which * 7 + i) & 255),
          )
          let from = 0
          for (const length of writes) sender.write(Uint8Array.from(all.slice(from, (from += length))))
          const late: Slice[] = []
          const deliver = (slice: Slice) =>
            expect(receiver.receive(slice.offset, sender.read(slice), false)).toBe(true)
          const settle = (slice: Slice) => {
            deliver(slice)
            sender.acked(slice)
          }
          const step = (room: number, outcome: string): boolean => {
            const limit = receiver.nextLimit()
            if (limit !== undefined) sender.raiseLimit(limit)
            const slice = sender.next(room, Infinity)
            if (!slice) return false
            if (outcome === 'late') late.push(slice)
            else if (outcome === 'lost') sender.lost(slice)
            else if (outcome === 'ack lost') {
              deliver(slice)
              sender.lost(slice)
            } else settle(slice)
            if (outcome === 'twice')
              receiver.receive(
                slice.offset,
                Uint8Array.from(all.slice(slice.offset, slice.offset + slice.length)),
                false,
              )
            return true
          }
          for (const { room, outcome } of fates) step(room, outcome)
          for (const slice of late.reverse()) settle(slice)
          while (step(50, 'arrives'));
          expect(received).toEqual(all)
          expect(sender.queuedBytes).toBe(0)
          expect(receiver.fragmentCount).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('refuse what lies past the limit, and a changed end', () => {
    const receiver = new ReceiveStream(WINDOW, () => {})
    const limit = expect.objectContaining({ code: 'quota' })
    expect(() => receiver.receive(WINDOW - 1, new Uint8Array(2), false)).toThrowError(limit)
    receiver.receive(0, new Uint8Array(10), true)
    expect(receiver.isFinished).toBe(true)
    const malformed = expect.objectContaining({ code: 'malformed' })
    expect(() => receiver.receive(5, new Uint8Array(10), false)).toThrowError(malformed)
    expect(() => receiver.receive(0, new Uint8Array(5), true)).toThrowError(malformed)
  })

  it('keep a bounded number of fragments', () => {
    const receiver = new ReceiveStream(1_000_000, () => {})
    let kept = 0
    for (let i = 1; i < 20_000; i += 2) if (receiver.receive(i, Uint8Array.of(1), false)) kept++
    expect(kept).toBe(receiver.fragmentCount)
    expect(kept).toBe(2_048)
  })
})
