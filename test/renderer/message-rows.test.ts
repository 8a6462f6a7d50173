import { describe, expect, it } from 'vitest'
import { messageRows } from '../../renderer/features/messages/message-rows.ts'
import { type Line, messagesOf, topicOf } from './fake-content.ts'

const NOON = new Date(2026, 2, 18, 12).getTime()
const CONVERSATION = topicOf('t', NOON)

/** d: day line, u: unread line, a message as its text in brackets that close where a group does. */
function drawn(lines: Line[], unreadFrom: number | null = null): string {
  return messageRows(messagesOf(CONVERSATION, lines, NOON), unreadFrom)
    .map((row) => {
      if (row.kind !== 'message') return row.kind === 'day' ? 'd' : 'u'
      return `${row.isFirst ? '(' : ''}${row.message.text}${row.showsWaiting ? '…' : ''}${row.isLast ? ')' : ''}`
    })
    .join(' ')
}

describe('message rows', () => {
  it.each<[string, Line[], number | null, string]>([
    ['nothing', [], null, ''],
    [
      'one author',
      [
        [3, 'A', 'a'],
        [2, 'A', 'b'],
      ],
      null,
      'd (a b)',
    ],
    [
      'two authors',
      [
        [3, 'A', 'a'],
        [2, 'B', 'b'],
        [1, '', 'c'],
      ],
      null,
      'd (a) (b) (c)',
    ],
    [
      'a pause',
      [
        [30, 'A', 'a'],
        [2, 'A', 'b'],
      ],
      null,
      'd (a) (b)',
    ],
    [
      'midnight',
      [
        [721, 'A', 'a'],
        [719, 'A', 'b'],
      ],
      null,
      'd (a) d (b)',
    ],
    [
      'unread',
      [
        [3, 'A', 'a'],
        [2, 'A', 'b'],
        [1, 'A', 'c'],
      ],
      2,
      'd (a) u (b c)',
    ],
    [
      'queued',
      [
        [3, '', 'a', 'queued'],
        [2, '', 'b', 'queued'],
        [1, 'A', 'c'],
      ],
      null,
      'd (a b…) (c)',
    ],
  ])('%s', (_, lines, unreadFrom, expected) => {
    expect(drawn(lines, unreadFrom)).toBe(expected)
  })

  it('has unique keys also where clocks disagree about the day', () => {
    const lines: Line[] = [
      [1500, 'A', 'a'],
      [1, 'B', 'b'],
      [1490, 'A', 'c'],
      [0, 'B', 'd'],
    ]
    const keys = messageRows(messagesOf(CONVERSATION, lines, NOON), null).map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
  })
})
