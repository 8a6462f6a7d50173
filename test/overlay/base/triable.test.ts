import { expect, it } from 'vitest'
import { isTriable } from '../../../main/overlay/base/triable.ts'

const OWN = ['192.168.1.7', 'fd00:1::7', '198.51.100.7']

it.each([
  ['203.0.113.9', 4000, true],
  ['2001:db8::9', 4000, true],
  ['203.0.113.9', 0, false],
  ['192.168.1.200', 4000, true],
  ['192.168.2.200', 4000, false],
  ['10.0.0.1', 4000, false],
  ['fd00:1::9', 4000, true],
  ['fd00:2::9', 4000, false],
  ['127.0.0.1', 4000, false],
  ['224.0.0.251', 5353, false],
  ['ff02::fb', 5353, false],
  ['255.255.255.255', 4000, false],
  ['0.0.0.0', 4000, false],
  ['100::1:0:1', 1, false],
  ['not an address', 1, false],
])('%s port %i: %s', (host, port, expected) => {
  expect(isTriable({ host, port }, OWN)).toBe(expected)
})

it('a node on loopback alone tries loopback', () => {
  expect(isTriable({ host: '127.0.0.1', port: 1 }, ['127.0.0.1'])).toBe(true)
})
