import { describe, expect, it } from 'vitest'
import { MemoryProfile } from './story/memory-profile.ts'
import { Person } from './story/person.ts'
import { Story } from './story/story.ts'

const LIMIT = 64 * 1024

const { born } = Person

describe('two people', () => {
  it('meet by a link, write to each other, and see how far their words have come', async () => {
    const story = new Story()
    const [alice, bob] = await story.friends()
    await alice.say('Bob', 'hello')
    await story.until(async () => (await bob.texts('Alice')).includes('hello'))
    await bob.say('Alice', 'hello yourself')
    await story.until(async () => (await alice.states('Bob'))[0] === 'delivered')
    const seen = await bob.conversation('Alice')
    expect(seen).toMatchObject({ unread: 1, lastLine: 'hello yourself', lastFromSelf: true })
    await bob.call('conversations.markRead', { conversationId: seen.id, position: 99 })
    await story.until(async () => (await alice.states('Bob'))[0] === 'read')
    expect((await bob.conversation('Alice')).unread).toBe(0)
    expect(bob.unread).toBe(0)
    expect(await alice.texts('Bob')).toEqual(['hello', 'hello yourself'])
    expect(alice.notices).toEqual([
      { conversationId: (await alice.conversation('Bob')).id, title: 'Bob', body: 'hello yourself' },
    ])
    expect([...alice.problems, ...bob.problems]).toEqual([])
  })

  it('see the same safety number, and the contact by the name given while adding', async () => {
    const story = new Story()
    const [alice, bob] = [await born(story, 'Alice'), await born(story, 'Bob')]
    const { link } = await alice.call('invitation.get')
    const preview = await bob.call('contacts.preview', { link })
    const added = await bob.call('contacts.add', { link, name: 'Al' })
    expect(added).toMatchObject({
      title: 'Al',
      contact: { relation: 'waiting', ownName: 'Alice', name: 'Al' },
    })
    await story.until(async () => (await alice.conversation('Bob')).contact?.relation === 'accepted')
    const { id } = await alice.conversation('Bob')
    const number = await alice.call('contacts.safetyNumber', { conversationId: id })
    expect(number).toMatch(/^(\d{5} ){11}\d{5}$/)
    expect(preview).toMatchObject({ name: 'Alice', safetyNumber: number, existing: null })
    await alice.call('profile.rename', { name: 'Alicia' })
    await story.until(async () => (await bob.conversation('Al')).contact?.ownName === 'Alicia')
  })

  it('who are apart keep what they write, said truthfully, and lose nothing over restarts', async () => {
    const story = new Story(2)
    const [alice, bob] = await story.friends()
    await born(story, 'Carol') // so that Alice is part of a network without Bob
    await bob.stop()
    await story.advance(20_000)
    for (const text of ['one', 'two', 'three']) await alice.say('Bob', text)
    await story.advance(20_000)
    const [first] = await alice.messages('Bob')
    expect(first).toMatchObject({ state: 'queued', stateReason: 'Waits for Bob to come online' })
    await alice.stop()
    await bob.start()
    await alice.start()
    await story.until(async () => (await bob.texts('Alice')).length === 3)
    expect(await bob.texts('Alice')).toEqual(['one', 'two', 'three'])
    await story.until(async () => (await alice.states('Bob')).every((state) => state === 'delivered'))
    expect([...alice.problems, ...bob.problems]).toEqual([])
  })

  it('get every word once and in order over a network that loses a third and repeats a third', async () => {
    const story = new Story(3)
    const [alice, bob] = await story.friends()
    Object.assign(story.net, { loss: 0.33, repeats: 0.33, delayMs: 40 })
    const texts = Array.from({ length: 60 }, (_, i) => `word ${i}`)
    for (const text of texts) await alice.say('Bob', text)
    await story.until(
      async () => (await alice.states('Bob')).every((state) => state === 'delivered'),
      20 * 60_000,
    )
    expect(await bob.texts('Alice')).toEqual(texts)
    // repeats were known as such, without asking for a new session
    expect((await bob.call('health.get')).dropped).toEqual({})
  })

  it('who add each other at the same moment are contacts on both sides', async () => {
    const story = new Story(4)
    const [alice, bob] = [await born(story, 'Alice'), await born(story, 'Bob')]
    const links = [await alice.call('invitation.get'), await bob.call('invitation.get')]
    const adding = [
      alice.ask('contacts.add', { link: links[1]!.link }),
      bob.ask('contacts.add', { link: links[0]!.link }),
    ]
    await story.wait(Promise.all(adding))
    await alice.say('Bob', 'a')
    await bob.say('Alice', 'b')
    await story.until(
      async () => (await alice.texts('Bob')).length === 2 && (await bob.texts('Alice')).length === 2,
    )
    for (const [person, other] of [
      [alice, 'Bob'],
      [bob, 'Alice'],
    ] as const)
      expect((await person.conversation(other)).contact?.relation).toBe('accepted')
  })

  it('meet although one was offline when the other added them', async () => {
    const story = new Story(5)
    const [alice, bob] = [await born(story, 'Alice'), await born(story, 'Bob')]
    const { link } = await alice.call('invitation.get')
    await alice.stop()
    await bob.call('contacts.add', { link })
    await bob.say('Alice', 'are you there?')
    await bob.stop()
    await alice.start()
    await bob.start()
    await story.until(async () => (await alice.texts('Bob'))[0] === 'are you there?')
    await story.until(async () => (await bob.conversation('Alice')).contact?.relation === 'accepted')
  })

  it('without read receipts stay at delivered', async () => {
    const story = new Story(6)
    const [alice, bob] = await story.friends()
    await bob.call('settings.set', { sendReadReceipts: false })
    await alice.say('Bob', 'seen?')
    await story.until(async () => (await alice.states('Bob'))[0] === 'delivered')
    await bob.call('conversations.markRead', {
      conversationId: (await bob.conversation('Alice')).id,
      position: 1,
    })
    await story.advance(60_000)
    expect(await alice.states('Bob')).toEqual(['delivered'])
  })
})

