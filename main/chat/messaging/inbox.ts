// What arrives from other devices. An envelope is opened, stored and remembered in one synced batch, and acknowledged
// after it: a repeat is acknowledged again and never shown twice, a crash in between costs a repeat and nothing else.

import { type Bytes, equal, toHex } from '../../overlay/base/bytes.ts'
import { BanyanError, codeOf } from '../../overlay/base/errors.ts'
import { type NodeId } from '../../overlay/base/id.ts'
import { PeerBudgets } from '../../overlay/base/peer-budgets.ts'
import { TokenBucket } from '../../overlay/base/token-bucket.ts'
import { type VerifiedCertificate, verifyCertificate } from '../account/certificate.ts'
import { type Contacts } from '../contacts/contacts.ts'
import { type Conversations } from '../conversations/conversations.ts'
import { believableTime } from '../conversations/believable-time.ts'
import { type ContactRow, contactConversation } from '../conversations/rows.ts'
import { type ChatCore } from '../core.ts'
import { type Directory } from '../devices/directory.ts'
import { type Notifier } from '../status/notifier.ts'
import { type Transaction } from '../storage/journal.ts'
import { type Acknowledger } from './acknowledger.ts'
import { type Frame, decodeFrame, envelopeOf } from './frames.ts'
import { type Outbox } from './outbox.ts'
import { EarlyFrames, TooEarly } from './early-frames.ts'
import { NO_MESSAGE, type Payload, decodePayload } from './payloads.ts'
import { type Sealer } from './sealer.ts'
import { type SeenEnvelopes } from './seen-envelopes.ts'

type Sealed = Extract<Frame, { kind: 'sealed' }>
type Text = Extract<Payload, { kind: 'text' }>

export interface InboxParts {
  core: ChatCore
  sealer: Sealer
  contacts: Contacts
  conversations: Conversations
  outbox: Outbox
  directory: Directory
  acknowledger: Acknowledger
  notifier: Notifier
  seen: SeenEnvelopes
}

/** What waits to be opened; more is not taken in, and comes again. */
const MAX_WAITING = 4096
/** First messages of devices that no contact has: each costs a key agreement. */
const STRANGERS_BURST = 20
const STRANGERS_PER_SECOND = 0.5
const ASKS_BURST = 50
const ASKS_PER_SECOND = 5
/** Words of somebody who has not been accepted yet; more stay with their sender. */
const MAX_REQUEST_MESSAGES = 20
/**
 * Everything else that such an account, or a node that many such accounts may share, can make this disk write: a greeting
 * and the words of a request at once, then as good as nothing.
 */
const UNACCEPTED_BURST = 40
const UNACCEPTED_PER_SECOND = 1 / 600

export class Inbox {
  readonly #parts: InboxParts
  readonly #core: ChatCore
  readonly #strangers: TokenBucket
  readonly #asks: TokenBucket
  readonly #unacceptedAccounts: PeerBudgets
  readonly #unacceptedNodes: PeerBudgets
  readonly #early: EarlyFrames<{ from: NodeId; frame: Sealed }>
  #isStopped = false

  constructor(parts: InboxParts) {
    this.#parts = parts
    this.#core = parts.core
    this.#early = new EarlyFrames(parts.core.ports.clock, ({ from, frame }) => this.#retake(from, frame))
    const now = parts.core.ports.clock.nowMs()
    this.#strangers = new TokenBucket(STRANGERS_BURST, STRANGERS_PER_SECOND, now)
    this.#asks = new TokenBucket(ASKS_BURST, ASKS_PER_SECOND, now)
    const { clock } = parts.core.ports
    this.#unacceptedAccounts = new PeerBudgets(clock, UNACCEPTED_BURST, UNACCEPTED_PER_SECOND)
    this.#unacceptedNodes = new PeerBudgets(clock, UNACCEPTED_BURST, UNACCEPTED_PER_SECOND)
  }

  stop(): void {
    this.#isStopped = true
    this.#early.stop()
  }

  /** Never throws and never rejects: what is wrong with a frame is counted. */
  receive(from: NodeId, bytes: Bytes): void {
    if (this.#isStopped) return
    this.#take(from, bytes).catch((error: unknown) => this.#count(error))
  }

  #retake(from: NodeId, frame: Sealed): void {
    if (!this.#isStopped) this.#takeSealed(from, frame).catch((error: unknown) => this.#count(error))
  }

  #count(error: unknown): void {
    this.#core.drops.count(codeOf(error))
    if (codeOf(error) === 'internal')
      this.#core.ports.log.log('error', 'chat', 'a frame failed', { error: String(error) })
  }

  async #take(from: NodeId, bytes: Bytes): Promise<void> {
    const frame = decodeFrame(bytes)
    switch (frame.kind) {
      case 'sealed':
        return this.#takeSealed(from, frame)
      case 'ack':
        return this.#parts.outbox.acknowledged(from, frame.acks)
      case 'nack':
        return this.#parts.outbox.refused(from, frame.envelopes.map(toHex))
      case 'bundle':
        return this.#parts.directory.offer(from, frame.record)
      case 'ask':
        if (!this.#asks.take(1, this.#core.ports.clock.nowMs()))
          throw new BanyanError('quota', 'too many questions')
        return this.#parts.directory.answer(from)
    }
  }

