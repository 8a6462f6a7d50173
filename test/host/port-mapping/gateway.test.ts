import { describe, expect, it } from 'vitest'
import {
  gatewayInProcRoute,
  gatewayInRouteGet,
  gatewayInRoutePrint,
} from '../../../main/host/port-mapping/gateway.ts'

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT'
const proc = (...rows: string[]) => [HEAD, ...rows, ''].join('\n')

describe('the default gateway', () => {
  it.each([
    [
      'one default route',
      proc('wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0'),
      '192.168.1.1',
    ],
    [
      'the cable before the Wi-Fi',
      proc(
        'wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0',
        'eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0',
      ),
      '10.0.0.1',
    ],
    [
      'a route without a gateway',
      proc('tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0'),
      undefined,
    ],
    [
      'a network of its own alone',
      proc('eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0'),
      undefined,
    ],
    ['no routes', proc(), undefined],
    ['no such text', '', undefined],
  ])('on Linux: %s', (_name, text, expected) => {
    expect(gatewayInProcRoute(text)).toBe(expected)
  })

  it('on macOS', () => {
    const text =
      '   route to: default\ndestination: default\n       mask: default\n    gateway: 192.168.178.1\n  interface: en0\n'
    expect(gatewayInRouteGet(text)).toBe('192.168.178.1')
    expect(gatewayInRouteGet('    gateway: link#5\n')).toBeUndefined()
  })

  it('on Windows, in any language', () => {
    const text = [
      'Aktive Routen:',
      '     Netzwerkziel    Netzwerkmaske          Gateway    Schnittstelle Metrik',
      '          0.0.0.0          0.0.0.0      192.168.2.1     192.168.2.17     55',
      '          0.0.0.0          0.0.0.0         10.0.0.1         10.0.0.5     25',
      '',
    ].join('\r\n')
    expect(gatewayInRoutePrint(text)).toBe('10.0.0.1')
    expect(gatewayInRoutePrint('')).toBeUndefined()
  })
})
