import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { idFromBytes } from '../../../main/overlay/base/id.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { concat } from '../../../main/overlay/base/bytes.ts'
import {
  decodeHarvest,
  decodeJoin,
  decodeLeaves,
  decodeNamed,
  decodeRow,
  encodeJoin,
  encodeLeaves,
  encodeNamed,
  encodeRow,
} from '../../../main/overlay/wire/ring-questions.ts'
import { HINT_DIGITS, idOfHint } from '../../../main/overlay/wire/id-hints.ts'

const SEED = 1204
const anyId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes(bytes))
const records = [1, 2, 3].map((i) =>
  new Identity(crypto, networkOf(crypto, 'test', 0), {
    node: new Uint8Array(32).fill(i),
    noise: new Uint8Array(32).fill(i + 100),
  }).selfRecord([{ host: '192.0.2.1', port: i }]),
)
const malformed = expect.objectContaining({ code: 'malformed' })
const tooLarge = expect.objectContaining({ code: 'too-large' })

describe('questions over the ring', () => {
  it('name members by the first 16 digits of their ids', () => {
    fc.assert(
      fc.property(fc.array(anyId, { maxLength: 40 }), (members) => {
        const named = members.slice(0, 32).map((id) => id.slice(0, HINT_DIGITS))
        expect(decodeLeaves(encodeLeaves(members))).toEqual(named)
      }),
      { seed: SEED },
    )
  })

  it('take a hint for an id at its place on the ring', () => {
    expect(idOfHint('0123456789abcdef')).toBe('0123456789abcdef'.padEnd(64, '0'))
  })

  it('ask for the missing digits of a row', () => {
    fc.assert(
      fc.property(fc.nat(63), fc.nat(0xffff), (row, missing) => {
        expect(decodeRow(encodeRow(row, missing))).toEqual({ row, missing })
      }),
      { seed: SEED },
    )
    expect(() => decodeRow(encodeRow(64, 1))).toThrowError(malformed)
  })

  it('are answered with records', () => {
    expect(decodeNamed(encodeNamed(records), { crypto })).toEqual(records)
    expect(decodeNamed(encodeNamed([]), { crypto })).toEqual([])
  })

  it('of a join name up to 128 nodes, and are answered with one list behind the other', () => {
    const known = Array.from({ length: 130 }, (_, i) => i.toString(16).padStart(HINT_DIGITS, '0'))
    expect(decodeJoin(encodeJoin(known))).toEqual(known.slice(0, 128))
    const lists = concat(encodeNamed(records.slice(0, 2)), encodeNamed([]), encodeNamed(records.slice(2)))
    expect(decodeHarvest(lists, { crypto })).toEqual(records)
    const endless = concat(...Array.from({ length: 60 }, () => encodeNamed(records)))
    expect(() => decodeHarvest(endless, { crypto })).toThrowError(tooLarge)
    expect(() => decodeJoin(Uint8Array.of(129, ...new Uint8Array(129 * 8)))).toThrowError(tooLarge)
  })

  it('fail with a typed error past their limits, cut short or with something behind', () => {
    const leaves = encodeLeaves(records.map(({ id }) => id))
    expect(() => decodeLeaves(Uint8Array.of(33, ...new Uint8Array(33 * 8)))).toThrowError(tooLarge)
    expect(() => decodeLeaves(leaves.slice(0, -1))).toThrowError(malformed)
    expect(() => decodeLeaves(Uint8Array.of(...leaves, 0))).toThrowError(malformed)
    expect(() => decodeRow(Uint8Array.of(1, 2))).toThrowError(malformed)
    expect(() => decodeRow(Uint8Array.of(1, 2, 3, 4))).toThrowError(malformed)
    expect(() => decodeNamed(Uint8Array.of(161), { crypto })).toThrowError(tooLarge)
    expect(() => decodeNamed(Uint8Array.of(...encodeNamed(records), 0), { crypto })).toThrowError(malformed)
  })

  it('fail with a typed error, or not at all, on any bytes', () => {
    const decoders = [
      decodeLeaves,
      decodeRow,
      decodeJoin,
      (bytes: Uint8Array) => decodeNamed(bytes, { crypto }),
      (bytes: Uint8Array) => decodeHarvest(bytes, { crypto }),
    ]
    const real = [encodeLeaves(records.map(({ id }) => id)), encodeRow(3, 5), encodeNamed(records)]
    const mutated = fc.tuple(fc.constantFrom(...real), fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
      const copy = Uint8Array.from(bytes)
      copy[at % copy.length] = value
      return copy
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), mutated), (bytes) => {
        for (const decode of decoders) {
          try {
            decode(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(BanyanError)
          }
        }
      }),
      { seed: SEED, numRuns: 500 },
    )
  })
})