  async #takeSealed(from: NodeId, frame: Sealed): Promise<void> {
    if (this.#core.journal.waiting >= MAX_WAITING) throw new BanyanError('quota', 'too much at once')
    const envelope = envelopeOf(this.#core.ports.crypto, frame.ciphertext.bytes)
    try {
      await this.#core.journal.run((tx) => this.#open(tx, from, envelope, frame))
    } catch (error) {
      if (error instanceof TooEarly) return this.#early.hold(toHex(envelope), error.after, { from, frame })
      // no session, or a key that is gone: the sender seals it anew. A replay is answered alike; its sender has it no more
      if (codeOf(error) === 'not-found' || codeOf(error) === 'refused')
        this.#parts.acknowledger.nack(from, envelope)
      throw error
    }
  }

  async #open(tx: Transaction, from: NodeId, envelope: Bytes, frame: Sealed): Promise<void> {
    const { seen } = this.#parts
    const token = await seen.tokenOf(tx, from, toHex(envelope))
    if (token) return tx.after(() => this.#parts.acknowledger.ack(from, { envelope, token }))
    const sender = this.#senderOf(from, frame)
    const accountId = toHex(sender.accountKey)
    const contact = tx.row(this.#core.contacts, accountId)
    if (contact?.relation === 'blocked') return this.#core.drops.count('blocked') // silently: they are not told
    if (!contact && !this.#strangers.take(1, this.#core.ports.clock.nowMs()))
      throw new BanyanError('quota', 'too many strangers')
    if (contact?.relation !== 'accepted') this.#mustHaveBudget(from, accountId)
    const { token: fresh, payload } = decodePayload(
      await this.#parts.sealer.open(tx, sender, frame.ciphertext),
    )
    await this.#parts.contacts.learnDevice(tx, sender)
    await this.#act(tx, sender, payload, toHex(envelope))
    seen.add(tx, from, toHex(envelope), fresh)
    tx.after(() => {
      this.#parts.acknowledger.ack(from, { envelope, token: fresh })
      this.#parts.outbox.heard(from)
    })
  }

  /** Errors: quota. */
  #mustHaveBudget(from: NodeId, accountId: string): void {
    if (!this.#unacceptedNodes.admits(from) || !this.#unacceptedAccounts.admits(accountId))
      throw new BanyanError('quota', 'too much from somebody who is not accepted')
  }

  /** Errors: not-found (a device we do not know writes as if we did), and those of verifyCertificate. */
  #senderOf(from: NodeId, frame: Sealed): VerifiedCertificate {
    if (!frame.certificate) {
      const known = this.#parts.contacts.deviceOf(from)
      if (!known) throw new BanyanError('not-found', 'a device that we do not know')
      return known
    }
    const { crypto, network } = this.#core.ports
    const sender = verifyCertificate(crypto, network, frame.certificate, this.#core.wallMs())
    if (sender.nodeId !== from) throw new BanyanError('bad-signature', 'the certificate of another node')
    if (toHex(sender.accountKey) === this.#core.own.id)
      throw new BanyanError('own-link', 'a device of our own')
    return sender
  }

  async #act(
    tx: Transaction,
    sender: VerifiedCertificate,
    payload: Payload,
    envelope: string,
  ): Promise<void> {
    const { contacts } = this.#parts
    switch (payload.kind) {
      case 'text':
        return this.#text(tx, await contacts.knownOrRequest(tx, sender), payload, envelope)
      case 'hello':
        return contacts.hello(tx, sender, payload)
      case 'accept':
        return contacts.accepted(tx, sender, payload.name)
      case 'profile':
        return contacts.profile(tx, sender, payload.name)
      case 'read':
        return this.#read(tx, sender, payload.messageIds)
    }
  }

  async #text(tx: Transaction, contact: ContactRow, payload: Text, envelope: string): Promise<void> {
    const conversationId = contactConversation(contact.accountId)
    const conversation = await this.#parts.conversations.begin(tx, conversationId)
    // order: what they wrote before this comes first, unless it never comes
    const isKnown = conversation.last !== null || contact.relation === 'accepted'
    if (!equal(payload.after, NO_MESSAGE) && isKnown && this.#early.mayHold(envelope)) {
      const before = toHex(payload.after)
      if (!(await this.#parts.conversations.placeOf(tx, before))) throw new TooEarly(before)
    }
    if (contact.relation === 'request' && conversation.nextPosition > MAX_REQUEST_MESSAGES)
      throw new BanyanError('quota', 'more words than a request may have')
    const row = await this.#parts.conversations.append(tx, conversationId, {
      id: toHex(payload.messageId),
      fromSelf: false,
      authorId: contact.accountId,
      authorName: '',
      text: payload.text,
      sentAtMs: believableTime(payload.sentAtMs, conversation, this.#core.wallMs()),
      state: 'received',
    })
    tx.after(() => this.#early.release(toHex(payload.messageId)))
    if (row && contact.relation === 'accepted')
      tx.after(() => this.#parts.notifier.received(conversationId, row.text))
  }

  async #read(tx: Transaction, sender: VerifiedCertificate, messageIds: readonly Bytes[]): Promise<void> {
    const conversationId = contactConversation(toHex(sender.accountKey))
    for (const id of messageIds) {
      const place = await this.#parts.conversations.placeOf(tx, toHex(id))
      if (place?.conversationId === conversationId) await this.#parts.conversations.advance(tx, place, 'read')
    }
  }
}
