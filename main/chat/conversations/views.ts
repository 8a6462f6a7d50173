// Rows as the window sees them.

import { type Contact, type Conversation, type Message, type Profile } from '../../../preload/contract.ts'
import { type ChatCore } from '../core.ts'
import { type Presence } from '../status/presence.ts'
import { networkState } from '../status/network-words.ts'
import { KnownNames, UNKNOWN_NAME, nameOf } from './known-names.ts'
import {
  type ContactRow,
  type ConversationRow,
  type MessageRow,
  accountOf,
  contactConversation,
} from './rows.ts'

/** What the list shows of the last message. */
const LAST_LINE_CHARACTERS = 200

export class Views {
  readonly #core: ChatCore
  readonly #presence: Presence
  readonly #names: KnownNames

  constructor(core: ChatCore, presence: Presence) {
    this.#core = core
    this.#presence = presence
    this.#names = new KnownNames(core)
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
      name: this.#names.of(row),
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
      title: contact ? this.#names.of(contact) : row.kind === 'topic' ? row.topic : UNKNOWN_NAME,
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

  /** Topics: a contact by the name they have here, whatever they call themselves there. */
  authorName(authorId: string, claimedName: string): string {
    const contact = this.#core.contacts.get(authorId)
    const isKnown = contact && (contact.relation !== 'request' || contact.name !== '')
    return isKnown ? nameOf(contact) : this.#names.ofStranger(authorId, claimedName)
  }

  #authorName(conversationId: string, { authorId, authorName }: MessageRow): string {
    if (!conversationId.startsWith('contact:')) return this.authorName(authorId, authorName)
    const contact = this.#core.contacts.get(authorId)
    return contact ? this.#names.of(contact) : UNKNOWN_NAME
  }

  /** Why a message is still here, in words. */
  #waitsFor(conversationId: string): string {
    if (!conversationId.startsWith('contact:')) return 'Waits until this computer is part of the network'
    const contact = this.#core.contacts.get(accountOf(conversationId))
    if (!contact) return ''
    const name = nameOf(contact)
    if (contact.relation === 'blocked') return `You have blocked ${name}`
    // that we are offline is not their doing
    if (networkState(this.#core.door.status(), '').kind !== 'online')
      return 'Waits for the network, then goes out by itself'
    if (contact.relation === 'waiting') return `Waits until ${name} accepts`
    const presence = this.#presence.of(contact.accountId)
    if (presence === 'online') return `On its way to ${name}`
    return presence === 'connecting' ? `Looking for ${name}…` : `Waits for ${name} to come online`
  }
}

export function lastLineOf(text: string): string {
  const line = text.trim().split('\n', 1)[0]!
  return line.length > LAST_LINE_CHARACTERS ? `${line.slice(0, LAST_LINE_CHARACTERS)}…` : line
}
