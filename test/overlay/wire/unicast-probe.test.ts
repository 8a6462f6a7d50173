import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { BanyanError, codeOf } from '../../../main/overlay/base/errors.ts'
import { type Id } from '../../../main/overlay/base/id.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import {
  decodeProbe,
  encodeProbe,
  isNewsTo,
  newProbe,
  oneHopFarther,
  type UnicastProbe,
  verifyProbe,
} from '../../../main/overlay/wire/unicast-probe.ts'

const SEED = 1206
const network = networkOf(crypto, 'test', 0)
const MOST_HOPS = 12

function identityOf(number: number): Identity {
  const seeds = { node: new Uint8Array(32).fill(number), noise: new Uint8Array(32).fill(number + 100) }
  return new Identity(crypto, network, seeds)
}

const [alice, mallory] = [identityOf(1), identityOf(2)]

function probeOf(one: Identity, terms: Partial<Parameters<typeof newProbe>[3]> = {}): UnicastProbe {
  const origin = {
    record: one.selfRecord([{ host: '192.0.2.7', port: 4000 }]),
    nodeKey: one.nodeKey,
    secret: new Uint8Array(16).fill(9),
  }
  const nearest = { above: undefined, below: undefined }
  const usual = { sequence: 1_767_225_600, copy: 1, mostHops: MOST_HOPS, lifeSeconds: 165, nearest }
  return newProbe(crypto, network.id, origin, { ...usual, ...terms })
}

/** As it stands after so many links, at nodes that all keep to the rules. */
function after(links: number, probe = probeOf(alice)): UnicastProbe {
  let moved = probe
  for (let i = 1; i < links; i++) moved = oneHopFarther(moved, crypto)
  return moved
}

/** The error code, or 'believed'. */
function verdict(probe: UnicastProbe, hops: number, networkId: Uint8Array = network.id): string {
  try {
    verifyProbe(probe, hops, crypto, networkId)
    return 'believed'
  } catch (error) {
    return codeOf(error)
  }
}

describe('a probe on its way', () => {
  it('survives the wire', () => {
    const anyTerms = fc.record({
      sequence: fc.nat(0xffffffff),
      copy: fc.nat(255),
      mostHops: fc.integer({ min: 1, max: 64 }),
    })
    fc.assert(
      fc.property(anyTerms, fc.boolean(), (terms, hasNeighbours) => {
        const nearest = { above: 'ab'.repeat(32) as Id, below: '0c'.repeat(32) as Id }
        const probe = probeOf(alice, hasNeighbours ? { ...terms, nearest } : terms)
        expect(decodeProbe(encodeProbe(probe), { crypto })).toEqual(probe)
      }),
      { seed: SEED, numRuns: 30 },
    )
  })

  it('is believed at every hop up to the most it may cross, and not behind', () => {
    for (let hops = 1; hops <= MOST_HOPS; hops++) expect(verdict(after(hops), hops)).toBe('believed')
    expect(verdict(after(MOST_HOPS + 1), MOST_HOPS + 1)).toBe('malformed')
    expect(verdict(after(1), 0)).toBe('malformed')
  })

  it('cannot be made to look nearer than whoever relays it got it', () => {
    const pairs = fc.tuple(fc.integer({ min: 2, max: MOST_HOPS }), fc.integer({ min: 1, max: MOST_HOPS }))
    fc.assert(
      fc.property(pairs, fc.uint8Array({ minLength: 16, maxLength: 16 }), ([got, claimed], guess) => {
        fc.pre(claimed < got)
        const probe = after(got)
        expect(verdict(probe, claimed)).toBe('bad-signature')
        expect(verdict({ ...probe, chain: Uint8Array.from(guess) }, claimed)).toBe('bad-signature')
        expect(verdict({ ...probe, chain: probe.anchor }, claimed)).toBe('bad-signature')
      }),
      { seed: SEED, numRuns: 60 },
    )
  })

  it('cannot be made to look farther without hashing on, which only its own teller loses by', () => {
    const probe = after(3)
    expect(verdict(probe, 5)).toBe('bad-signature')
    expect(verdict(oneHopFarther(oneHopFarther(probe, crypto), crypto), 5)).toBe('believed')
  })

  it('keeps the terms its origin signed: sequence, copy, limit and anchor', () => {
    const probe = after(2)
    const longer = probeOf(alice, { mostHops: MOST_HOPS + 9 })
    const changes: Partial<UnicastProbe>[] = [
      { sequence: probe.sequence + 1 },
      { copy: 0 },
      { anchor: crypto.hash(probe.anchor).slice(0, 16) },
      { mostHops: longer.mostHops, anchor: longer.anchor, chain: after(2, longer).chain },
      { mostHops: MOST_HOPS - 1, chain: after(1).chain },
      { mostHops: MOST_HOPS + 1, chain: after(3).chain },
    ]
    for (const change of changes) expect(verdict({ ...probe, ...change }, 2)).toBe('bad-signature')
  })

  it('is nobody’s but its origin’s, and of no other network', () => {
    const forged = { ...probeOf(mallory), origin: alice.selfRecord([]) }
    expect(verdict(forged, 1)).toBe('bad-signature')
    const key = Uint8Array.from(mallory.nodeKey.publicKey)
    expect(verdict({ ...after(1), origin: { ...alice.selfRecord([]), nodeKey: key } }, 1)).toBe(
      'bad-signature',
    )
    expect(verdict(after(1), 1, networkOf(crypto, 'other', 0).id)).toBe('bad-signature')
  })

  it('has an id that is the hash of its key, whatever its bytes say', () => {
    const encoded = encodeProbe(after(1))
    encoded.set(mallory.nodeKey.publicKey, 0)
    expect(decodeProbe(encoded, { crypto }).origin.id).toBe(mallory.id)
  })
})

