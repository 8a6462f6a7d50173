import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanName } from '../../main/chat/contacts/clean-name.ts'
import { fitText } from '../../main/chat/contacts/fit-text.ts'
import { nameSkeleton } from '../../main/chat/contacts/name-skeleton.ts'
import { normaliseTopic } from '../../main/chat/topics/topic-name.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'
import { Person } from './story/person.ts'
import { Story } from './story/story.ts'

const FAMILY = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'

describe('a name', () => {
  it.each([
    ['zero-width space', 'Carol\u200b', 'Carol'],
    ['word joiner', 'Ca\u2060rol', 'Carol'],
    ['byte order mark', '\ufeffCarol', 'Carol'],
    ['Arabic letter mark', 'Carol\u061c', 'Carol'],
    ['tags', 'Carol\u{e0061}\u{e007f}', 'Carol'],
    ['joiners between letters', 'C\u200da\u200crol', 'Carol'],
    ['variation selector', 'Carol\ufe0f', 'Carol'],
    ['grapheme joiner', 'Car\u034fol', 'Carol'],
    ['Hangul filler', 'Carol\u3164', 'Carol'],
    ['direction', '\u202eCarol\u2066\u200f', 'Carol'],
    ['wide and narrow spaces', 'Carol\u00a0\u2003 Doe\u2800', 'Carol Doe'],
    ['lines', 'Carol\n\tDoe', 'Carol Doe'],
    ['a tower of marks', `Z${'\u0351'.repeat(40)}oe`, 'Z\u0351\u0351\u0351oe'],
    ['a mark on nothing', '\u0301Carol', 'Carol'],
    ['a joined emoji', `Carol ${FAMILY}`, `Carol ${FAMILY}`],
    ['a coloured heart', '\u2764\ufe0f', '\u2764\ufe0f'],
    ['what people are called', 'Zoë Łukasz 山田 أحمد 김', 'Zoë Łukasz 山田 أحمد 김'],
    ['nothing to see', '\u200b\u2060', ''],
  ])('with %s', (_, text, shown) => expect(cleanName(utf8(text))).toBe(shown))

  it('is fit after having been made fit, and topics are cleaned alike', () => {
    const any = fc.string({ unit: 'binary', maxLength: 80 })
    fc.assert(fc.property(any, (text) => void expect(fitText(fitText(text))).toBe(fitText(text))))
    expect(normaliseTopic('ca\u200bts\ufeff')).toBe('cats')
    expect(normaliseTopic('# Cats')).toBe('cats')
  })

  it('is never cut within a character', () => {
    expect(cleanName(utf8('a'.repeat(63) + '\u{1f600}'))).toBe('a'.repeat(63))
  })

  it.each([
    ['Carol', 'СаroI'], // Cyrillic Es and a, capital i
    ['Carol', 'CAR0L'],
    ['Bob', 'Ｂｏｂ'],
    ['Alice', 'Αlice'], // Greek Alpha
    ['Ann Lee', 'Ann  Lee\u200b'],
    ['Zoë', 'Zoe'],
  ])('%s and %s look alike', (one, other) => expect(nameSkeleton(one)).toBe(nameSkeleton(other)))

  it.each([
    ['Carol', 'Karl'],
    ['Ann', 'Anna'],
  ])('%s and %s do not', (one, other) => expect(nameSkeleton(one)).not.toBe(nameSkeleton(other)))
})

describe('in a topic', () => {
  it('a contact goes by the name given here, and who copies a name is told apart', async () => {
    const story = new Story(210)
    const [alice, bob] = await story.friends()
    const copy = await Person.born(story, 'Вob') // Cyrillic Ve
    const own = await Person.born(story, 'Alice')
    const other = await Person.born(story, 'Dora')
    const { id } = await alice.conversation('Bob')
    await alice.call('contacts.rename', { conversationId: id, name: 'Robert' })
    for (const person of [alice, bob, copy, own, other])
      await person.call('topics.subscribe', { topic: 'cats' })
    for (const person of [bob, copy, own, other]) await person.say('cats', 'meow')
    await story.until(async () => (await alice.texts('cats')).length === 4)
    const short = (person: Person) => person.chat.opened.core.own.id.slice(0, 4)
    const names = (await alice.messages('cats')).map(({ authorName }) => authorName)
    expect(names.sort()).toEqual(['Dora', 'Robert', `Alice · ${short(own)}`, `Вob · ${short(copy)}`].sort())
  })
})

describe('a contact who takes another name', () => {
  it('keeps the title under which they are known', async () => {
    const story = new Story(211)
    const [alice, bob] = await story.friends()
    await bob.call('profile.rename', { name: 'Carol' })
    await story.until(async () => (await alice.conversation('Bob')).contact?.ownName === 'Carol')
    expect((await alice.conversation('Bob')).contact).toMatchObject({ name: 'Bob', ownName: 'Carol' })
  })
})
