import { describe, expect, it } from 'vitest'
import { familyReachSchema, type ReachFindings } from '../../preload/contract.ts'
import { reachEvidence, reachWords } from '../../renderer/words/reach-words.ts'
import { healthOf } from './fake-content.ts'

const KINDS = familyReachSchema.entries.kind.options
const hard = healthOf(0).reach!.ipv4.findings!

const wordsOf = (findings: Partial<ReachFindings>): Record<string, string> =>
  Object.fromEntries(reachEvidence({ ...hard, ...findings }).map(({ term, words }) => [term, words]))

describe('who reaches you', () => {
  it.each(KINDS)('%s: says what it means and what to do, in sentences without jargon', (kind) => {
    const { meaning, next } = reachWords({ kind })
    for (const sentence of [meaning, next]) {
      expect(sentence).toMatch(/^[A-Z].{15,}\.$/)
      expect(sentence).not.toMatch(/\bNAT\b(?!-PMP)|mapping behaviou?r|endpoint|reflexive|undefined/)
    }
  })

  it('says something else for each kind', () => {
    expect(new Set(KINDS.map((kind) => reachWords({ kind }).meaning)).size).toBe(KINDS.length)
  })

  it('says of a router that changes ports what happens instead', () => {
    expect(reachWords({ kind: 'hard' }).meaning).toBe(
      'Your router changes the port for every peer; others reach you through volunteers.',
    )
  })
})

describe('how it is known', () => {
  it('names the terms, who was asked and what came of it', () => {
    expect(wordsOf({})).toEqual({
      'Seen at': '203.0.113.77:50222, an address of the router',
      Mapping: 'address-and-port-dependent: the outside port is another for every computer and port',
      Filtering: 'address-and-port-dependent: lets in exactly the ports that were sent something',
      'Port assignment': 'random (9120, 55001, 31310, 18746)',
      'Asked 198.51.100.4:47110': 'sees 203.0.113.77:50222',
      'Asked 192.0.2.61:40004': 'sees 203.0.113.77:31907',
      'Asked 198.51.100.200:4100': 'sees 203.0.113.77:61004',
      'Its other port': 'sees 203.0.113.77:12880',
      'Knocks by strangers': '3 sent, none arrived',
      'Knocks from other ports': '3 sent, none arrived',
      Measured: '12 minutes ago',
    })
  })

  it.each<[Partial<ReachFindings>, string, string]>([
    [
      { ports: 'sequential', portStep: 2, freshPorts: [7, 9] },
      'Port assignment',
      'sequential, in steps of 2 (7, 9)',
    ],
    [{ isTranslated: false }, 'Port assignment', 'no translation'],
    [{ ports: 'unknown', freshPorts: [] }, 'Port assignment', 'unknown'],
    [{ strangers: { asked: 0, arrived: 0 } }, 'Knocks by strangers', 'nobody could be asked'],
    [{ strangers: { asked: 3, arrived: 2 } }, 'Knocks by strangers', '3 sent, 2 arrived'],
  ])('%j: %s: %s', (findings, term, words) => {
    expect(wordsOf(findings)[term]).toBe(words)
  })
})