describe('what an origin does not seem to know', () => {
  const place = (start: string): Id => start.padEnd(64, '0') as Id
  const probe = (own: string, above?: string, below?: string): UnicastProbe => ({
    ...probeOf(alice, { nearest: { above: above && place(above), below: below && place(below) } as never }),
    origin: { ...alice.selfRecord([]), id: place(own) },
  })
  const table: [name: string, probe: UnicastProbe, id: string, isNews: boolean][] = [
    ['between it and the next above', probe('50', '60', '40'), '58', true],
    ['between it and the next below', probe('50', '60', '40'), '48', true],
    ['beyond both', probe('50', '60', '40'), '70', false],
    ['the next above itself', probe('50', '60', '40'), '60', false],
    ['the origin itself', probe('50', '60', '40'), '50', false],
    ['across zero, above', probe('f0', '10', 'e0'), '05', true],
    ['across zero, below', probe('10', '20', 'f0'), 'f8', true],
    ['across zero, beyond', probe('10', '20', 'f0'), 'e8', false],
    ['anybody, where it names nobody', probe('50'), '90', true],
  ]
  it.each(table)('%s', (_name, one, id, isNews) => {
    expect(isNewsTo(one, place(id))).toBe(isNews)
  })
})

it('any bytes, and any change to real ones, fail with a typed error or are not believed', () => {
  const real = encodeProbe(after(2))
  const firstHint = real.length - 16
  const mutated = fc.tuple(fc.nat(real.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
    const copy = Uint8Array.from(real)
    copy[at] = copy[at]! ^ flip
    return { bytes: copy, isSigned: isCovered(at, firstHint) }
  })
  const noise = fc.uint8Array({ maxLength: 400 }).map((bytes) => ({ bytes, isSigned: true }))
  const cut = fc.nat(real.length - 1).map((end) => ({ bytes: real.slice(0, end), isSigned: true }))
  fc.assert(
    fc.property(fc.oneof(mutated, noise, cut), ({ bytes, isSigned }) => {
      try {
        verifyProbe(decodeProbe(bytes, { crypto }), 2, crypto, network.id)
        expect(isSigned).toBe(false)
      } catch (error) {
        if (!(error instanceof BanyanError)) throw error
      }
    }),
    { seed: SEED, numRuns: 600 },
  )
})

/** Noise key, certificate and addresses have their own certificate or none; the hints shape the answer only. */
function isCovered(at: number, firstHint: number): boolean {
  const addressesEnd = 32 + 32 + 64 + 1 + 7
  return at < 32 || (at >= addressesEnd && at < firstHint)
}
