import { describe, expect, it } from 'vitest'
import { ipScope } from '../../../main/overlay/base/ip-scope.ts'

describe('how far an address is good for', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['10.9.8.7', 'private'],
    ['172.31.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.0.1', 'private'],
    ['100.64.0.1', 'private'],
    ['100.128.0.1', 'public'],
    ['169.254.1.1', 'link'],
    ['fe80::1', 'link'],
    ['fd00::1', 'private'],
    ['2606:4700::1', 'public'],
    ['8.8.8.8', 'public'],
    ['224.0.0.251', 'none'],
    ['ff02::fb', 'none'],
    ['0.0.0.0', 'none'],
    ['::', 'none'],
    ['banyan.example', 'none'],
  ])('%s: %s', (host, scope) => {
    expect(ipScope(host)).toBe(scope)
  })
})
