import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { networkOf } from '../../main/overlay/network.ts'
import {
  CERTIFICATE_LIFE_MS,
  issueCertificate,
  verifyCertificate,
} from '../../main/chat/account/certificate.ts'
import { decodeInvitation, encodeInvitation } from '../../main/chat/contacts/invitation-link.ts'
import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { SeededRandom } from '../../simulator/kernel/seeded-random.ts'
import { type Identity, searchIdentity } from '../../main/overlay/identity.ts'
import { codeOf } from '../../main/overlay/base/errors.ts'
import { Person } from './story/person.ts'
import { Story } from './story/story.ts'

const random = new SeededRandom(5)
const network = networkOf(crypto, 'test', 2)
const NOW = 1_800_000_000_000

function identity(): Identity {
  for (;;) {
    const found = searchIdentity(crypto, random, network, 64)
    if (found) return found
  }
}

function certificateFor(net = network) {
  const account = crypto.signingKeyPair(random.bytes(32))
  const node = identity()
  const fields = {
    accountKey: account.publicKey,
    nodeKey: node.nodeKey.publicKey,
    noiseKey: node.noiseKey.publicKey,
    signalIdentity: random.bytes(33),
    registrationId: 77,
    issuedMs: NOW,
    expiresMs: NOW + CERTIFICATE_LIFE_MS,
  }
  return issueCertificate(crypto, net, fields, { account: account.secretKey, node: node.nodeKey.secretKey })
}

function link(net = network): string {
  const addresses = [
    { host: '127.0.0.1', port: 4000 },
    { host: '::1', port: 4001 },
  ]
  return encodeInvitation(crypto, net, {
    certificate: certificateFor(net),
    token: random.bytes(16),
    name: 'Zoë',
    addresses,
  })
}

describe('an invitation link', () => {
  it('comes back as it was, whatever a chat program does around it', () => {
    const text = link()
    const read = decodeInvitation(crypto, network, text, NOW)
    expect(read).toMatchObject({
      name: 'Zoë',
      addresses: [
        { host: '127.0.0.1', port: 4000 },
        { host: '::1', port: 4001 },
      ],
    })
    for (const wrapped of [
      `  ${text}\n`,
      `Join me: ${text} !`,
      `<${text}>`,
      text.replace(/(.{70})/g, '$1\n'),
    ])
      expect(decodeInvitation(crypto, network, wrapped, NOW)).toEqual(read)
    expect(text.length).toBeLessThan(500)
  })

  const other = networkOf(crypto, 'other', 2)
  it.each([
    ['nothing of ours', 'https://example.org/x', 'malformed', /no Banyan invitation/],
    ['another kind of link', 'banyan:topic/cats', 'malformed', /no invitation/],
    ['cut short', link().slice(0, -9), 'malformed', /cut off/],
    ['cut to nothing', 'banyan:invite/', 'malformed', /cut off/],
    ['mistyped', link().replace(/.{9}$/, 'AAAAAAAAA'), 'malformed', /cut off/],
    ['of another network', link(other), 'wrong-network', /another Banyan network/],
  ])('%s is refused in words', (_, text, code, words) => {
    expect(() => decodeInvitation(crypto, network, text, NOW)).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(words) }),
    )
  })

  it('is no longer valid after its certificate', () => {
    expect(() => decodeInvitation(crypto, network, link(), NOW + CERTIFICATE_LIFE_MS)).toThrowError(
      expect.objectContaining({ code: 'expired' }),
    )
  })

  it('never fails in any other way, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), (text) => {
        try {
          decodeInvitation(crypto, network, `banyan:invite/${text}`, NOW)
          return false
        } catch (error) {
          return codeOf(error) === 'malformed'
        }
      }),
    )
  })

  it('is refused where it is one’s own, or the contact is there', async () => {
    const story = new Story(30)
    const [alice, bob] = await story.friends()
    const { link: own } = await alice.call('invitation.get')
    await expect(alice.call('contacts.preview', { link: own })).rejects.toMatchObject({ code: 'own-link' })
    await expect(alice.call('contacts.add', { link: own })).rejects.toMatchObject({ code: 'own-link' })
    await expect(bob.call('contacts.add', { link: own })).rejects.toMatchObject({ code: 'already-contact' })
    expect((await bob.call('contacts.preview', { link: own })).existing).toBe(
      (await bob.conversation('Alice')).id,
    )
    expect(alice).toBeInstanceOf(Person)
  })
})

describe('a device certificate', () => {
  it('holds for its network, its time and its bytes only', () => {
    const bytes = certificateFor()
    expect(verifyCertificate(crypto, network, bytes, NOW).registrationId).toBe(77)
    expect(() => verifyCertificate(crypto, networkOf(crypto, 'other', 2), bytes, NOW)).toThrowError(
      expect.objectContaining({ code: 'bad-signature' }),
    )
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const touched = bytes.slice()
        touched[at]! ^= flip
        expect(() => verifyCertificate(crypto, network, touched, NOW)).toThrow()
      }),
    )
  })
})
