import { describe, expect, it } from 'vitest'
import { isInSubnet } from '../../../main/overlay/base/subnet.ts'

describe('a subnet', () => {
  it.each([
    ['192.168.1.77', '192.168.1.5/24', true],
    ['192.168.2.77', '192.168.1.5/24', false],
    ['10.3.255.1', '10.0.0.1/14', true],
    ['10.4.0.1', '10.0.0.1/14', false],
    ['8.8.8.8', '10.0.0.1/0', true],
    ['10.0.0.1', '10.0.0.1/32', true],
    ['10.0.0.2', '10.0.0.1/32', false],
    ['fd00::1', 'fd00::9/64', true],
    ['fd00:0:0:1::1', 'fd00::9/64', false],
    ['fd00::1', '10.0.0.1/8', false],
    ['nobody', '10.0.0.1/8', false],
    ['10.0.0.1', '10.0.0.1', false],
    ['10.0.0.1', '', false],
  ])('%s in %s: %s', (host, cidr, expected) => {
    expect(isInSubnet(host, cidr)).toBe(expected)
  })
})
