// What contacts and strangers try against somebody who only wants to chat.
import { describe, expect, it } from 'vitest'
import { issueCertificate, verifyCertificate } from '../../main/chat/account/certificate.ts'
import { knownCertificate } from '../../main/chat/devices/known-certificate.ts'
import { MAX_ADMITTED } from '../../main/chat/contacts/invitation.ts'
import { decodeInvitation } from '../../main/chat/contacts/invitation-link.ts'
import { toHex, utf8 } from '../../main/overlay/base/bytes.ts'
import { Person } from './story/person.ts'
import { Story } from './story/story.ts'

const { born } = Person

/** A certificate by which Mallory's account claims Bob's node; she has his public keys, as every contact of his. */
function claimed(story: Story, mallory: Person, bob: Person) {
  const { own } = mallory.chat.opened.core
  const { nodeKey, noiseKey, signalIdentity, registrationId } = bob.chat.opened.core.own.certificate
  const { issuedMs, expiresMs } = own.certificate
  const fields = { nodeKey, noiseKey, signalIdentity, registrationId, issuedMs, expiresMs }
  return issueCertificate(
    story.crypto,
    story.network,
    { ...fields, accountKey: own.key.publicKey },
    { account: own.key.secretKey, node: own.identity.nodeKey.secretKey },
  )
}

async function rowsOf(person: Person, prefix: string): Promise<number> {
  return (await person.chat.opened.core.journal.store.range({ from: utf8(prefix), to: utf8(`${prefix}~`) }))
    .length
}

describe('a contact who claims the computer of another', () => {
  it('has no certificate for it: the node did not sign', async () => {
    const story = new Story(200)
    const [mallory, bob] = await story.friends()
    const bytes = claimed(story, mallory, bob)
    expect(() => verifyCertificate(story.crypto, story.network, bytes, story.clock.wallMs())).toThrowError(
      expect.objectContaining({ code: 'bad-signature' }),
    )
  })

  it('would neither read nor delete what waits for the other, even with one', async () => {
    const story = new Story(201)
    const [alice, bob] = await story.friends()
    const mallory = await born(story, 'Mallory')
    await story.introduce(alice, mallory)
    const { contacts, core } = alice.chat.opened
    const forged = knownCertificate(story.crypto, claimed(story, mallory, bob))
    const id = mallory.chat.opened.core.own.id
    bob.overlay!.online(false)
    await alice.say('Bob', 'for you alone')
    const own = contacts.deviceOf(mallory.chat.opened.core.own.nodeId)!
    const lists = [[forged, own], [own]]
    for (const [at, certificates] of lists.entries()) {
      const sequence = story.clock.wallMs() + at + 1
      await story.wait(
        core.journal.run((tx) => contacts.setDevices(tx, id, { certificates, revoked: [] }, sequence)),
      )
    }
    expect(core.contacts.get(id)!.devices.map(({ nodeId }) => nodeId)).toEqual([own.nodeId])
    const learning = core.journal.run((tx) => contacts.learnDevice(tx, forged))
    await expect(story.wait(learning)).rejects.toMatchObject({ code: 'untrusted-identity' })
    bob.overlay!.online(true)
    await story.until(async () => (await bob.texts('Alice')).includes('for you alone'))
    expect(await mallory.texts('Alice')).toEqual([])
  })
})

describe('who was removed', () => {
  it('asks, and does not let himself in by the link he once used', async () => {
    const story = new Story(202)
    const [alice, bob] = await story.friends()
    await bob.say('Alice', 'one')
    await story.until(async () => (await alice.texts('Bob')).length === 1)
    const { id } = await alice.conversation('Bob')
    await alice.call('contacts.remove', { conversationId: id })
    expect(await rowsOf(alice, 'seen/')).toBe(0)
    await bob.say('Alice', 'two')
    await story.until(async () => (await alice.texts('Bob')).includes('two'), 30 * 60_000)
    expect((await alice.conversation('Bob')).contact?.relation).toBe('request')
  })

  it('leaves the link of those he did not come by as it was', async () => {
    const story = new Story(203)
    const [, bob] = await story.friends() // he came by her link, not she by his
    const before = await bob.call('invitation.get')
    await bob.call('contacts.remove', { conversationId: (await bob.conversation('Alice')).id })
    expect(await bob.call('invitation.get')).toEqual(before)
  })
})

describe('an invitation', () => {
  it('is the same for two who ask for it at once', async () => {
    const story = new Story(204)
    const alice = await born(story, 'Alice')
    const both = Promise.all([alice.ask('invitation.get'), alice.ask('invitation.get')])
    const [one, two] = await story.wait(both)
    expect(one).toEqual(two)
    const bob = await born(story, 'Bob')
    await bob.call('contacts.add', { link: two!.link })
    await story.until(async () => (await alice.conversation('Bob')).contact?.relation === 'accepted')
  })

  it(`lets ${MAX_ADMITTED} in, and the next one asks`, async () => {
    const story = new Story(205)
    const [alice, bob] = [await born(story, 'Alice'), await born(story, 'Bob')]
    const { link } = await alice.call('invitation.get')
    const { token } = decodeInvitation(story.crypto, story.network, link, story.clock.wallMs())
    const { core, invitation } = alice.chat.opened
    for (let i = 0; i < MAX_ADMITTED; i++)
      expect(await story.wait(core.journal.run((tx) => invitation.admit(tx, toHex(token))))).toBe(true)
    await bob.call('contacts.add', { link })
    await story.until(async () => (await alice.conversation('Bob')).contact?.relation === 'request')
    await story.advance(20_000)
    expect((await alice.conversation('Bob')).contact?.relation).toBe('request')
  })
})

describe('a request that nobody accepted', () => {
  it('writes so many rows and no more, whatever it sends', async () => {
    const story = new Story(206)
    const [alice, bob] = [await born(story, 'Alice'), await born(story, 'Bob')]
    const { link } = await alice.call('invitation.get')
    await alice.call('invitation.renew')
    await bob.call('contacts.add', { link })
    await story.until(async () => (await alice.conversation('Bob')).contact?.relation === 'request')
    const { contacts } = bob.chat.opened
    const device = contacts.deviceOf(alice.chat.opened.core.own.nodeId)!
    for (let i = 0; i < 120; i++) await story.wait(contacts.greet(device))
    await story.advance(60_000)
    expect(await rowsOf(alice, 'seen/')).toBeLessThanOrEqual(41)
    await alice.call('contacts.accept', { conversationId: (await alice.conversation('Bob')).id })
    await story.until(async () => (await bob.conversation('Alice')).contact?.relation === 'accepted')
  })
})
