import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { type Id, idFromBytes } from '../../../main/overlay/base/id.ts'
import { digestOf, type Held, RangeTree } from '../../../main/overlay/dht/range-tree.ts'

const SEED = 231

function held(n: number, sequence = 0): Held {
  const key = idFromBytes(crypto.hash(utf8(`${n}`)))
  return { key, digest: digestOf(crypto, key, sequence, 1_000_000) }
}

function differing(a: RangeTree<Held>, b: RangeTree<Held>, prefix = ''): Id[] {
  const [one, other] = [a.fingerprint(prefix), b.fingerprint(prefix)]
  if (one.count === other.count && one.fingerprint.every((byte, i) => byte === other.fingerprint[i]))
    return []
  if (one.count + other.count <= 1) return [...a.within(prefix), ...b.within(prefix)].map(({ key }) => key)
  return a.parts(prefix).flatMap((part) => differing(a, b, part.prefix))
}

it(`two trees differ in exactly what only one of them holds, in whatever order they were filled (seed ${SEED})`, () => {
  const numbers = fc.uniqueArray(fc.nat(5000), { maxLength: 400 })
  fc.assert(
    fc.property(numbers, fc.uniqueArray(fc.nat(5000), { maxLength: 8 }), (common, extra) => {
      const more = extra.filter((n) => !common.includes(n))
      const a = new RangeTree(
        crypto,
        common.map((n) => held(n)),
      )
      const b = new RangeTree(
        crypto,
        [...more, ...common].reverse().map((n) => held(n)),
      )
      expect(differing(a, b).sort()).toEqual(more.map((n) => held(n).key).sort())
    }),
    { seed: SEED, numRuns: 60 },
  )
})

it('a newer version of one of ten thousand is seen, and two ranges are looked at on each of a few levels', () => {
  const entries = Array.from({ length: 10_000 }, (_, n) => held(n))
  const a = new RangeTree(crypto, entries)
  const b = new RangeTree(
    crypto,
    entries.map((each, n) => (n === 4711 ? held(n, 1) : each)),
  )
  let prefix = ''
  while (a.fingerprint(prefix).count > 16) {
    const parts = b.parts(prefix)
    const unequal = a
      .parts(prefix)
      .filter(({ fingerprint }, i) => fingerprint.some((byte, at) => byte !== parts[i]!.fingerprint[at]))
    expect(unequal.length).toBe(1)
    prefix = unequal[0]!.prefix
  }
  expect(prefix.length).toBeLessThanOrEqual(4)
  expect(a.within(prefix).map(({ key }) => key)).toContain(held(4711).key)
})
