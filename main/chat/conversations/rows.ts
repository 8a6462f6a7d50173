// What is kept of conversations and contacts, as JSON in the database. Fields are only ever added, with a meaning for
// their absence, so that an update reads what an older version wrote.

import { type Contact, type Conversation, type MessageState } from '../../../preload/contract.ts'
import { type Address } from '../../overlay/ports/datagram-socket.ts'

export interface DeviceEntry {
  nodeId: string
  /** Hex. */
  certificate: string
  /** From the invitation: hints for the first contact. */
  addresses: Address[]
}

export interface ContactRow {
  /** Hex of the account key. */
  accountId: string
  /** Given by the owner of this profile; empty where none was. */
  name: string
  ownName: string
  relation: Contact['relation']
  /** What a blocked contact goes back to. */
  relationBefore: Contact['relation']
  isVerified: boolean
  lastSeenMs: number
  /** The token of the invitation that we accepted, in hex; empty where they came to us. */
  invitation: string
  /** The token of our invitation that they came with, in hex; absent where they came without. */
  cameWith?: string
  devices: DeviceEntry[]
  /** Sequence of the newest device list seen. */
  listSequence: number
  /** Node ids that the account has revoked; absent: none. */
  revoked?: string[]
}

export interface LastLine {
  position: number
  text: string
  fromSelf: boolean
  state: MessageState
  /** When it came to this disk. */
  atMs: number
}

export interface ConversationRow {
  id: string
  kind: Conversation['kind']
  /** The topic's name; empty for contacts. */
  topic: string
  createdAtMs: number
  nextPosition: number
  last: LastLine | null
  unread: number
  readUpTo: number
  /** Topics: the latest time of a publication that was dropped because newer ones took its place; absent: none was. */
  droppedUpToMs?: number
}

export interface MessageRow {
  /** Hex. */
  id: string
  position: number
  fromSelf: boolean
  authorId: string
  /** Topics: as the author called themself. Contacts: empty, the contact's present name stands. */
  authorName: string
  text: string
  /** As its author says, within what can be true. */
  sentAtMs: number
  /** When it came to this disk; absent: when it was sent. */
  receivedAtMs?: number
  state: MessageState
}

export interface Place {
  conversationId: string
  position: number
}

/** Our side of the session with one device. */
export interface DeviceRow {
  /** Grows when the device could not open what was sealed: everything sealed before is sealed anew. */
  epoch: number
  /** Of the newest bundle seen: older ones are refused. */
  bundleSequence: number
  /** When it last acknowledged something, give or take an hour; absent: never. */
  heardAtMs?: number
}

export const contactConversation = (accountId: string) => `contact:${accountId}`
export const topicConversation = (topicId: string) => `topic:${topicId}`
export const accountOf = (conversationId: string) => conversationId.slice('contact:'.length)
export const topicIdOf = (conversationId: string) => conversationId.slice('topic:'.length)
