// Conversations and their messages. A message's place is its position: strictly growing, given by this device when the
// message is stored. Pages are range reads; the whole of a conversation is never in memory.

import { type Conversation, type Message, type MessageState } from '../../../preload/contract.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type ChatCore } from '../core.ts'
import { type Transaction } from '../storage/journal.ts'
import { fromJson, toJson } from '../storage/json.ts'
import { messagesOf, numberKey, placeOf } from '../storage/keys.ts'
import { type Announcer } from './announcer.ts'
import { type ConversationRow, type MessageRow, type Place } from './rows.ts'
import { type Views, lastLineOf } from './views.ts'

export type NewMessage = Omit<MessageRow, 'position' | 'receivedAtMs'>

/** How far a message has come: a mark never goes back, whatever order the news arrive in. */
const RANK: Record<MessageState, number> = {
  received: 0,
  failed: 0,
  queued: 0,
  published: 1,
  delivered: 1,
  read: 2,
}
const PURGE = 'purge/'
const PURGE_PAGE = 500
/** Publications of one topic that are kept: strangers write them, so the oldest make room. */
export const MAX_TOPIC_MESSAGES = 10_000
/** As many as a window shows at a time. */
const QUEUED_SHOWN = 20

export class Conversations {
  readonly #core: ChatCore
  readonly #views: Views
  readonly #announcer: Announcer

  constructor(core: ChatCore, views: Views, announcer: Announcer) {
    this.#core = core
    this.#views = views
    this.#announcer = announcer
  }

