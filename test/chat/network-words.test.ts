import { describe, expect, it } from 'vitest'
import { type OverlayStatus } from '../../main/overlay/api.ts'
import { networkState } from '../../main/chat/status/network-words.ts'
import { Person } from './story/person.ts'
import { Story } from './story/story.ts'

describe('the state of the network in words', () => {
  it.each([
    ['joined', 0, 'connecting', 'Looking for other computers…'],
    ['joined', 1, 'online', 'Connected through one computer'],
    ['joined', 7, 'online', 'Connected through 7 computers'],
  ] as const)('%s with %i sessions', (stage, count, kind, words) => {
    const status = { stage, sessions: Array.from({ length: count }) } as OverlayStatus
    expect(networkState(status, '')).toEqual({ kind, peers: count, words })
  })

  it('a port that is taken is tried again until it is free, and all that was wished for holds', async () => {
    const story = new Story(250)
    const [alice, bob] = await story.friends()
    await bob.call('topics.subscribe', { topic: 'cats' })
    await alice.stop()
    alice.isPortTaken = true
    await alice.start()
    await alice.call('topics.subscribe', { topic: 'cats' })
    await story.advance(30_000)
    expect(await alice.call('network.state')).toMatchObject({ kind: 'stopped', peers: 0 })
    alice.isPortTaken = false
    await story.until(async () => (await alice.call('network.state')).kind === 'online', 60_000)
    await bob.say('Alice', 'hello')
    await bob.say('cats', 'meow')
    await story.until(
      async () => (await alice.texts('Bob')).length === 1 && (await alice.texts('cats')).length === 1,
    )
  })
})

describe('why a message waits', () => {
  it('is our own network before it is anybody else', async () => {
    const story = new Story(251)
    const [alice, bob] = await story.friends()
    const carol = await Person.born(story, 'Carol')
    const reason = async (title: string) => (await alice.messages(title)).at(-1)!.stateReason
    await bob.stop()
    await alice.say('Bob', 'hello')
    await story.advance(20_000)
    expect(await reason('Bob')).toBe('Waits for Bob to come online')
    alice.overlay!.online(false)
    alice.overlay!.tell()
    await story.advance(1_000)
    expect(await reason('Bob')).toBe('Waits for the network, then goes out by itself')
    const told = alice.events.filter(({ name }) => name === 'message').at(-1)!.payload
    expect(told).toMatchObject({ stateReason: 'Waits for the network, then goes out by itself' })
    alice.overlay!.online(true)
    const { link } = await carol.call('invitation.get')
    await carol.stop()
    await Person.born(story, 'Dora')
    await alice.call('contacts.add', { link, name: 'Carol' })
    await alice.say('Carol', 'hello')
    expect(await reason('Carol')).toBe('Waits until Carol accepts')
  })
})
