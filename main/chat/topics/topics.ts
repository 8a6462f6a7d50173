// Topics: what is subscribed, what is published, what was heard. Subscriptions are conversations of kind `topic`; the
// history begins with the subscription. An own publication is shown when it is stored, and stays queued until a node of
// the topic's tree has taken it.

import { type Bytes, toHex } from '../../overlay/base/bytes.ts'
import { BanyanError, codeOf } from '../../overlay/base/errors.ts'
import { type Id } from '../../overlay/base/id.ts'
import { type Timer } from '../../overlay/ports/clock.ts'
import { type Publication } from '../../overlay/api.ts'
import { PeerBudgets } from '../../overlay/base/peer-budgets.ts'
import { believableTime } from '../conversations/believable-time.ts'
import { type Conversations } from '../conversations/conversations.ts'
import { type ConversationRow, type MessageRow, topicConversation } from '../conversations/rows.ts'
import { type Views } from '../conversations/views.ts'
import { type ChatCore } from '../core.ts'
import { type Notifier } from '../status/notifier.ts'
import { type Transaction } from '../storage/journal.ts'
import { PUBLISHING, numberKey, numberOf, publishingOf } from '../storage/keys.ts'
import { decodePublication, encodePublication } from './publication.ts'
import { type Topic, normaliseTopic, topicOf } from './topic-name.ts'

const RANDOM_BYTES = 16
const FIRST_RETRY_MS = 2_000
const LAST_RETRY_MS = 60_000
/** Publications handed to the overlay at one time. */
const WINDOW = 32
/** Of one author, in all topics together: as fast as a person writes, with room for what comes late all at once. */
const AUTHOR_BURST = 30
const AUTHOR_PER_SECOND = 1

export class Topics {
  readonly #core: ChatCore
  readonly #conversations: Conversations
  readonly #notifier: Notifier
  readonly #views: Views
  readonly #topics = new Map<string, Topic>()
  readonly #inFlight = new Set<string>()
  readonly #authors: PeerBudgets
  #timer: Timer | undefined
  #failures = 0
  #isStopped = false

  constructor(core: ChatCore, conversations: Conversations, notifier: Notifier, views: Views) {
    this.#core = core
    this.#conversations = conversations
    this.#notifier = notifier
    this.#views = views
    this.#authors = new PeerBudgets(core.ports.clock, AUTHOR_BURST, AUTHOR_PER_SECOND)
  }

  start(): void {
    for (const row of this.#core.conversations.values()) if (row.kind === 'topic') this.#join(row)
    this.pump()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  nameOf(id: Id): string {
    return this.#topics.get(topicConversation(id))?.name ?? ''
  }

  /** Returns the conversation's id; also where it is subscribed already. Errors: malformed, store-full. */
  async subscribe(text: string): Promise<string> {
    const topic = topicOf(this.#core.ports.crypto, normaliseTopic(text))
    const id = topicConversation(topic.id)
    const row = await this.#core.journal.run((tx) => this.#conversations.begin(tx, id, topic.name))
    this.#join(row)
    return id
  }

  async leave(conversationId: string): Promise<void> {
    this.#conversations.mustHave(conversationId)
    await this.#core.journal.run(async (tx) => {
      for (const { key } of await tx.range(publishingOf(conversationId))) tx.del(key)
      this.#conversations.remove(tx, conversationId)
    })
    const topic = this.#topics.get(conversationId)
    this.#topics.delete(conversationId)
    if (topic) this.#core.door.leave(topic.id)
  }

  /** Part of a transaction: stored and shown as queued. */
  async publish(tx: Transaction, conversationId: string, text: string): Promise<MessageRow> {
    const topic = this.#topics.get(conversationId)
    if (!topic) throw new BanyanError('not-found', 'This topic was left.')
    const { crypto, network, random } = this.#core.ports
    const { own } = this.#core
    const author = {
      certificate: own.certificate.bytes,
      accountKey: own.key.publicKey,
      nodeSecretKey: own.identity.nodeKey.secretKey,
      name: own.name,
    }
    const fields = { random: random.bytes(RANDOM_BYTES), sentAtMs: this.#core.wallMs(), text }
    const { payload, messageId } = encodePublication(crypto, network, topic, author, fields)
    const row = await this.#conversations.append(tx, conversationId, {
      id: toHex(messageId),
      fromSelf: true,
      authorId: '',
      authorName: own.name,
      text,
      sentAtMs: fields.sentAtMs,
      state: 'queued',
    })
    if (!row) throw new BanyanError('internal', 'a random id came twice')
    tx.put(publishingOf(conversationId) + numberKey(row.position), payload)
    tx.after(() => this.pump())
    return row
  }

