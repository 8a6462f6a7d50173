import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { ERROR_CODES } from '../../main/overlay/base/errors.ts'
import { MAX_TEXT_BYTES } from '../../preload/contract.ts'
import { BridgeError } from '../../preload/dispatch.ts'
import { findLink } from '../../renderer/features/contacts/find-link.ts'
import { qrPath } from '../../renderer/features/contacts/qr-path.ts'
import { safetyGroups } from '../../renderer/features/contacts/safety-groups.ts'
import { bytesLeft } from '../../renderer/words/byte-count.ts'
import { byteSize } from '../../renderer/words/byte-size.ts'
import { errorWords } from '../../renderer/words/error-words.ts'
import { initial } from '../../renderer/words/initial.ts'
import { passphraseStrength } from '../../renderer/words/passphrase-strength.ts'
import { checkPhrase, splitPhrase } from '../../renderer/words/phrase-check.ts'
import { detailsOf, lossWords } from '../../renderer/words/session-words.ts'
import { contactWords, markWords } from '../../renderer/words/state-words.ts'
import { textParts } from '../../renderer/words/text-parts.ts'
import {
  agoWords,
  clockTime,
  dayLabel,
  daysBetween,
  durationWords,
  listTime,
} from '../../renderer/words/times.ts'
import { contactOf, SAFETY_NUMBER, WORDS } from './fake-content.ts'

describe('text parts', () => {
  const links = (text: string): string[] =>
    textParts(text).flatMap((part) => (part.kind === 'link' ? [part.text] : []))

  it.each([
    ['see https://example.org.', ['https://example.org']],
    ['(https://example.org/a_(b))', ['https://example.org/a_(b)']],
    ['"http://example.org/x?y=1#z", really?', ['http://example.org/x?y=1#z']],
    ['HTTPS://EXAMPLE.ORG/A!', ['HTTPS://EXAMPLE.ORG/A']],
    ['two: http://a.example http://b.example', ['http://a.example', 'http://b.example']],
    ['javascript:alert(1) file:///etc/passwd banyan:abc data:text/html,x', []],
    ['https://bank.example@evil.example/', []],
    ['https:// and http://.', []],
    ['<a href="https://example.org/">x</a>', ['https://example.org/']],
  ])('%s', (text, expected) => {
    expect(links(text)).toEqual(expected)
  })

  it('never loses or changes a character, and links only to the web', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('https://', 'http://a.example/(', ')', '.', ' ', '\n', '@'),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('')
        const parts = textParts(text)
        expect(parts.map((part) => part.text).join('')).toBe(text)
        for (const part of parts) if (part.kind === 'link') expect(part.href).toMatch(/^https?:\/\//)
      }),
    )
  })
})

describe('times', () => {
  const now = new Date(2026, 2, 18, 14, 5).getTime()
  const at = (...parts: [number, number, number, number?, number?]): number =>
    new Date(parts[0], parts[1], parts[2], parts[3] ?? 12, parts[4] ?? 0).getTime()

  it('names days by the calendar, not by hours', () => {
    expect(listTime(at(2026, 2, 18, 0, 1), now)).toBe(clockTime(at(2026, 2, 18, 0, 1)))
    expect(listTime(at(2026, 2, 17, 23, 59), now)).toBe('Yesterday')
    expect(listTime(at(2024, 2, 17), now)).toContain('2024')
    expect(dayLabel(now, now)).toBe('Today')
    expect(dayLabel(at(2026, 2, 17), now)).toBe('Yesterday')
    expect(dayLabel(at(2026, 2, 16), now)).toBe('Monday')
    expect(dayLabel(now + 3_600_000, now)).toBe('Today') // another clock runs ahead
  })

  it('counts a day of 23 hours as a day', () => {
    for (let day = 1; day < 366; day += 1)
      expect(daysBetween(new Date(2026, 0, day, 23).getTime(), new Date(2026, 0, day + 1, 1).getTime())).toBe(
        1,
      )
  })

  it.each([
    [20_000, 'just now'],
    [60_000, '1 minute ago'],
    [59 * 60_000, '59 minutes ago'],
  ])('%i ms ago is %s', (ms, words) => expect(agoWords(now - ms, now)).toBe(words))

  it.each([
    [1_000, '1 second'],
    [61_000, '1 minute'],
    [3 * 3_600_000, '3 hours'],
    [72 * 3_600_000, '3 days'],
  ])('%i ms is %s', (ms, words) => expect(durationWords(ms)).toBe(words))
})

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9_949, '9.9 kB'],
    [9_960, '10 kB'],
    [999_600, '1.0 MB'],
    [23_000_000, '23 MB'],
  ])('%i bytes are %s', (bytes, words) => expect(byteSize(bytes)).toBe(words))

  it('counts the bytes left as the node does', () => {
    expect(bytesLeft('hello')).toBeNull()
    expect(bytesLeft('a'.repeat(MAX_TEXT_BYTES))).toBe(0)
    expect(bytesLeft('€'.repeat(22_000))).toBe(MAX_TEXT_BYTES - 66_000)
    expect(bytesLeft('🌳'.repeat(16_385))).toBe(-4)
  })
})

