// A peer with a session of ours that sends what it likes: well-formed frames in an order nobody would send. Each is applied, or is a
// typed error that ends the session; whatever it sends, what is kept for it stays bounded.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { MAX_FRAGMENTS } from '../../../main/overlay/transport/receive-stream.ts'
import { SESSION_WINDOW_BYTES } from '../../../main/overlay/transport/opened-streams.ts'
import { SessionStreams, type StreamFrame } from '../../../main/overlay/transport/session-streams.ts'
import { MAX_OPEN_STREAMS } from '../../../main/overlay/transport/stream-table.ts'
import { STREAM_WINDOW_BYTES, type Stream } from '../../../main/overlay/transport/stream.ts'
import { PacketWriter } from '../../../main/overlay/wire/packet-codec.ts'

function streams(opened: (stream: Stream) => void = () => {}): SessionStreams {
  return new SessionStreams(true, {
    nowMs: () => 0,
    rttMs: () => 0,
    message: () => {},
    opened,
    datagram: () => {},
    guard: (listener) => listener(),
    wake: () => {},
    mayBackgroundLeave: () => true,
  })
}

function codeOf(receive: () => unknown): string {
  try {
    receive()
    return 'taken'
  } catch (error) {
    expect(error).toBeInstanceOf(BanyanError)
    return (error as BanyanError).code
  }
}

function piece(id: number, offset: number, length: number, isLast = false): StreamFrame {
  return { type: 'stream', id, offset, isLast, data: new Uint8Array(length) }
}

const far = 2 ** 50
const id = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(8_195, 8_197, far, far + 1))
const size = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(STREAM_WINDOW_BYTES, far))
const frame: fc.Arbitrary<StreamFrame> = fc.oneof(
  fc.record({
    type: fc.constant('stream' as const),
    id,
    offset: size,
    isLast: fc.boolean(),
    data: fc.uint8Array({ maxLength: 30 }),
  }),
  fc.record({ type: fc.constant('reset-stream' as const), id, code: size, size }),
  fc.record({ type: fc.constant('stop-sending' as const), id, code: size }),
  fc.record({ type: fc.constant('max-stream-data' as const), id, limitBytes: size }),
  fc.record({ type: fc.constant('max-data' as const), limitBytes: size }),
  fc.record({ type: fc.constant('max-streams' as const), count: size }),
  fc.record({ type: fc.constant('datagram' as const), data: fc.uint8Array({ maxLength: 30 }) }),
)

describe('frames of a peer that keeps no rule', () => {
  it('are taken, or are typed errors, and are answered within bounds', () => {
    const out = new PacketWriter(1_200)
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 60 }), fc.boolean(), (frames, isReading) => {
        const session = streams((stream) => {
          if (!isReading) return
          stream.on({ end: () => stream.finish() })
          stream.write(new Uint8Array(20))
        })
        for (let i = 0; i < 4; i++) session.open().write(new Uint8Array(2_000))
        for (const next of frames) {
          const code = codeOf(() => session.receive(next))
          expect(['taken', 'malformed', 'quota', 'too-large']).toContain(code)
          out.reset()
          session.write(out, [])
        }
        expect(session.tableSizes.streams).toBeLessThanOrEqual(frames.length + 4)
        session.fail()
      }),
      { numRuns: 2_000 },
    )
  })

  it.each<[string, StreamFrame, string]>([
    ['a stream between the messages and the first', piece(3, 0, 1), 'malformed'],
    ['data of a stream of ours that we never opened', piece(4, 0, 1), 'malformed'],
    ['a limit for such a stream', { type: 'max-stream-data', id: 6, limitBytes: 1 }, 'malformed'],
    ['the last stream granted', piece(5 + 2 * (MAX_OPEN_STREAMS - 1), 0, 1), 'taken'],
    ['one stream more', piece(5 + 2 * MAX_OPEN_STREAMS, 0, 1), 'quota'],
    ['a stream up to its window', piece(5, STREAM_WINDOW_BYTES - 1, 1), 'taken'],
    ['a stream past its window', piece(5, STREAM_WINDOW_BYTES, 1), 'quota'],
    ['a reset past the window', { type: 'reset-stream', id: 5, code: 0, size: far }, 'quota'],
    ['a reset of a message stream', { type: 'reset-stream', id: 0, code: 0, size: 0 }, 'malformed'],
    ['a stop of a message stream', { type: 'stop-sending', id: 0, code: 0 }, 'malformed'],
  ])('%s', (_name, sent, code) => {
    expect(codeOf(() => streams().receive(sent))).toBe(code)
  })

  it('cannot go past the limit of all streams with many small ones', () => {
    const session = streams()
    const perStream = SESSION_WINDOW_BYTES / 8
    for (let i = 0; i < 8; i++) expect(session.receive(piece(5 + 2 * i, perStream - 1, 1))).toBe(true)
    expect(codeOf(() => session.receive(piece(21, 0, 1)))).toBe('quota')
  })

  it('share one bound on what is kept out of order', () => {
    const session = streams()
    let kept = 0
    for (let i = 0; i < 40; i++)
      for (let k = 1; k < 400; k += 2) if (session.receive(piece(5 + 2 * i, k, 1))) kept++
    expect([kept, session.tableSizes.fragments]).toEqual([MAX_FRAGMENTS, MAX_FRAGMENTS])
  })

  it('keep no byte twice, however pieces overlap', () => {
    const session = streams()
    const length = 65_000
    for (let i = 1; i <= 4_096; i++) expect(session.receive(piece(5, i, length))).toBe(true)
    expect(session.tableSizes.fragmentBytes).toBe(4_095 + length)
    for (let i = 4_096; i > 0; i--) expect(session.receive(piece(7, i, length))).toBe(true)
    expect(session.tableSizes.fragmentBytes).toBe(2 * (4_095 + length))
  })

  it('cost about what they bring, where many streams are not read', () => {
    const session = streams()
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < MAX_OPEN_STREAMS; i++) session.receive(piece(5 + 2 * i, 0, 100))
    const bytes = MAX_OPEN_STREAMS * 100
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * bytes)
    expect(session.tableSizes.streams).toBe(MAX_OPEN_STREAMS)
  })

  it('do not bring a stream back that is over', () => {
    let opened = 0
    const session = streams((stream) => {
      opened++
      stream.stop(1)
      stream.reset(1)
    })
    session.receive(piece(5, 0, 10, true))
    const sent: { acked(): void }[] = []
    session.write(new PacketWriter(1_200), sent as [])
    for (const owed of sent) owed.acked()
    expect([opened, session.tableSizes.streams, session.tableSizes.streamRanges]).toEqual([1, 0, 1])
    expect(session.receive(piece(5, 0, 10, true))).toBe(true)
    expect([opened, session.tableSizes.streams]).toEqual([1, 0])
  })
})
