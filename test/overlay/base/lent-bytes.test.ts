import { describe, expect, it } from 'vitest'
import { lendBytes, returnBytes } from '../../../main/overlay/base/lent-bytes.ts'

const LARGE = 60_000

describe('lent bytes', () => {
  it('have the length asked for, whatever it is', () => {
    for (const length of [0, 100, 32_768, LARGE, 65_536, 65_537, 131_072])
      expect(lendBytes(length).length).toBe(length)
  })

  it('are lent again once they are back, and not before', () => {
    const first = lendBytes(LARGE)
    const second = lendBytes(LARGE)
    expect(second.buffer).not.toBe(first.buffer)
    returnBytes(first)
    expect(lendBytes(65_507).buffer).toBe(first.buffer)
    expect(lendBytes(LARGE).buffer).not.toBe(first.buffer)
  })

  it('come back once: of two who return the same, one counts', () => {
    const bytes = lendBytes(LARGE)
    returnBytes(bytes)
    returnBytes(bytes)
    const again = [lendBytes(LARGE), lendBytes(LARGE)]
    expect(again[0]!.buffer).toBe(bytes.buffer)
    expect(again[1]!.buffer).not.toBe(bytes.buffer)
  })

  it('never include what somebody else made', () => {
    const theirs = new Uint8Array(65_536)
    returnBytes(theirs)
    expect(lendBytes(65_536).buffer).not.toBe(theirs.buffer)
  })

  it('are kept in a bounded number', () => {
    const many = Array.from({ length: 200 }, () => lendBytes(LARGE))
    for (const bytes of many) returnBytes(bytes)
    const known = new Set(many.map(({ buffer }) => buffer))
    const again = Array.from({ length: 200 }, () => lendBytes(LARGE)).filter(({ buffer }) =>
      known.has(buffer),
    )
    expect(again.length).toBe(32)
  })
})
