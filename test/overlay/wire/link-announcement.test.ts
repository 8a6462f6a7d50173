import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { codeOf } from '../../../main/overlay/base/errors.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { SPARSE_LINKS } from '../../../main/overlay/ports/paths.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import {
  decodeLinks,
  decodeLinksKnown,
  encodeLinks,
  encodeLinksKnown,
  MAX_MAPPED,
  newAnnouncement,
  verifyAnnouncement,
} from '../../../main/overlay/wire/link-announcement.ts'

const SEED = 2607
const network = networkOf(crypto, 'test', 0)
const alice = new Identity(crypto, network, {
  node: new Uint8Array(32).fill(1),
  noise: new Uint8Array(32).fill(2),
})
const own = { record: alice.selfRecord([{ host: '192.0.2.7', port: 4000 }]), nodeKey: alice.nodeKey }
const hint = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('hex'))
const terms = fc.record({
  sequence: fc.nat(0xffffffff),
  links: fc.uniqueArray(hint, { maxLength: SPARSE_LINKS }),
})
const readLinks = (bytes: Uint8Array) => decodeLinks(new Reader(bytes), { crypto })

describe('announced links', () => {
  it('survive the wire, and are believed', () => {
    fc.assert(
      fc.property(fc.array(terms, { maxLength: 4 }), (all) => {
        const announcements = all.map((each) => newAnnouncement(crypto, network.id, own, each))
        const read = readLinks(encodeLinks(announcements).subarray(1))
        expect(read.map(({ sequence, links }) => ({ sequence, links }))).toEqual(all)
        for (const each of read) verifyAnnouncement(each, crypto, network.id)
      }),
      { seed: SEED, numRuns: 50 },
    )
  })

  it('are believed on one network alone', () => {
    const announcement = newAnnouncement(crypto, network.id, own, { sequence: 1, links: [] })
    const other = networkOf(crypto, 'other', 0).id
    expect(() => verifyAnnouncement(announcement, crypto, other)).toThrow('did not sign')
  })

  it('are read from any bytes without harm', () => {
    const announcement = newAnnouncement(crypto, network.id, own, { sequence: 1, links: [] })
    const good = encodeLinks([announcement, announcement]).subarray(1)
    const damaged = fc
      .tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(good.length))
      .map(([at, flip, length]) => good.map((byte, i) => (i === at ? byte ^ flip : byte)).subarray(0, length))
    const isHarmless = (read: (bytes: Uint8Array) => unknown) => (bytes: Uint8Array) => {
      try {
        read(bytes)
      } catch (error) {
        expect(['malformed', 'too-large']).toContain(codeOf(error))
      }
    }
    const anything = fc.oneof(fc.uint8Array({ maxLength: 600 }), damaged)
    const parameters = { seed: SEED, numRuns: 1_500 }
    fc.assert(fc.property(anything, isHarmless(readLinks)), parameters)
    fc.assert(
      fc.property(
        anything,
        isHarmless((bytes) => decodeLinksKnown(new Reader(bytes))),
      ),
      parameters,
    )
  })

  it('are no more than a map and its owner hold', () => {
    const many = Array.from({ length: MAX_MAPPED + 2 }, () =>
      newAnnouncement(crypto, network.id, own, { sequence: 1, links: [] }),
    )
    expect(readLinks(encodeLinks(many.slice(1)).subarray(1))).toHaveLength(MAX_MAPPED + 1)
    expect(() => readLinks(encodeLinks(many).subarray(1))).toThrow('nodes of one map')
  })
})

it('what is known survives the wire', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.tuple(hint, fc.nat(0xffffffff)), { maxLength: MAX_MAPPED }),
      (asks, all) => {
        const known = new Map(all)
        const read = decodeLinksKnown(new Reader(encodeLinksKnown({ asks, known }), 1))
        expect(read).toEqual({ asks, known })
      },
    ),
    { seed: SEED, numRuns: 100 },
  )
})