describe('a stranger', () => {
  it('with an old link asks, is accepted, is blocked, and is removed', async () => {
    const story = new Story(7)
    const [alice, bob] = [await born(story, 'Alice'), await born(story, 'Bob')]
    const { link } = await alice.call('invitation.get')
    await alice.call('invitation.renew')
    await bob.call('contacts.add', { link })
    await bob.say('Alice', 'please')
    await story.until(async () => (await alice.texts('Bob')).length === 1)
    const { id, contact } = await alice.conversation('Bob')
    expect(contact?.relation).toBe('request')
    expect(alice.notices).toEqual([])
    await expect(alice.say('Bob', 'x')).rejects.toMatchObject({ code: 'refused' })
    await alice.call('contacts.accept', { conversationId: id })
    await story.until(async () => (await bob.conversation('Alice')).contact?.relation === 'accepted')

    await alice.call('contacts.block', { conversationId: id, blocked: true })
    await bob.say('Alice', 'why?')
    await story.advance(60_000)
    expect(await alice.texts('Bob')).toEqual(['please'])
    expect((await bob.states('Alice'))[1]).toBe('queued')
    await alice.call('contacts.block', { conversationId: id, blocked: false })
    await story.until(async () => (await alice.texts('Bob')).length === 2, 30 * 60_000)

    await alice.call('contacts.remove', { conversationId: id })
    expect(await alice.call('conversations.list')).toEqual([])
    await bob.say('Alice', 'again')
    await story.until(
      async () => (await alice.conversation('Bob')).contact?.relation === 'request',
      30 * 60_000,
    )
    expect(await alice.texts('Bob')).toEqual(['again'])
  })
})

