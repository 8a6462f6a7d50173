import { parse } from 'valibot'
import { describe, expect, it } from 'vitest'
import { reachView } from '../../main/chat/status/reach-view.ts'
import { type FamilyReach } from '../../main/overlay/api.ts'
import { reachSchema } from '../../preload/contract.ts'

const KNOWN: FamilyReach = {
  kind: 'hard-sequential',
  isMeasuring: false,
  findings: {
    isTranslated: true,
    isPublic: false,
    mapping: 'address-dependent',
    filtering: 'unknown',
    portAssignment: { kind: 'sequential', delta: -2 },
    reflexive: { host: '2001:db8::7', port: 4000 },
    evidence: {
      sightings: [{ observer: '[2001:db8:1::1]:1', address: '[2001:db8::7]:4000' }],
      otherPort: '',
      strangers: { asked: 0, arrived: 0 },
      isCalledByStrangers: false,
      otherPorts: { asked: 2, arrived: 0 },
      freshPorts: [900, 898, 896],
    },
    measuredAtMs: 1_000,
  },
}
const UNKNOWN: FamilyReach = { kind: 'unknown', isMeasuring: true, findings: undefined }

describe('what the window is told of reach', () => {
  it('keeps to the contract and says how old it is', () => {
    const view = reachView({ ipv4: UNKNOWN, ipv6: KNOWN, keepAliveMs: undefined }, 61_000)
    expect(parse(reachSchema, view)).toEqual(view)
    expect(view).toMatchObject({
      ipv4: { kind: 'unknown', isMeasuring: true, findings: null },
      ipv6: {
        kind: 'hard-sequential',
        findings: { outside: '[2001:db8::7]:4000', ports: 'sequential', portStep: -2, ageMs: 60_000 },
      },
      keepAliveMs: 0,
    })
  })
})