  /** Never throws: what is wrong with a publication is counted. */
  receive(publication: Publication): void {
    if (this.#isStopped) return
    this.#take(publication).catch((error: unknown) => this.#core.drops.count(`publication: ${codeOf(error)}`))
  }

  /** The network is there again, or something is new: publishes what waits. */
  pump(): void {
    if (this.#isStopped) return
    this.#core.inBackground('publishing', this.#publishWaiting())
  }

  #join(row: ConversationRow): void {
    const topic = topicOf(this.#core.ports.crypto, row.topic)
    this.#topics.set(row.id, topic)
    this.#core.door.subscribe(topic.id)
  }

  async #take({ topic: id, payload }: Publication): Promise<void> {
    const conversationId = topicConversation(id)
    const topic = this.#topics.get(conversationId)
    if (!topic) return
    const { crypto, network } = this.#core.ports
    const message = decodePublication(crypto, network, topic, payload, this.#core.wallMs())
    const authorId = toHex(message.author.accountKey)
    if (this.#core.contacts.get(authorId)?.relation === 'blocked') return
    const fromSelf = authorId === this.#core.own.id
    await this.#core.journal.run(async (tx) => {
      const conversation = tx.row(this.#core.conversations, conversationId)
      // a repeat costs its author nothing: others may have sent it
      if (!conversation || (await this.#conversations.placeOf(tx, toHex(message.messageId)))) return
      if (!this.#authors.admits(authorId)) throw new BanyanError('quota', 'too much of one author')
      const row = await this.#conversations.append(tx, conversationId, {
        id: toHex(message.messageId),
        fromSelf,
        authorId: fromSelf ? '' : authorId,
        authorName: message.name,
        text: message.text,
        sentAtMs: believableTime(message.sentAtMs, conversation, this.#core.wallMs()),
        // of another device of one's own: it is out there already
        state: fromSelf ? 'published' : 'received',
      })
      if (!row || fromSelf) return
      const name = this.#views.authorName(authorId, message.name)
      tx.after(() => this.#notifier.received(conversationId, `${name}: ${message.text}`))
    })
  }

  async #publishWaiting(): Promise<void> {
    const waiting = await this.#core.journal.run((tx) => tx.range(PUBLISHING, { limit: 2 * WINDOW }))
    for (const { key, value } of waiting) {
      if (this.#inFlight.size >= WINDOW) return // the next result pumps again
      if (!this.#inFlight.has(key)) void this.#publishOne(key, value)
    }
  }

  async #publishOne(key: string, payload: Bytes): Promise<void> {
    const conversationId = key.slice(PUBLISHING.length, key.lastIndexOf('/'))
    const topic = this.#topics.get(conversationId)
    if (!topic) return
    this.#inFlight.add(key)
    try {
      const result = await this.#core.door.publish(topic.id, payload)
      if (result.kind === 'failed') return this.#retry()
      await this.#core.journal.run(async (tx) => {
        tx.del(key)
        await this.#conversations.advance(tx, { conversationId, position: numberOf(key) }, 'published')
      })
      this.#failures = 0
      this.#core.ports.clock.after(0, () => this.pump())
    } catch (error) {
      this.#core.ports.log.log('warn', 'chat', 'a publication waits', { code: codeOf(error) })
      this.#retry()
    } finally {
      this.#inFlight.delete(key)
    }
  }

  #retry(): void {
    if (this.#timer || this.#isStopped) return
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++)
    this.#timer = this.#core.ports.clock.after(delayMs, () => {
      this.#timer = undefined
      this.pump()
    })
  }
}
