import { describe, expect, it } from 'vitest'
import { normaliseTopic } from '../../main/chat/topics/topic-name.ts'
import { MAX_TOPIC_MESSAGES } from '../../main/chat/conversations/conversations.ts'
import { fromUtf8, utf8 } from '../../main/overlay/base/bytes.ts'
import { Person } from './story/person.ts'
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

  it('takes what one author writes in a breath, and no flood; and names itself rarely', async () => {
    const story = new Story(23)
    const [alice, bob] = await story.friends()
    for (const person of [alice, bob]) await person.call('topics.subscribe', { topic: 'news' })
    await Promise.all(Array.from({ length: 100 }, async (_, i) => bob.say('news', `word ${i}`)))
    await story.advance(9_000)
    expect((await alice.texts('news')).length).toBeGreaterThanOrEqual(30)
    expect((await alice.texts('news')).length).toBeLessThanOrEqual(40)
    expect(alice.notices.filter(({ title }) => title === '#news')).toHaveLength(1)
    await story.advance(5_000)
    await bob.say('news', 'later')
    await story.advance(1_000)
    expect(alice.notices.filter(({ title }) => title === '#news')).toHaveLength(2)
  })

  it(`keeps its newest ${MAX_TOPIC_MESSAGES} messages, and does not take the dropped ones again`, async () => {
    const story = new Story(24)
    const alice = await Person.born(story, 'Alice')
    const { id } = await alice.call('topics.subscribe', { topic: 'news' })
    const { core, conversations } = alice.chat.opened
    const base = core.wallMs() - MAX_TOPIC_MESSAGES - 100
    const messageOf = (i: number) => ({
      id: i.toString(16).padStart(32, '0'),
      fromSelf: false,
      authorId: 'a',
      authorName: 'A',
      text: `${i}`,
      sentAtMs: base + i,
      state: 'received' as const,
    })
    const append = (from: number, to: number) =>
      story.wait(
        core.journal.run(async (tx) => {
          for (let i = from; i < to; i++) await conversations.append(tx, id, messageOf(i))
        }),
      )
    await append(0, MAX_TOPIC_MESSAGES)
    for (let i = 0; i < 50; i++) await append(MAX_TOPIC_MESSAGES + i, MAX_TOPIC_MESSAGES + i + 1)
    await append(3, 10)
    const prefix = `message/${id}/`
    const rows = await core.journal.store.range({ from: utf8(prefix), to: utf8(`${prefix}~`) })
    expect(rows).toHaveLength(MAX_TOPIC_MESSAGES)
    expect(JSON.parse(fromUtf8(rows[0]!.value)).text).toBe('50')
    expect(await core.journal.store.range({ from: utf8('place/'), to: utf8('place/~') })).toHaveLength(
      MAX_TOPIC_MESSAGES,
    )
  }, 60_000)

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
