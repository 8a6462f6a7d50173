// The database is whole, and the keys are not to be had; and other ways in which an account begins with a stumble.
import { describe, expect, it } from 'vitest'
import { AccountDoor } from '../../main/chat/account/account-door.ts'
import { toHex, utf8 } from '../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../main/overlay/base/errors.ts'
import { type MemoryProfile } from './story/memory-profile.ts'
import { MemorySecrets, Person } from './story/person.ts'
import { Story } from './story/story.ts'

async function friends(story: Story) {
  const [alice, bob] = [new Person(story, 'Alice'), await Person.born(story, 'Bob')]
  await alice.start()
  const words = await alice.create()
  await story.introduce(bob, alice)
  await alice.say('Bob', 'before')
  await story.until(async () => (await alice.states('Bob'))[0] === 'delivered')
  return { alice, bob, words, secrets: alice.secrets as MemorySecrets }
}

async function rowsOf(person: Person, prefix: string): Promise<string[]> {
  const { store } = person.chat.opened.core.journal
  return (await store.range({ from: utf8(prefix), to: utf8(`${prefix}~`) })).map(({ value }) => toHex(value))
}

describe('keys that cannot be loaded', () => {
  it.each([
    ['the keychain is locked', 'unsupported'],
    ['the entry is gone', 'no-account'],
    ['the file is cut', 'store-damaged'],
  ] as const)('are a stage of their own, and another try may do: %s', async (words, code) => {
    const story = new Story(240)
    const { alice, secrets } = await friends(story)
    await alice.stop()
    secrets.problem = new BanyanError(code, words)
    await alice.start()
    expect(await alice.call('app.state')).toMatchObject({ stage: 'keys-missing', problem: words })
    await expect(alice.call('account.unlock', { passphrase: '' })).rejects.toMatchObject({
      code: 'keys-damaged',
    })
    expect((await alice.call('app.state')).stage).toBe('keys-missing')
    await expect(alice.call('account.create', { name: 'X' })).rejects.toMatchObject({ code: 'no-account' })
    secrets.problem = undefined
    await alice.call('account.unlock', { passphrase: '' })
    expect((await alice.call('app.state')).stage).toBe('ready')
    expect(await alice.texts('Bob')).toEqual(['before'])
  })

  it.each([
    ['locked away', 'problem'],
    ['gone without a trace', 'kept'],
  ] as const)(
    'are made anew from the words of the same account, and the conversations go on: %s',
    async (_, how) => {
      const story = new Story(241)
      const { alice, bob, words, secrets } = await friends(story)
      const before = alice.chat.opened.core.own
      const secret = [...(await rowsOf(alice, 'prekeys/')), ...(await rowsOf(alice, 'session/'))]
      bob.overlay!.online(false)
      await alice.say('Bob', 'waiting')
      await alice.stop()
      if (how === 'problem') secrets.problem = new BanyanError('no-account', 'gone')
      else secrets.kept = undefined
      await alice.start()
      expect((await alice.call('app.state')).stage).toBe('keys-missing')
      const stranger = new Person(story, 'Stranger')
      await stranger.start()
      const others = (await stranger.create()).join(' ')
      await expect(alice.call('account.restore', { name: 'A', phrase: others })).rejects.toMatchObject({
        code: 'account-mismatch',
      })
      await alice.call('account.restore', { name: 'A', phrase: words.join(' ') })
      expect((await alice.call('app.state')).stage).toBe('ready')
      const { own } = alice.chat.opened.core
      expect([own.id, own.name]).toEqual([before.id, 'Alice'])
      expect(own.nodeId).not.toBe(before.nodeId)
      expect(own.revoked).toEqual([before.nodeId])
      // they belonged to an identity that is no more
      expect(secret).toHaveLength(2)
      const now = [...(await rowsOf(alice, 'prekeys/')), ...(await rowsOf(alice, 'session/'))]
      expect(now.filter((row) => secret.includes(row)).length).toBe(0)
      bob.overlay!.online(true)
      await story.until(async () => (await bob.texts('Alice')).includes('waiting'), 30 * 60_000)
      await bob.say('Alice', 'there you are')
      await story.until(async () => (await alice.texts('Bob')).includes('there you are'), 30 * 60_000)
      expect(await alice.texts('Bob')).toEqual(['before', 'waiting', 'there you are'])
      expect((await bob.call('conversations.list')).map(({ title }) => title)).toEqual(['Alice'])
      await alice.stop()
      await alice.start()
      expect((await alice.call('app.state')).stage).toBe('ready')
      expect([...alice.problems, ...bob.problems]).toEqual([])
    },
  )
})

it('the contacts of an account with new keys hear of it at once', async () => {
  const story = new Story(244)
  const { alice, bob, words, secrets } = await friends(story)
  await alice.stop()
  secrets.problem = new BanyanError('no-account', 'gone')
  await alice.start()
  await alice.call('account.restore', { name: 'A', phrase: words.join(' ') })
  const { own } = alice.chat.opened.core
  const devices = () => bob.chat.opened.core.contacts.get(own.id)!.devices.map(({ nodeId }) => nodeId)
  await story.until(() => devices().includes(own.nodeId), 5_000)
})

describe('an account is made', () => {
  it('also where the search for a node id was stopped in between, as by a repair', async () => {
    const story = new Story(242)
    const alice = await Person.born(story, 'Alice')
    const door = new AccountDoor({ ...alice.chat.opened.core.ports, secrets: new MemorySecrets() })
    door.prepare()
    door.stop()
    expect((await story.wait(door.create('Alice'))).name).toBe('Alice')
  })

  it('with the second try, where the disk was full at the first', async () => {
    const story = new Story(243)
    const alice = new Person(story, 'Alice')
    await alice.start()
    const profile = alice.profile as MemoryProfile
    profile.fate = () => 'refused'
    await expect(alice.call('account.create', { name: 'Alice' })).rejects.toMatchObject({
      code: 'store-full',
    })
    expect((await alice.call('app.state')).stage).toBe('first-run')
    profile.fate = () => 'through'
    await alice.call('account.create', { name: 'Alice' })
    expect((await alice.call('app.state')).stage).toBe('phrase')
    expect((await alice.call('profile.get')).name).toBe('Alice')
  })
})
