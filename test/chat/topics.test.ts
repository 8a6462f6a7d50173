import { describe, expect, it } from 'vitest'
import { normaliseTopic } from '../../main/chat/topics/topic-name.ts'
import { Story } from './story/story.ts'

describe('a topic', () => {
  it('is heard by those who subscribed, once, also over restarts; leaving forgets it', async () => {
    const story = new Story(20)
    const [alice, bob] = await story.friends()
    story.net.repeats = 0.5
    await bob.call('topics.subscribe', { topic: 'Cats ' })
    await alice.call('topics.subscribe', { topic: '#cats' })
    const sent = await alice.say('cats', 'meow')
    expect(sent).toMatchObject({ state: 'queued', fromSelf: true })
    await story.until(async () => (await bob.texts('cats')).length === 1)
    await story.until(async () => (await alice.states('cats'))[0] === 'published')
    expect(await bob.messages('cats')).toMatchObject([
      { text: 'meow', authorName: 'Alice', fromSelf: false, state: 'received' },
    ])
    expect(bob.notices.at(-1)).toMatchObject({ title: '#cats', body: 'Alice: meow' })
    await bob.stop()
    await bob.start()
    await alice.say('cats', 'purr')
    await story.until(async () => (await bob.texts('cats')).length === 2)
    await story.advance(10_000)
    expect(await alice.texts('cats')).toEqual(['meow', 'purr'])
    const { id } = await bob.conversation('cats')
    await bob.call('topics.leave', { conversationId: id })
    expect((await bob.call('conversations.list')).map((one) => one.title)).toEqual(['Alice'])
    await alice.say('cats', 'hiss')
    await story.advance(10_000)
    await bob.call('topics.subscribe', { topic: 'cats' })
    await story.advance(10_000)
    expect(await bob.texts('cats')).toEqual([])
    expect([...alice.problems, ...bob.problems]).toEqual([])
  })

  it('takes publications while the network is away, and sends them when it is back', async () => {
    const story = new Story(21)
    const [alice, bob] = await story.friends()
    for (const person of [alice, bob]) await person.call('topics.subscribe', { topic: 'news' })
    alice.overlay!.online(false)
    await alice.say('news', 'later')
    await story.advance(5_000)
    expect((await alice.states('news'))[0]).toBe('queued')
    await alice.stop()
    await alice.start()
    await story.until(async () => (await bob.texts('news')).length === 1)
    await story.until(async () => (await alice.states('news'))[0] === 'published')
  })

  it('drops what is forged, and says nothing to those who only carry it', async () => {
    const story = new Story(22)
    const [alice, bob] = await story.friends()
    const { id } = await bob.call('topics.subscribe', { topic: 'news' })
    const topic = id.slice('topic:'.length) as never
    for (const payload of [new Uint8Array(0), Uint8Array.of(1, 2, 3), story.random.bytes(500)])
      bob.overlay!.hear({ topic, id: topic, payload })
    await story.advance(1_000)
    expect(await bob.texts('news')).toEqual([])
    expect((await bob.call('health.get')).dropped['chat: publication: malformed']).toBe(3)
    expect(alice.problems).toEqual([])
  })
})

describe('names of topics', () => {
  it.each([
    ['Cats', 'cats'],
    ['  #cats ', 'cats'],
    ['##Cats', 'cats'],
    ['CAFE\u0301', 'caf\u00e9'],
    ['two   words', 'two words'],
    ['a\u202eb', 'ab'],
  ])('%j is %j', (text, name) => expect(normaliseTopic(text)).toBe(name))

  it.each(['#', '   ', '\u200f'])('%j is none', (text) =>
    expect(() => normaliseTopic(text)).toThrowError(expect.objectContaining({ code: 'malformed' })),
  )
})
