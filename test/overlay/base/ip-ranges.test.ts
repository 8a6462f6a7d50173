import { describe, expect, it } from 'vitest'
import { kindOfHost, ownerRangeOf } from '../../../main/overlay/base/ip-ranges.ts'

describe('what an address means', () => {
  it.each([
    ['198.18.0.1', 'public'],
    ['8.8.8.8', 'public'],
    ['172.15.0.1', 'public'],
    ['172.32.0.1', 'public'],
    ['100.63.0.1', 'public'],
    ['100.128.0.1', 'public'],
    ['2001:db8::1', 'public'],
    ['100:0:0:1::1', 'public'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.7.7', 'private'],
    ['100.64.0.1', 'private'],
    ['100.127.0.1', 'private'],
    ['fd00::1', 'private'],
    ['fe80::1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['0.0.0.0', 'nowhere'],
    ['224.0.0.251', 'nowhere'],
    ['255.255.255.255', 'nowhere'],
    ['::', 'nowhere'],
    ['ff02::1', 'nowhere'],
    ['100::7', 'nowhere'],
    ['example.org', 'nowhere'],
  ])('%s is %s', (host, kind) => {
    expect(kindOfHost(host)).toBe(kind)
  })

  it('one owner has a /24 or a /48', () => {
    expect(ownerRangeOf('198.18.1.2')).toBe(ownerRangeOf('198.18.1.254'))
    expect(ownerRangeOf('198.18.1.2')).not.toBe(ownerRangeOf('198.18.2.2'))
    expect(ownerRangeOf('2001:db8:1:2::1')).toBe(ownerRangeOf('2001:db8:1:ffff::'))
    expect(ownerRangeOf('2001:db8:1::1')).not.toBe(ownerRangeOf('2001:db8:2::1'))
  })
})