describe('a person who was set up anew from the phrase', () => {
  it('gets what was not delivered, in a new session, and nobody is told a lie', async () => {
    const story = new Story(8)
    const [alice, bob] = [await born(story, 'Alice'), new Person(story, 'Bob')]
    await bob.start()
    const words = await bob.create()
    await story.introduce(bob, alice)
    await alice.say('Bob', 'before')
    await story.until(async () => (await alice.states('Bob'))[0] === 'delivered')
    bob.kill()
    await alice.say('Bob', 'after')
    const again = new Person(story, 'Bob')
    await again.start()
    await again.call('account.restore', { name: 'Bob', phrase: words.join('  ').toUpperCase() })
    expect((await again.call('profile.get')).accountId).toBe((await bob.ask('profile.get')).accountId)
    await story.until(async () => (await again.texts('Alice')).includes('after'), 30 * 60_000)
    expect(await again.texts('Alice')).toEqual(['after'])
    await story.until(async () => (await alice.states('Bob')).every((state) => state === 'delivered'))
  })

  it('on the same device, with the database lost, is written to again in a new session', async () => {
    const story = new Story(9)
    const [alice, bob] = await story.friends()
    await alice.say('Bob', 'before')
    await story.until(async () => (await alice.states('Bob'))[0] === 'delivered')
    bob.kill()
    const again = new Person(story, 'Bob', new MemoryProfile(), bob.secrets)
    await again.start()
    await alice.say('Bob', 'after')
    await story.until(async () => (await again.texts('Alice')).includes('after'), 30 * 60_000)
    await story.until(async () => (await alice.states('Bob')).every((state) => state === 'delivered'))
    expect(await again.texts('Alice')).toEqual(['after'])
  })
})

describe('limits', () => {
  it.each([
    ['64 KiB in one-byte letters', 'a'.repeat(LIMIT), undefined],
    ['64 KiB in three-byte letters', '好'.repeat(21845) + 'a', undefined],
    ['one byte more', '好'.repeat(21845) + 'ab', 'too-large'],
  ])('a message of %s', async (_, text, code) => {
    const story = new Story(10)
    const [alice, bob] = await story.friends()
    if (code) return expect(alice.say('Bob', text)).rejects.toMatchObject({ code })
    await alice.say('Bob', text)
    await story.until(async () => (await bob.texts('Alice'))[0] === text)
  })

  it('a full disk refuses the message, shows nothing as sent, and takes the next one', async () => {
    const story = new Story(11)
    const [alice, bob] = await story.friends()
    await story.advance(1_000)
    const profile = alice.profile as MemoryProfile
    profile.fate = () => 'refused'
    await expect(alice.say('Bob', 'too much')).rejects.toMatchObject({ code: 'store-full' })
    expect(await alice.texts('Bob')).toEqual([])
    profile.fate = () => 'through'
    await alice.say('Bob', 'fits')
    const theirs = bob.profile as MemoryProfile
    theirs.fate = () => 'refused'
    await alice.say('Bob', 'their disk is full')
    await story.advance(30_000)
    expect((await alice.states('Bob'))[1]).toBe('queued')
    theirs.fate = () => 'through'
    await story.until(async () => (await alice.states('Bob')).every((state) => state === 'delivered'))
    expect(await bob.texts('Alice')).toEqual(['fits', 'their disk is full'])
  })

  it('calls before there is an account say so', async () => {
    const story = new Story(12)
    const alice = new Person(story, 'Alice')
    await alice.start()
    expect((await alice.call('app.state')).stage).toBe('first-run')
    await expect(alice.call('conversations.list')).rejects.toMatchObject({ code: 'no-account' })
    await alice.create()
    await expect(alice.create()).rejects.toMatchObject({ code: 'account-exists' })
    await expect(alice.call('account.phrase')).rejects.toMatchObject({ code: 'refused' })
  })

  it('the phrase is shown until confirmed, also after a restart', async () => {
    const story = new Story(13)
    const alice = new Person(story, 'Alice')
    await alice.start()
    await alice.call('account.create', { name: 'Alice' })
    const words = await alice.call('account.phrase')
    expect(words).toHaveLength(24)
    await alice.stop()
    await alice.start()
    expect((await alice.call('app.state')).stage).toBe('phrase')
    expect(await alice.call('account.phrase')).toEqual(words)
    await alice.call('account.confirmPhrase')
    expect((await alice.call('app.state')).stage).toBe('ready')
    await alice.stop()
    await alice.start()
    expect((await alice.call('app.state')).stage).toBe('ready')
  })
})
