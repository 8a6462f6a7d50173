// Rows as the window sees them.

import { type Contact, type Conversation, type Message, type Profile } from '../../../preload/contract.ts'
import { type ChatCore } from '../core.ts'
import { type Presence } from '../status/presence.ts'
import {
  type ContactRow,
  type ConversationRow,
  type MessageRow,
  accountOf,
  contactConversation,
} from './rows.ts'

export const UNKNOWN_NAME = 'Somebody'
/** What the list shows of the last message. */
const LAST_LINE_CHARACTERS = 200

export function nameOf(contact: ContactRow): string {
  return contact.name || contact.ownName || UNKNOWN_NAME
}

export class Views {
  readonly #core: ChatCore
  readonly #presence: Presence

  constructor(core: ChatCore, presence: Presence) {
    this.#core = core
    this.#presence = presence
  }

  profile(): Profile {
    return { name: this.#core.own.name, accountId: this.#core.own.id }
  }

  contact(row: ContactRow): Contact {
    const { accountId, ownName, relation, isVerified, lastSeenMs } = row
    // who has not agreed to be seen, or is blocked, is shown without presence
    const presence =
      relation === 'request' || relation === 'blocked' ? 'offline' : this.#presence.of(accountId)
    const conversationId = contactConversation(accountId)
    return {
      conversationId,
      accountId,
      name: nameOf(row),
      ownName,
      relation,
      isVerified,
      presence,
      lastSeenMs,
    }
  }

  conversation(row: ConversationRow): Conversation {
    const contact = row.kind === 'contact' ? this.#core.contacts.get(accountOf(row.id)) : undefined
    return {
      id: row.id,
      kind: row.kind,
      title: contact ? nameOf(contact) : row.kind === 'topic' ? row.topic : UNKNOWN_NAME,
      lastLine: row.last?.text ?? '',
      lastFromSelf: row.last?.fromSelf ?? false,
      lastState: row.last?.state ?? null,
      lastAtMs: row.last?.atMs ?? row.createdAtMs,
      unread: row.unread,
      draft: this.#core.drafts.get(row.id) ?? '',
      contact: contact ? this.contact(contact) : null,
    }
  }

  message(conversationId: string, row: MessageRow): Message {
    const { id, position, fromSelf, authorId, text, sentAtMs, state } = row
    const authorName = fromSelf ? this.#core.own.name : this.#authorName(conversationId, row)
    const stateReason = state === 'queued' ? this.#waitsFor(conversationId) : ''
    return {
      id,
      conversationId,
      position,
      fromSelf,
      authorId,
      authorName,
      text,
      sentAtMs,
      state,
      stateReason,
    }
  }

  #authorName(conversationId: string, row: MessageRow): string {
    const contact = this.#core.contacts.get(row.authorId)
    if (conversationId.startsWith('contact:')) return contact ? nameOf(contact) : UNKNOWN_NAME
    return row.authorName || UNKNOWN_NAME
  }

  /** Why a message is still here, in words. */
  #waitsFor(conversationId: string): string {
    if (!conversationId.startsWith('contact:')) return 'Waits until this computer is part of the network'
    const contact = this.#core.contacts.get(accountOf(conversationId))
    if (!contact) return ''
    const name = nameOf(contact)
    if (contact.relation === 'blocked') return `You have blocked ${name}`
    const presence = this.#presence.of(contact.accountId)
    if (presence === 'online') return `On its way to ${name}`
    return presence === 'connecting' ? `Looking for ${name}…` : `Waits for ${name} to come online`
  }
}

export function lastLineOf(text: string): string {
  const line = text.trim().split('\n', 1)[0]!
  return line.length > LAST_LINE_CHARACTERS ? `${line.slice(0, LAST_LINE_CHARACTERS)}…` : line
}
