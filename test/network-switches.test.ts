import { describe, expect, it } from 'vitest'
import { type Settings } from '../preload/contract.ts'
import { DEFAULT_SETTINGS } from '../main/chat/settings.ts'
import { routerWords } from '../main/chat/status/router-words.ts'
import { NetworkSwitches, turnedBySettings } from '../main/network-switches.ts'
import { isTranslated } from '../main/router-door.ts'

describe('the switches towards the network around', () => {
  const turn = (switches: NetworkSwitches, changes: Partial<Settings>) => {
    const applied: Settings[] = []
    const applySettings = (settings: Settings) => void applied.push(settings)
    const shell = { notify: () => undefined, setUnread: () => undefined, applySettings }
    turnedBySettings(shell, switches).applySettings({ ...DEFAULT_SETTINGS, ...changes })
    expect(applied).toHaveLength(1)
    return switches.current
  }
  const unsaid = { portMapping: undefined, lan: undefined }

  it('are on until the settings say otherwise', () => {
    const switches = new NetworkSwitches(unsaid)
    const heard: unknown[] = []
    switches.onTurn((turned) => heard.push(turned))
    expect(switches.current).toEqual({ portMapping: true, lan: true })
    expect(turn(switches, { openRouterPort: false })).toEqual({ portMapping: false, lan: true })
    expect(turn(switches, { findOnLocalNetwork: false })).toEqual({ portMapping: true, lan: false })
    expect(heard).toHaveLength(2)
  })

  it('are heard of until the listener is taken away', () => {
    const switches = new NetworkSwitches(unsaid)
    const heard: unknown[] = []
    const forget = switches.onTurn((turned) => heard.push(turned))
    switches.set({ portMapping: false, lan: true })
    forget()
    switches.set({ portMapping: true, lan: true })
    expect(heard).toEqual([{ portMapping: false, lan: true }])
  })

  it('stay as the command line says', () => {
    const switches = new NetworkSwitches({ ...unsaid, lan: false })
    expect(switches.current).toEqual({ portMapping: true, lan: false })
    expect(turn(switches, { openRouterPort: false })).toEqual({ portMapping: false, lan: false })
  })
})

describe('a computer', () => {
  it.each([
    ['behind a router', ['192.168.1.7'], true],
    ["behind a provider's", ['100.64.0.7', 'fd00::7'], true],
    ['with an address of its own', ['198.18.0.7'], false],
    ['with both', ['10.0.0.7', '198.18.0.7'], false],
    ['without a network', ['169.254.3.4'], false],
    ['with IPv6 alone', ['fd00::7'], false],
  ])('%s: %j', (_name, hosts, expected) => {
    expect(isTranslated(hosts.map((host) => ({ host, port: 1 })))).toBe(expected)
  })
})

describe('what became of the port on the router', () => {
  it.each([
    [undefined, ''],
    [{ state: 'off' as const }, 'Switched off in the settings.'],
    [
      {
        state: 'mapped' as const,
        method: 'nat-pmp' as const,
        external: { host: '198.18.7.7', port: 4700 },
        untilWallMs: 0,
      },
      'Open by NAT-PMP: 198.18.7.7:4700',
    ],
    [
      { state: 'waiting' as const, reason: 'no-gateway' as const, retryWallMs: 0 },
      'This computer has no router to ask.',
    ],
  ])('%j is said in words', (status, words) => {
    expect(routerWords(status)).toBe(words)
  })
})