  list(): Conversation[] {
    const all = [...this.#core.conversations.values()].map((row) => this.#views.conversation(row))
    return all.sort((a, b) => b.lastAtMs - a.lastAtMs)
  }

  /** Errors: not-found. */
  view(id: string): Conversation {
    return this.#views.conversation(this.mustHave(id))
  }

  mustHave(id: string): ConversationRow {
    const row = this.#core.conversations.get(id)
    if (!row) throw new BanyanError('not-found', 'This conversation no longer exists.')
    return row
  }

  /** The row of a conversation, begun where there is none. */
  async begin(tx: Transaction, id: string, topic = ''): Promise<ConversationRow> {
    const known = tx.row(this.#core.conversations, id)
    if (known) return known
    // messages of a conversation of the same id may still be being deleted: positions go on behind them
    const purging = await tx.get(PURGE + id)
    const row: ConversationRow = {
      id,
      kind: topic === '' ? 'contact' : 'topic',
      topic,
      createdAtMs: this.#core.wallMs(),
      nextPosition: purging ? fromJson<number>(purging) : 1,
      last: null,
      unread: 0,
      readUpTo: 0,
    }
    tx.setRow(this.#core.conversations, id, row)
    tx.after(() => this.#announcer.conversation(id))
    return row
  }

  /** Stores a message at the end. Undefined where one with its id is, or was, here already. */
  async append(
    tx: Transaction,
    conversationId: string,
    message: NewMessage,
  ): Promise<MessageRow | undefined> {
    if (await tx.get(placeOf(message.id))) return undefined
    const conversation = tx.row(this.#core.conversations, conversationId)
    if (!conversation) throw new BanyanError('not-found', 'This conversation no longer exists.')
    const row: MessageRow = {
      ...message,
      receivedAtMs: this.#core.wallMs(),
      position: conversation.nextPosition,
    }
    // perhaps one of the dropped again
    if (!row.fromSelf && row.sentAtMs <= (conversation.droppedUpToMs ?? -1)) return undefined
    const place: Place = { conversationId, position: row.position }
    tx.put(messagesOf(conversationId) + numberKey(row.position), toJson(row))
    tx.put(placeOf(message.id), toJson(place))
    tx.setRow(this.#core.conversations, conversationId, {
      ...conversation,
      nextPosition: row.position + 1,
      last: lastOf(row),
      unread: conversation.unread + (row.fromSelf ? 0 : 1),
      ...(conversation.kind === 'topic' ? await dropOldest(tx, conversation) : {}),
    })
    tx.after(() => this.#tell(conversationId, row))
    return row
  }

  /** Moves a message's mark on; nothing where it is there already or the message is gone. */
  async advance(tx: Transaction, { conversationId, position }: Place, state: MessageState): Promise<void> {
    const key = messagesOf(conversationId) + numberKey(position)
    const bytes = await tx.get(key)
    if (!bytes) return
    const before = fromJson<MessageRow>(bytes)
    if (!before.fromSelf || RANK[state] <= RANK[before.state]) return
    const row: MessageRow = { ...before, state }
    tx.put(key, toJson(row))
    const conversation = tx.row(this.#core.conversations, conversationId)
    if (conversation?.last?.position === position)
      tx.setRow(this.#core.conversations, conversationId, { ...conversation, last: lastOf(row) })
    tx.after(() => this.#tell(conversationId, row))
  }

  /** Ours, and still with nobody. */
  async isQueued(tx: Transaction, { conversationId, position }: Place): Promise<boolean> {
    const bytes = await tx.get(messagesOf(conversationId) + numberKey(position))
    return bytes !== undefined && fromJson<MessageRow>(bytes).state === 'queued'
  }

  async placeOf(tx: Transaction, messageId: string): Promise<Place | undefined> {
    const bytes = await tx.get(placeOf(messageId))
    return bytes && fromJson<Place>(bytes)
  }

  async page(conversationId: string, before: number | undefined, limit: number): Promise<Message[]> {
    this.mustHave(conversationId)
    const prefix = messagesOf(conversationId)
    // through the journal, so that what was just sent is in it
    const entries = await this.#core.journal.run((tx) =>
      tx.range(prefix, {
        limit,
        reverse: true,
        ...(before === undefined ? {} : { before: numberKey(before) }),
      }),
    )
    return entries
      .reverse()
      .map(({ value }) => this.#views.message(conversationId, fromJson<MessageRow>(value)))
  }

  /** Ids of the messages from others that this has newly marked as read, oldest first. */
  async markRead(tx: Transaction, conversationId: string, position: number): Promise<string[]> {
    const row = tx.row(this.#core.conversations, conversationId)
    if (!row || position <= row.readUpTo) return []
    const readUpTo = Math.min(position, row.nextPosition - 1)
    const isAll = readUpTo === row.nextPosition - 1
    // nobody is told what was read of a topic, so a long absence need not be gone through
    const read = isAll && row.kind === 'topic' ? [] : await this.#received(tx, row, readUpTo)
    tx.setRow(this.#core.conversations, conversationId, {
      ...row,
      readUpTo,
      unread: isAll ? 0 : Math.max(0, row.unread - read.length),
    })
    tx.after(() => this.#announcer.conversation(conversationId))
    return read.map((message) => message.id)
  }

  async #received(tx: Transaction, row: ConversationRow, upTo: number): Promise<MessageRow[]> {
    const range = { from: numberKey(row.readUpTo + 1), before: numberKey(upTo + 1) }
    const entries = await tx.range(messagesOf(row.id), range)
    return entries.map(({ value }) => fromJson<MessageRow>(value)).filter((message) => !message.fromSelf)
  }

  /** Why the newest messages wait has changed. */
  async tellQueued(conversationId: string): Promise<void> {
    const last = this.#core.conversations.get(conversationId)?.last
    if (!last?.fromSelf || last.state !== 'queued') return
    const newest = await this.#core.journal.run((tx) =>
      tx.range(messagesOf(conversationId), { limit: QUEUED_SHOWN, reverse: true }),
    )
    for (const { value } of newest) {
      const row = fromJson<MessageRow>(value)
      if (row.fromSelf && row.state === 'queued') this.#announcer.message(conversationId, row)
    }
  }

  setDraft(conversationId: string, draft: string): Promise<void> {
    this.mustHave(conversationId)
    return this.#core.journal.run((tx) => {
      tx.setRow(this.#core.drafts, conversationId, draft === '' ? undefined : draft)
    })
  }

  /** Gone from the list at once; the messages are deleted page by page, also after a restart in between. */
  remove(tx: Transaction, id: string): void {
    const row = tx.row(this.#core.conversations, id)
    if (!row) return
    tx.setRow(this.#core.conversations, id, undefined)
    tx.setRow(this.#core.drafts, id, undefined)
    tx.put(PURGE + id, toJson(row.nextPosition))
    tx.after(() => {
      this.#announcer.removed(id)
      this.#core.inBackground('deleting messages', this.#purge(id))
    })
  }

  async resumePurges(): Promise<void> {
    const open = await this.#core.journal.run((tx) => tx.range(PURGE))
    for (const { key } of open) await this.#purge(key.slice(PURGE.length))
  }

  async #purge(id: string): Promise<void> {
    while (await this.#core.journal.run((tx) => purgePage(tx, id), { lazy: true })) continue
  }

  #tell(conversationId: string, row: MessageRow): void {
    this.#announcer.message(conversationId, row)
    this.#announcer.conversation(conversationId)
  }
}

/** The publication that the next one takes the place of goes, one for one. */
async function dropOldest(tx: Transaction, topic: ConversationRow): Promise<Partial<ConversationRow>> {
  const key = messagesOf(topic.id) + numberKey(Math.max(0, topic.nextPosition - MAX_TOPIC_MESSAGES))
  const bytes = await tx.get(key)
  if (!bytes) return {}
  const { id, sentAtMs, receivedAtMs } = fromJson<MessageRow>(bytes)
  tx.del(key)
  tx.del(placeOf(id))
  // a clock that is ahead must not shut out what others write now
  const atMs = Math.min(sentAtMs, receivedAtMs ?? sentAtMs)
  return { droppedUpToMs: Math.max(topic.droppedUpToMs ?? 0, atMs) }
}

/** True where there may be more. */
async function purgePage(tx: Transaction, id: string): Promise<boolean> {
  const until = await tx.get(PURGE + id)
  if (!until) return false
  const before = numberKey(fromJson<number>(until))
  const page = await tx.range(messagesOf(id), { before, limit: PURGE_PAGE })
  for (const { key, value } of page) {
    tx.del(key)
    tx.del(placeOf(fromJson<MessageRow>(value).id))
  }
  if (page.length === PURGE_PAGE) return true
  tx.del(PURGE + id)
  return false
}

function lastOf(row: MessageRow): ConversationRow['last'] {
  const { position, fromSelf, state, sentAtMs, receivedAtMs } = row
  return { position, text: lastLineOf(row.text), fromSelf, state, atMs: receivedAtMs ?? sentAtMs }
}
