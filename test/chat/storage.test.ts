// The story on real disks: LevelDB in a folder, secrets in a sealed file.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_HELP } from '../../main/overlay/ports/relays.ts'
import { FolderProfile } from '../../main/host/folder-profile.ts'
import { HostSecrets } from '../../main/host/secrets.ts'
import { Person } from './story/person.ts'
import { Story } from './story/story.ts'

const QUICK = { operations: 1, memoryKiB: 8 * 1024 }
const PASSPHRASE = 'correct horse battery'

let folder: string
let story: Story

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'banyan-chat-'))
  story = new Story(40)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function onDisk(name: string): Person {
  const home = path.join(folder, name)
  const secrets = new HostSecrets(home, { force: 'file', strength: QUICK })
  return new Person(story, name, new FolderProfile(home, story.clock), secrets)
}

async function friendsOnDisk(): Promise<[Person, Person]> {
  const people: [Person, Person] = [onDisk('Alice'), onDisk('Bob')]
  for (const person of people) {
    await person.start()
    await person.create()
  }
  await story.introduce(...people)
  return people
}

async function again(person: Person): Promise<Person> {
  const next = onDisk(person.name)
  await next.start()
  await next.call('account.unlock', { passphrase: PASSPHRASE })
  return next
}

describe('on a real disk', () => {
  it('everything is there after a restart, and goes on', async () => {
    const [alice, bob] = await friendsOnDisk()
    for (let i = 0; i < 30; i++) await alice.say('Bob', `word ${i}`)
    await alice.call('conversations.setDraft', {
      conversationId: (await alice.conversation('Bob')).id,
      draft: 'half a',
    })
    await alice.call('settings.set', { theme: 'dark', helpOthers: true, helpCircuits: 9, replicaBytes: 5e6 })
    expect(alice.overlay?.help).toMatchObject({ helpOthers: true, circuits: 9 })
    expect(alice.overlay?.replicaBytes).toBe(5e6)
    await story.until(async () => (await alice.states('Bob')).every((state) => state === 'delivered'))
    await alice.stop()
    await bob.stop()
    const [alice2, bob2] = [await again(alice), await again(bob)]
    expect(await alice2.texts('Bob')).toHaveLength(30)
    expect((await alice2.conversation('Bob')).draft).toBe('half a')
    expect(alice2.settings?.theme).toBe('dark')
    expect(alice2.overlay?.replicaBytes).toBe(5e6)
    expect(alice2.overlay?.help).toEqual({ ...DEFAULT_HELP, helpOthers: true, circuits: 9 })
    await bob2.say('Alice', 'on we go')
    await story.until(async () => (await alice2.texts('Bob')).includes('on we go'))
    const { id } = await alice2.conversation('Bob')
    const page = await alice2.call('messages.page', { conversationId: id, before: 11, limit: 4 })
    expect(page.map((message) => message.text)).toEqual(['word 6', 'word 7', 'word 8', 'word 9'])
    expect([...alice2.problems, ...bob2.problems]).toEqual([])
    await alice2.stop()
    await bob2.stop()
  })

  it('the wrong passphrase opens nothing and loses nothing', async () => {
    const alice = onDisk('Alice')
    await alice.start()
    await alice.create()
    await alice.stop()
    const next = onDisk('Alice')
    await next.start()
    expect(await next.call('app.state')).toMatchObject({ stage: 'locked', secretStorage: 'file' })
    await expect(next.call('account.unlock', { passphrase: 'wrong' })).rejects.toMatchObject({
      code: 'wrong-passphrase',
    })
    await next.call('account.unlock', { passphrase: PASSPHRASE })
    expect((await next.call('app.state')).stage).toBe('ready')
    expect((await next.call('profile.get')).name).toBe('Alice')
    await next.stop()
  })

  it('a file needs a passphrase that is long enough', async () => {
    const alice = onDisk('Alice')
    await alice.start()
    for (const passphrase of [undefined, 'short'])
      await expect(alice.call('account.create', { name: 'Alice', passphrase })).rejects.toMatchObject({
        code: 'passphrase-needed',
      })
    await alice.stop()
  })

  it('a second copy on one profile is told so', async () => {
    const alice = onDisk('Alice')
    await alice.start()
    await expect(onDisk('Alice').start()).rejects.toMatchObject({ code: 'store-locked' })
    await alice.create()
    await alice.stop()
  })

  it('a damaged database is repaired, with a copy of what was found', async () => {
    const [alice, bob] = await friendsOnDisk()
    await alice.say('Bob', 'precious')
    await story.until(async () => (await alice.states('Bob'))[0] === 'delivered')
    await alice.stop()
    const database = path.join(folder, 'Alice', 'chat')
    await rm(path.join(database, 'CURRENT'))
    const next = onDisk('Alice')
    await next.start()
    const state = await next.call('app.state')
    expect(state.stage).toBe('damaged')
    expect(state.problem).not.toBe('')
    const repaired = await next.call('app.repair')
    expect(repaired.stage).toBe('locked')
    expect(await readdir(path.join(repaired.backupPath, 'chat'))).toContain('LOCK')
    await next.call('account.unlock', { passphrase: PASSPHRASE })
    expect(await next.texts('Bob')).toEqual(['precious'])
    await next.stop()
    await bob.stop()
  })

  it('garbage where the database begins is damage, not a new profile', async () => {
    const alice = onDisk('Alice')
    await alice.start()
    await alice.create()
    await alice.stop()
    const database = path.join(folder, 'Alice', 'chat')
    const manifest = (await readdir(database)).find((name) => name.startsWith('MANIFEST'))!
    await writeFile(path.join(database, manifest), story.random.bytes(200))
    const next = onDisk('Alice')
    await next.start()
    expect((await next.call('app.state')).stage).toBe('damaged')
    expect((await next.call('app.repair')).stage).toBe('locked')
    await next.call('account.unlock', { passphrase: PASSPHRASE })
    expect((await next.call('profile.get')).name).toBe('Alice')
    await next.stop()
  })

  it('a cut file of keys is no damage of the database: the words of the account open it again', async () => {
    const alice = onDisk('Alice')
    await alice.start()
    const words = (await alice.create()).join(' ')
    await alice.call('topics.subscribe', { topic: 'cats' })
    await alice.stop()
    const sealed = path.join(folder, 'Alice', 'secrets.sealed')
    await writeFile(sealed, (await readFile(sealed)).subarray(0, 20))
    const next = onDisk('Alice')
    await next.start()
    await expect(next.call('account.unlock', { passphrase: PASSPHRASE })).rejects.toMatchObject({
      code: 'keys-damaged',
    })
    const state = await next.call('app.state')
    expect(state).toMatchObject({ stage: 'keys-missing', secretStorage: 'file' })
    expect(state.problem).not.toBe('')
    await expect(next.call('account.restore', { name: 'A', phrase: words })).rejects.toMatchObject({
      code: 'passphrase-needed',
    })
    await next.call('account.restore', { name: 'A', phrase: words, passphrase: 'another passphrase' })
    expect((await next.call('conversations.list')).map(({ title }) => title)).toEqual(['cats'])
    await next.stop()
    const third = onDisk('Alice')
    await third.start()
    await third.call('account.unlock', { passphrase: 'another passphrase' })
    expect((await third.call('profile.get')).name).toBe('Alice')
    await third.stop()
  })

  it('a damaged overlay database costs nothing of the chat', async () => {
    const [alice, bob] = await friendsOnDisk()
    await alice.say('Bob', 'precious')
    await alice.stop()
    await writeFile(path.join(folder, 'Alice', 'overlay', 'CURRENT'), 'nonsense')
    const next = await again(alice)
    expect(await next.texts('Bob')).toEqual(['precious'])
    await story.until(async () => (await next.call('network.state')).kind === 'online')
    await next.stop()
    await bob.stop()
  })

  it('keeps neither phrase nor passphrase in any file', async () => {
    const alice = onDisk('Alice')
    await alice.start()
    const words = await alice.create()
    await alice.stop()
    const files = await readdir(path.join(folder, 'Alice'), { recursive: true, withFileTypes: true })
    for (const file of files.filter((one) => one.isFile())) {
      const text = (await readFile(path.join(file.parentPath, file.name))).toString('latin1')
      expect(text).not.toContain(PASSPHRASE)
      expect(text).not.toContain(words.slice(0, 3).join(' '))
    }
  })
})
