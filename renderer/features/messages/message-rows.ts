// What the message list draws, in order: day lines, the unread line, and messages that know their place in a group.

import { type Message } from '../../../preload/contract.ts'
import { startOfDay } from '../../words/times.ts'

export type Row =
  | { kind: 'day'; key: string; dayMs: number }
  | { kind: 'unread'; key: string }
  | {
      kind: 'message'
      key: string
      message: Message
      isFirst: boolean
      isLast: boolean
      showsWaiting: boolean
    }

/** One author's messages stand together as long as they follow each other within this time. */
const GROUP_MS = 5 * 60_000

export function messageRows(messages: readonly Message[], unreadFrom: number | null): Row[] {
  const rows: Row[] = []
  const newestQueued = messages.findLast(({ state }) => state === 'queued')
  for (const [index, message] of messages.entries()) {
    const before = messages[index - 1]
    const after = messages[index + 1]
    const isUnreadLine = message.position === unreadFrom
    if (before === undefined || !isSameDay(before, message))
      rows.push({ kind: 'day', key: `day ${startOfDay(message.sentAtMs)}`, dayMs: message.sentAtMs })
    if (isUnreadLine) rows.push({ kind: 'unread', key: 'unread' })
    rows.push({
      kind: 'message',
      key: message.id,
      message,
      isFirst: isUnreadLine || before === undefined || !isOneGroup(before, message),
      isLast: after === undefined || after.position === unreadFrom || !isOneGroup(message, after),
      showsWaiting: message === newestQueued,
    })
  }
  return withUniqueKeys(rows)
}

function isOneGroup(a: Message, b: Message): boolean {
  return (
    a.fromSelf === b.fromSelf &&
    a.authorId === b.authorId &&
    isSameDay(a, b) &&
    Math.abs(b.sentAtMs - a.sentAtMs) < GROUP_MS
  )
}

function isSameDay(a: Message, b: Message): boolean {
  return startOfDay(a.sentAtMs) === startOfDay(b.sentAtMs)
}

/** Clocks differ between people: a conversation may come back to a day, and a key must not. */
function withUniqueKeys(rows: Row[]): Row[] {
  const seen = new Map<string, number>()
  return rows.map((row) => {
    const count = seen.get(row.key) ?? 0
    seen.set(row.key, count + 1)
    return count === 0 ? row : { ...row, key: `${row.key} #${count}` }
  })
}
