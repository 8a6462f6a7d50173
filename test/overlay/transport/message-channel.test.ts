import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageReceiver, MessageSender } from '../../../main/overlay/transport/message-channel.ts'
import { PacketWriter } from '../../../main/overlay/wire/packet-codec.ts'
import { sendStream } from './halves.ts'

describe('messages over a stream', () => {
  it('come out whole, however the stream is cut', () => {
    const sizes = fc.array(fc.constantFrom(0, 1, 63, 64, 300, 16_383, 16_384, 20_000), { maxLength: 8 })
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1 }), (lengths, cuts) => {
        const stream = sendStream(Infinity)
        const sender = new MessageSender(stream)
        lengths.forEach((length, i) => sender.send(new Uint8Array(length).fill(i)))
        const received: string[] = []
        const receiver = new MessageReceiver((message) => received.push(`${message.length} of ${message[0]}`))
        const out = new PacketWriter(5_000)
        for (let i = 0; ; i++) {
          const slice = stream.next(cuts[i % cuts.length]!)
          if (!slice) break
          out.reset()
          stream.copyTo(out, slice)
          receiver.receive(out.written)
        }
        expect(received).toEqual(lengths.map((length, i) => `${length} of ${length > 0 ? i : undefined}`))
      }),
    )
  })

  it('report each message once its last byte is acknowledged, or that it never was', () => {
    const stream = sendStream(Infinity)
    const sender = new MessageSender(stream)
    const reports: string[] = []
    for (const name of ['a', 'b', 'c'])
      sender.send(new Uint8Array(10), (delivered) => reports.push(`${name} ${delivered}`))
    stream.acked({ offset: 0, length: 21, isLast: false })
    sender.settle()
    expect(reports).toEqual(['a true'])
    stream.acked({ offset: 21, length: 1, isLast: false })
    sender.settle()
    sender.fail()
    sender.fail()
    expect(reports).toEqual(['a true', 'b true', 'c false'])
  })

  it('refuse a length past the limit before any memory is taken', () => {
    const receiver = new MessageReceiver(() => {})
    const claim = Uint8Array.of(0xbf, 0xff, 0xff, 0xff)
    expect(() => receiver.receive(claim)).toThrowError(expect.objectContaining({ code: 'too-large' }))
  })
})
