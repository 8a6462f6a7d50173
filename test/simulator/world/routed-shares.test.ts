import { expect, it } from 'vitest'
import { APPLICATION, MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { wireBytesOf } from '../../../simulator/world/session-costs.ts'
import { RoutedShares } from '../../../simulator/world/routed-shares.ts'

function message(type: number, requestId: number, application: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes.set([type, requestId], 0)
  if (type === MESSAGE.routed) bytes[41] = application
  return bytes
}

it('books an answer where its request was booked, and an unknown application as a send', () => {
  const shares = new RoutedShares()
  shares.add(message(MESSAGE.routed, 1, APPLICATION.ping, 100))
  shares.add(message(MESSAGE.routed, 2, 200, 200))
  shares.add(message(MESSAGE.routedReply, 1, 0, 50))
  shares.add(message(MESSAGE.routedReply, 2, 0, 60))
  shares.add(message(MESSAGE.leafHints, 1, 0, 1000))
  expect(shares.all()).toEqual([
    { type: 'send', packets: 1, bytes: wireBytesOf(200, 1) },
    { type: 'ping', packets: 1, bytes: wireBytesOf(100, 1) },
    { type: 'send reply', packets: 1, bytes: wireBytesOf(60, 1) },
    { type: 'ping reply', packets: 1, bytes: wireBytesOf(50, 1) },
  ])
})
