import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { type Bytes, utf8 } from '../../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { idFromBytes } from '../../../main/overlay/base/id.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { hintOf } from '../../../main/overlay/wire/id-hints.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import {
  decodePublication,
  decodeServed,
  encodePublication,
  encodeServed,
  MAX_SERVED,
  signPublication,
} from '../../../main/overlay/wire/topic-messages.ts'
import {
  decodeHandOn,
  decodePlaceQuestion,
  decodePlaces,
  decodeSeek,
  decodeSibling,
  encodeHandOn,
  encodePlaceQuestion,
  encodePlaces,
  encodeSeek,
  encodeSibling,
  MAX_PLACES,
} from '../../../main/overlay/wire/topic-placement.ts'
import {
  decodeCounts,
  decodeNames,
  decodeRootState,
  decodeTold,
  encodeCounts,
  encodeDigest,
  encodeRootState,
  encodeTold,
  encodeWant,
  MAX_NAMED,
  type SubtreeCounts,
} from '../../../main/overlay/wire/topic-upkeep.ts'
import { expectNoInternalError } from './any-bytes.ts'

const SEED = 621
const network = networkOf(crypto, 'topic messages', 0)
const source = { crypto }
const topic = idFromBytes(crypto.hash(utf8('a topic')))
const seedOf = (text: string): Bytes => crypto.hash(utf8(text))
const alice = new Identity(crypto, network, { node: seedOf('alice'), noise: seedOf('her noise') })
const record = alice.selfRecord([{ host: '192.0.2.1', port: 4000 }])
const spot = { x: -12.5, y: 3000.1, height: 4.2 }
const places = [
  { record, hasRoom: true, costMs: 80.5, spot },
  { record, hasRoom: false, costMs: 0, spot: undefined },
]
const names = ['0011223344556677', 'ffffffffffffffff']
const counts: SubtreeCounts = { members: 100_000, height: 3, children: 64 }

const MESSAGES: [string, number, Bytes, (reader: Reader) => unknown, unknown][] = [
  ['seek', 1, encodeSeek({ topic, spot, meanRttMs: 78.9 }), decodeSeek, { topic, spot, meanRttMs: 78.9 }],
  [
    'seek from nowhere',
    1,
    encodeSeek({ topic, spot: undefined, meanRttMs: 0 }),
    decodeSeek,
    { topic, spot: undefined, meanRttMs: 0 },
  ],
  ['hand on', 1, encodeHandOn(topic, places), (reader) => decodeHandOn(reader, source), { topic, places }],
  [
    'place question',
    0,
    encodePlaceQuestion({ topic, isForSiblings: true, spot }),
    decodePlaceQuestion,
    { topic, isForSiblings: true, spot },
  ],
  ['sibling', 1, encodeSibling({ topic, parent: topic }), decodeSibling, { topic, parent: topic }],
  ['places', 0, encodePlaces(places), (reader) => decodePlaces(reader, source), places],
  ['counts', 1, encodeCounts([[topic, counts]]), decodeCounts, [[topic, counts]]],
  [
    'told',
    1,
    encodeTold({ topic, members: 5, costMs: 12.3, isCore: true }),
    decodeTold,
    { topic, members: 5, costMs: 12.3, isCore: true },
  ],
  ['digest', 1, encodeDigest({ topic, names }), decodeNames, { topic, names }],
  ['want', 1, encodeWant({ topic, names: [] }), decodeNames, { topic, names: [] }],
  [
    'root state',
    1,
    encodeRootState(topic, [record]),
    (reader) => decodeRootState(reader, source),
    { topic, children: [record] },
  ],
]

describe('a message of a tree', () => {
  it.each(MESSAGES)(
    '%s comes out as it went in, and neither shorter nor longer',
    (_, at, bytes, decode, value) => {
      expect(decode(new Reader(bytes, at))).toEqual(value)
      for (let end = at; end < bytes.length; end++)
        expect(() => decode(new Reader(bytes.slice(0, end), at))).toThrow(BanyanError)
      expect(() => decode(new Reader(Uint8Array.of(...bytes, 0), at))).toThrow(BanyanError)
    },
  )

  it(`of any bytes is refused with a code of ours (seed ${SEED})`, () => {
    expectNoInternalError(
      MESSAGES.map(([, , , decode]) => decode),
      SEED,
    )
  })

  it.each([
    ['nine places', () => decodePlaces(new Reader(Uint8Array.of(MAX_PLACES + 1)), source)],
    ['65 topics counted', () => decodeCounts(new Reader(Uint8Array.of(65)))],
    [
      'nine children of a root',
      () => decodeRootState(new Reader(Uint8Array.of(...new Uint8Array(32), 9)), source),
    ],
    ['17 siblings', () => decodeServed(new Reader(Uint8Array.of(MAX_SERVED + 1)))],
    [
      '257 names',
      () => decodeNames(new Reader(Uint8Array.of(...new Uint8Array(32), (MAX_NAMED + 1) >> 8, 1))),
    ],
  ])('with %s is too large', (_, decode) => {
    expect(decode).toThrow(expect.objectContaining({ code: 'too-large' }))
  })

  it('names the siblings that have a publication, and holds the publication', () => {
    const pair = crypto.signingKeyPair(seedOf('publisher'))
    const signed = signPublication(crypto, pair, topic, utf8('to all'))
    const siblings = [topic, idFromBytes(seedOf('another'))]
    const bytes = encodeServed(encodePublication({ topic, hops: 3, signed }), siblings)
    const reader = new Reader(bytes, 1)
    expect(decodeServed(reader)).toEqual(new Set(siblings.map(hintOf)))
    expect(decodePublication(reader)).toEqual({ topic, hops: 3, signed })
  })

  it('says no more of a time than its field holds', () => {
    const far = decodeSeek(
      new Reader(encodeSeek({ topic, spot: { x: 1e9, y: -1e9, height: -1 }, meanRttMs: 1e9 }), 1),
    )
    expect(far).toEqual({ topic, spot: { x: 3276.7, y: -3276.8, height: 0 }, meanRttMs: 6553.5 })
  })
})
