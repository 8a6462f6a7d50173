// Sending: stored with its ciphertext before anybody is told that it was sent.

import { MAX_TEXT_BYTES, type Message } from '../../../preload/contract.ts'
import { fromHex, toHex, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type Conversations } from '../conversations/conversations.ts'
import { type MessageRow, accountOf } from '../conversations/rows.ts'
import { nameOf } from '../conversations/known-names.ts'
import { type Views } from '../conversations/views.ts'
import { type ChatCore } from '../core.ts'
import { type SettingsKeeper } from '../settings.ts'
import { type Transaction } from '../storage/journal.ts'
import { type Topics } from '../topics/topics.ts'
import { type Outbox } from './outbox.ts'
import { MAX_READ_IDS, MESSAGE_ID_BYTES, NO_MESSAGE } from './payloads.ts'

export interface MessagesParts {
  core: ChatCore
  conversations: Conversations
  outbox: Outbox
  topics: Topics
  views: Views
  settings: SettingsKeeper
}

export class Messages {
  readonly #parts: MessagesParts
  readonly #core: ChatCore

  constructor(parts: MessagesParts) {
    this.#parts = parts
    this.#core = parts.core
  }

  /** Errors: too-large, not-found, refused (blocked, or not accepted yet), store-full. */
  async send(conversationId: string, text: string): Promise<Message> {
    const size = utf8(text).length
    if (size > MAX_TEXT_BYTES)
      throw new BanyanError(
        'too-large',
        `A message can have ${MAX_TEXT_BYTES / 1024} KiB; this one has ${Math.ceil(size / 1024)}.`,
      )
    const { kind } = this.#parts.conversations.mustHave(conversationId)
    const row = await this.#core.journal.run((tx) =>
      kind === 'topic'
        ? this.#parts.topics.publish(tx, conversationId, text)
        : this.#toContact(tx, conversationId, text),
    )
    return this.#parts.views.message(conversationId, row)
  }

  /** Marks as read here, and tells the other side where the settings want it. */
  async markRead(conversationId: string, position: number): Promise<void> {
    const { kind } = this.#parts.conversations.mustHave(conversationId)
    await this.#core.journal.run(async (tx) => {
      const ids = await this.#parts.conversations.markRead(tx, conversationId, position)
      if (kind !== 'contact' || !this.#parts.settings.current.sendReadReceipts) return
      const contact = tx.row(this.#core.contacts, accountOf(conversationId))
      if (contact?.relation !== 'accepted') return
      for (let i = 0; i < ids.length; i += MAX_READ_IDS) {
        const messageIds = ids.slice(i, i + MAX_READ_IDS).map((id) => fromHex(id)!)
        await this.#parts.outbox.enqueue(tx, contact, { kind: 'read', messageIds })
      }
    })
  }

  async #toContact(tx: Transaction, conversationId: string, text: string): Promise<MessageRow> {
    const contact = tx.row(this.#core.contacts, accountOf(conversationId))
    if (!contact) throw new BanyanError('not-found', 'This contact no longer exists.')
    if (contact.relation === 'blocked')
      throw new BanyanError('refused', `You have blocked ${nameOf(contact)}.`)
    if (contact.relation === 'request')
      throw new BanyanError('refused', `Accept ${nameOf(contact)} first, then you can write.`)
    const messageId = this.#core.ports.random.bytes(MESSAGE_ID_BYTES)
    const sentAtMs = this.#core.wallMs()
    const row = await this.#parts.conversations.append(tx, conversationId, {
      id: toHex(messageId),
      fromSelf: true,
      authorId: '',
      authorName: '',
      text,
      sentAtMs,
      state: 'queued',
    })
    if (!row) throw new BanyanError('internal', 'a random id came twice')
    const place = { conversationId, position: row.position }
    await this.#parts.outbox.enqueue(
      tx,
      contact,
      { kind: 'text', messageId, after: NO_MESSAGE, sentAtMs, text }, // each device's queue names what comes before
      { place },
    )
    return row
  }
}