describe('a session', () => {
  const figures = {
    law: 'bbr' as const,
    rttVariationMs: 1.25,
    leastRttMs: 20,
    windowBytes: 14_720,
    bytesInFlight: 0,
    pacingBytesPerSecond: null,
    packetBytes: 1_472,
    sentPackets: 2_000,
    receivedPackets: 1,
    lostPackets: 0,
    resentPackets: 1,
    resentBytes: 1_100,
  }

  it.each([
    [0, 2_000, '0 %'],
    [0, 0, '0 %'],
    [1, 2_000, '< 0.1 %'],
    [28, 2_000, '1.4 %'],
    [240, 2_000, '12 %'],
  ])('that lost %i of %i packets lost %s', (lostPackets, sentPackets, words) =>
    expect(lossWords({ ...figures, lostPackets, sentPackets })).toBe(words),
  )

  it('has words for everything that the transport knows', () => {
    const told = Object.fromEntries(detailsOf(figures).map(({ label, value }) => [label, value]))
    expect(told).toEqual({
      'Least round trip': '20 ms',
      'It varies by': '1.3 ms',
      Window: '15 kB',
      'Under way': '0 B',
      Pace: 'not known yet',
      'Packet size': `${(1_472).toLocaleString()} bytes`,
      Lost: `0 of ${(2_000).toLocaleString()} packets`,
      'Sent again': '1.1 kB in 1 packet',
      Received: '1 packet',
      'Congestion control': 'BBR',
    })
  })
})

describe('errors', () => {
  it('has words for every code of the node, and never shows a code', () => {
    for (const code of ERROR_CODES) {
      const words = errorWords({ code })
      expect(words.length, code).toBeGreaterThan(10)
      if (code !== 'internal') expect(words, code).not.toBe(errorWords({ code: 'internal' }))
    }
    expect(errorWords({ code: 'constructor' })).toBe(errorWords(new Error('x')))
  })

  it('leaves it to the node to say what is wrong with a link', () => {
    const newer = new BridgeError('malformed', 'This link was made by a newer version of Banyan.')
    expect(errorWords(newer, 'link')).toBe(newer.message)
    expect(errorWords(newer, 'topic')).not.toBe(newer.message)
    expect(errorWords(new BridgeError('internal', 'TypeError'), 'link')).toBe(
      errorWords({ code: 'internal' }),
    )
  })

  it('does not blame an input for the network', () => {
    for (const task of ['link', 'phrase', 'topic'] as const)
      expect(errorWords({ code: 'unreachable' }, task)).toMatch(/network cannot be reached.*nothing is lost/i)
  })
})

describe('phrases', () => {
  it('accepts a saved file with its numbers', () => {
    const file = WORDS.map((word, index) => `${index + 1}. ${word}`).join('\n')
    expect(splitPhrase(file)).toEqual(WORDS)
    expect(checkPhrase(file, wordlist, false)).toMatchObject({ problem: '', isComplete: true })
  })

  it('names the word that is wrong, and the one that was meant', () => {
    const typed = WORDS.with(5, 'sausge').join(' ')
    expect(checkPhrase(typed, wordlist, false).problem).toBe(
      'Word 6, “sausge”, is not in the list. Did you mean “sausage”?',
    )
  })

  it('waits for a word to be finished', () => {
    expect(checkPhrase('legal winn', wordlist, true).problem).toBe('')
    expect(checkPhrase('legal winn ', wordlist, true).problem).toContain('Word 2')
    expect(checkPhrase('legal xq', wordlist, true).problem).toContain('Word 2')
  })

  it('counts', () => {
    expect(checkPhrase([...WORDS, 'title'].join(' '), wordlist, false).problem).toContain('25 words')
    expect(checkPhrase(WORDS.slice(1).join(' '), wordlist, false)).toMatchObject({
      problem: '',
      isComplete: false,
    })
  })
})

describe('people', () => {
  const now = new Date(2026, 2, 18, 14, 5).getTime()

  it('says how a contact is doing', () => {
    expect(contactWords(contactOf('Bob', { relation: 'waiting' }), now)).toBe('Waiting for Bob to accept')
    expect(contactWords(contactOf('Bob', { presence: 'online' }), now)).toBe('Online')
    expect(contactWords(contactOf('Bob', { lastSeenMs: now - 120_000 }), now)).toBe('Last seen 2 minutes ago')
    expect(contactWords(contactOf('Bob'), now)).toBe('Offline')
  })

  it('repeats what the node says a queued message waits for', () => {
    expect(markWords({ state: 'queued', stateReason: 'Waits for Bob to come online' })).toBe(
      'Waits for Bob to come online',
    )
  })

  it('takes whole characters as initials', () => {
    expect([initial('ada'), initial(' 👩‍🔬 lab'), initial('')]).toEqual(['A', '👩‍🔬', '?'])
  })

  it('judges passphrases', () => {
    expect(passphraseStrength('short').level).toBe(1)
    expect(passphraseStrength('password123').level).toBe(1)
    expect(passphraseStrength('river stone lamp moss').level).toBe(4)
  })

  it('cuts safety numbers into twelve groups', () => {
    expect(safetyGroups(SAFETY_NUMBER)).toHaveLength(12)
    expect(safetyGroups(SAFETY_NUMBER.replaceAll(' ', ''))).toEqual(safetyGroups(SAFETY_NUMBER))
  })

  it('finds an invitation in a letter', () => {
    expect(findLink('Hi! Add me: banyan:abc_-DEF123.\nBye')).toBe('banyan:abc_-DEF123')
    expect(findLink('nothing here')).toBeNull()
  })

  it('draws a QR code as one path inside its square', async () => {
    const { path, modules } = await qrPath('banyan:' + 'a'.repeat(300))
    expect(modules).toBeGreaterThan(21)
    expect(path.startsWith('M0 0h7v1H0z')).toBe(true) // the finder pattern's upper edge
    await expect(qrPath('a'.repeat(5_000))).rejects.toBeDefined()
  })
})
