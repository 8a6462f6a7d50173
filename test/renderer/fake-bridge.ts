// An in-memory node behind the bridge, for the window's tests and pictures. It answers through the same `dispatch` as the
// real one, so every argument is checked against the contract.

import {
  type AppState,
  type Bridge,
  type Conversation,
  type Emit,
  type Handlers,
  type Message,
  type NetworkState,
  type Settings,
} from '../../preload/contract.ts'
import { dispatch } from '../../preload/dispatch.ts'
import {
  contactOf,
  conversationOf,
  GARDENING,
  healthOf,
  hexOf,
  HOUR_MS,
  JONAS,
  type Line,
  linkOf,
  messagesOf,
  MINUTE_MS,
  MIRA,
  SAFETY_NUMBER,
  SELF_ID,
  topicOf,
  WORDS,
} from './fake-content.ts'

export interface FakeOptions {
  stage?: AppState['stage']
  secretStorage?: AppState['secretStorage']
  surface?: 'desktop' | 'web'
  theme?: Settings['theme']
  /** False: an account that knows nobody yet. */
  hasContent?: boolean
  network?: NetworkState
  nowMs?: number
}

export class FakeError extends Error {
  readonly code: string

  constructor(code: string, message = code) {
    super(message)
    this.code = code
  }
}

const PROBLEMS: Partial<Record<AppState['stage'], string>> = {
  damaged: 'The message database has a block that cannot be read.',
  'keys-missing': 'Your computer’s keychain does not answer. Unlock it and try again.',
}
const ONLINE: NetworkState = { kind: 'online', peers: 5, words: 'Connected to 5 computers' }

export class FakeNode {
  readonly bridge: Bridge
  /** Every call in order, for assertions. */
  readonly asked: { name: string; argument: unknown }[] = []
  /** The next call of this name fails with this code, once. */
  readonly failures = new Map<string, string>()
  /** Calls of this name are held until released: what a slow disk does. */
  readonly holds = new Map<string, Promise<void>>()
  readonly conversations = new Map<string, Conversation>()
  readonly messages = new Map<string, Message[]>()
  state: AppState
  settings: Settings
  #profile = { name: 'Ada Lindqvist', accountId: SELF_ID }
  #network: NetworkState
  #listeners = new Set<(name: string, payload: unknown) => void>()
  #handlers: Handlers
  #nowMs: number
  #sent = 0
  #tick = 0
  #watching: ReturnType<typeof setInterval> | undefined
  #invitations = 0

  constructor(options: FakeOptions = {}) {
    const surface = options.surface ?? 'desktop'
    this.#nowMs = options.nowMs ?? Date.now()
    this.#network = options.network ?? ONLINE
    this.state = {
      stage: options.stage ?? 'ready',
      secretStorage: options.secretStorage ?? 'keychain',
      capabilities: {
        surface,
        tray: surface === 'desktop',
        autostart: surface === 'desktop',
        notifications: surface === 'desktop',
      },
      version: '0.1.0',
      profilePath: '~/.config/Banyan',
      problem: PROBLEMS[options.stage ?? 'ready'] ?? '',
      backupPath: '',
    }
    this.settings = {
      theme: options.theme ?? 'system',
      autostart: false,
      closeToTray: true,
      notifications: true,
      notificationPreview: false,
      sendReadReceipts: true,
      helpOthers: true,
      helpBytesPerSecond: 500_000,
      helpBytesPerMonth: 50e9,
      helpCircuits: 64,
      replicaBytes: 256e6,
      openRouterPort: true,
      findOnLocalNetwork: true,
    }
    if (options.hasContent ?? true) this.#fill()
    this.#handlers = this.#makeHandlers()
    this.bridge = {
      call: async (name, argument) => {
        this.asked.push({ name, argument })
        await this.holds.get(name)
        const code = this.failures.get(name)
        this.failures.delete(name)
        if (code !== undefined) return { ok: false, error: { code, message: code } }
        return await dispatch(this.#handlers, describe, name, argument)
      },
      listen: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
    }
  }

  emit: Emit = (name, payload) => {
    for (const listener of this.#listeners) listener(name, payload)
  }

  idOf(title: string): string {
    for (const { id, title: other } of this.conversations.values()) if (other === title) return id
    throw new Error(`no conversation ${title}`)
  }

  addConversation(conversation: Conversation, lines: readonly Line[] = [], unread = 0): void {
    const messages = messagesOf(conversation, lines, this.#nowMs)
    this.messages.set(conversation.id, messages)
    this.conversations.set(conversation.id, { ...withLast(conversation, messages.at(-1)), unread })
  }

  /** Somebody writes. */
  receive(title: string, text: string, author = title): Message {
    const id = this.idOf(title)
    const message: Message = {
      ...this.#nextMessage(id, text),
      fromSelf: false,
      authorId: hexOf(author),
      authorName: author,
      state: 'received',
    }
    this.#store(message, 1)
    return message
  }

  /** One's own message moves on. */
  moveOn(title: string, messageId: string, state: Message['state']): void {
    const id = this.idOf(title)
    const messages = this.messages.get(id) ?? []
    const index = messages.findIndex((message) => message.id === messageId)
    const message = messages[index]
    if (message === undefined) throw new Error('no such message')
    messages[index] = { ...message, state, stateReason: '' }
    this.emit('message', messages[index])
    this.#change(id, (conversation) => withLast(conversation, messages.at(-1)))
  }

  setNetwork(network: NetworkState): void {
    this.#network = network
    this.emit('network.state', network)
  }

  changeContact(title: string, change: Partial<NonNullable<Conversation['contact']>>): void {
    this.#change(this.idOf(title), (conversation) => {
      const contact = conversation.contact && { ...conversation.contact, ...change }
      return { ...conversation, contact, title: contact?.name ?? conversation.title }
    })
  }

  #fill(): void {
    const now = this.#nowMs
    const mira = contactOf('Mira Sato', { presence: 'online', isVerified: true, lastSeenMs: now })
    const jonas = contactOf('Jonas Weber', { lastSeenMs: now - 26 * HOUR_MS })
    const lena = contactOf('Lena', { relation: 'waiting', ownName: '' })
    const sam = contactOf('Sam Okafor', { relation: 'request', presence: 'online' })
    this.addConversation(conversationOf(mira, now), MIRA)
    this.addConversation({ ...conversationOf(jonas, now), draft: 'And tell her to bring' }, JONAS)
    this.addConversation(topicOf('gardening', now), GARDENING, 2)
    this.addConversation(conversationOf(lena, now - 3 * HOUR_MS))
    this.addConversation(
      conversationOf(sam, now - 12 * MINUTE_MS),
      [[12, 'Sam Okafor', 'Hi, Mira gave me your link.']],
      1,
    )
    this.addConversation(topicOf('chess', now - 50 * HOUR_MS))
    this.addConversation(conversationOf(contactOf('Noor'), now), [
      [7 * 1440, 'Noor', 'Thank you for the book!'],
      [
        6 * 1440 + 30,
        '',
        'Keep it as long as you like.',
        'failed',
        'Noor’s keys could not be found for 30 days',
      ],
    ])
    const many = Array.from({ length: 500 }, (_, index): Line => [
      (500 - index) * 47,
      index % 3 === 0 ? '' : 'Book club',
      `Page ${index + 1}. ${'We read on and on. '.repeat(1 + (index % 4))}`.trim(),
    ])
    this.addConversation(
      conversationOf(contactOf('Book club', { lastSeenMs: now - 4 * HOUR_MS }), now),
      many,
      4,
    )
  }

  #nextMessage(conversationId: string, text: string): Message {
    this.#sent += 1
    return {
      id: hexOf(`${conversationId} sent ${this.#sent}`, 32),
      conversationId,
      position: (this.messages.get(conversationId)?.at(-1)?.position ?? 0) + 1,
      fromSelf: true,
      authorId: '',
      authorName: '',
      text,
      sentAtMs: this.#nowMs + this.#sent,
      state: 'queued',
      stateReason: '',
    }
  }

  #store(message: Message, unread: number): void {
    const messages = this.messages.get(message.conversationId) ?? []
    this.messages.set(message.conversationId, [...messages, message])
    this.emit('message', message)
    this.#change(message.conversationId, (conversation) => ({
      ...withLast(conversation, message),
      unread: conversation.unread + unread,
    }))
  }

  #change(id: string, change: (conversation: Conversation) => Conversation): Conversation {
    const conversation = this.conversations.get(id)
    if (conversation === undefined) throw new FakeError('not-found')
    const changed = change(conversation)
    this.conversations.set(id, changed)
    this.emit('conversation', changed)
    return changed
  }

  #forget(id: string): undefined {
    this.conversations.delete(id)
    this.messages.delete(id)
    this.emit('conversation.removed', { id })
  }

  #enter(stage: AppState['stage']): undefined {
    this.state = { ...this.state, stage, problem: '' }
    this.emit('app.state', this.state)
  }

  #preview(link: string): { accountId: string; name: string } {
    const match = /^banyan:([^/]+)\/[0-9a-f]{192}$/.exec(link)
    if (match === null) throw new FakeError('malformed', 'This is a Banyan link, but no invitation.')
    const name = match[1] ?? ''
    if (name === this.#profile.name) throw new FakeError('own-link')
    return { accountId: hexOf(name), name }
  }

  #invitation(): { link: string; createdAtMs: number } {
    return {
      link: linkOf(`${this.#profile.name.split(' ')[0]}${this.#invitations || ''}`),
      createdAtMs: this.#nowMs,
    }
  }

  #makeHandlers(): Handlers {
    return {
      'app.state': async () => this.state,
      'app.repair': async () => {
        this.state = { ...this.state, backupPath: '~/.config/Banyan/backup-1' }
        this.#enter('ready')
        return this.state
      },
      'account.create': async ({ name }) => {
        this.#profile = { ...this.#profile, name }
        this.#enter('phrase')
      },
      'account.restore': async ({ name, phrase }) => {
        if (phrase !== WORDS.join(' ')) throw new FakeError('bad-phrase')
        if (this.state.stage !== 'keys-missing') this.#profile = { ...this.#profile, name }
        this.#enter('ready')
      },
      'account.phrase': async () => WORDS,
      'account.confirmPhrase': async () => this.#enter('ready'),
      'account.unlock': async ({ passphrase }) => {
        const isRight =
          this.state.stage === 'keys-missing' ? passphrase === '' : passphrase === 'correct horse'
        if (!isRight) throw new FakeError('wrong-passphrase')
        this.#enter('ready')
      },
      'profile.get': async () => this.#profile,
      'profile.rename': async ({ name }) => {
        this.#profile = { ...this.#profile, name }
        this.emit('profile', this.#profile)
        return this.#profile
      },
      'network.state': async () => this.#network,
      'invitation.get': async () => this.#invitation(),
      'invitation.renew': async () => {
        this.#invitations += 1
        return this.#invitation()
      },
      'contacts.preview': async ({ link }) => {
        const { accountId, name } = this.#preview(link)
        const existing = `contact:${accountId}`
        return {
          accountId,
          name,
          safetyNumber: SAFETY_NUMBER,
          existing: this.conversations.has(existing) ? existing : null,
        }
      },
      'contacts.add': async ({ link, name }) => {
        const found = this.#preview(link)
        const contact = contactOf(found.name, { name: name ?? found.name, relation: 'waiting' })
        this.addConversation(conversationOf(contact, this.#nowMs))
        return this.#change(contact.conversationId, (conversation) => conversation)
      },
      'contacts.accept': async ({ conversationId }) => this.#relate(conversationId, 'accepted'),
      'contacts.block': async ({ conversationId, blocked }) =>
        this.#relate(conversationId, blocked ? 'blocked' : 'accepted'),
      'contacts.remove': async ({ conversationId }) => this.#forget(conversationId),
      'contacts.rename': async ({ conversationId, name }) => {
        this.changeContact(this.conversations.get(conversationId)?.title ?? '', { name })
      },
      'contacts.safetyNumber': async () => SAFETY_NUMBER,
      'contacts.setVerified': async ({ conversationId, isVerified }) => {
        this.changeContact(this.conversations.get(conversationId)?.title ?? '', { isVerified })
      },
      'topics.subscribe': async ({ topic }) => {
        const conversation = topicOf(topic, this.#nowMs)
        if (!this.conversations.has(conversation.id)) this.addConversation(conversation)
        return this.#change(conversation.id, (known) => known)
      },
      'topics.leave': async ({ conversationId }) => this.#forget(conversationId),
      'conversations.list': async () => [...this.conversations.values()],
      'conversations.setDraft': async ({ conversationId, draft }) => {
        this.#change(conversationId, (conversation) => ({ ...conversation, draft }))
      },
      'conversations.markRead': async ({ conversationId, position }) => {
        const unread = (this.messages.get(conversationId) ?? []).filter(
          (message) => message.position > position,
        )
        this.#change(conversationId, (conversation) => ({
          ...conversation,
          unread: Math.min(conversation.unread, unread.filter(({ fromSelf }) => !fromSelf).length),
        }))
      },
      'messages.page': async ({ conversationId, before, limit }) => {
        const all = this.messages.get(conversationId) ?? []
        return all.filter(({ position }) => before === undefined || position < before).slice(-limit)
      },
      'messages.send': async ({ conversationId, text }) => {
        const conversation = this.conversations.get(conversationId)
        const state = conversation?.kind === 'topic' ? 'published' : 'queued'
        const stateReason = state === 'queued' ? waitsFor(conversation?.contact ?? null) : ''
        const message: Message = { ...this.#nextMessage(conversationId, text), state, stateReason }
        this.#store(message, 0)
        return message
      },
      'health.get': async () => healthOf(this.#tick),
      'health.watch': async ({ on }) => {
        clearInterval(this.#watching)
        if (on) this.#watching = setInterval(() => this.emit('health', healthOf((this.#tick += 1))), 1000)
      },
      'settings.get': async () => this.settings,
      'settings.set': async (change) => {
        this.settings = { ...this.settings, ...change }
        this.emit('settings', this.settings)
        return this.settings
      },
    }
  }

  #relate(id: string, relation: 'accepted' | 'blocked'): undefined {
    this.#change(id, (conversation) => ({
      ...conversation,
      contact: conversation.contact && { ...conversation.contact, relation },
    }))
  }
}

/** As the node puts it. */
function waitsFor(contact: Conversation['contact']): string {
  if (contact === null) return 'Waits for the network, then goes out by itself'
  return contact.presence === 'online'
    ? `On its way to ${contact.name}`
    : `Waits for ${contact.name} to come online`
}

function withLast(conversation: Conversation, last: Message | undefined): Conversation {
  if (last === undefined) return conversation
  return {
    ...conversation,
    lastLine:
      conversation.kind === 'topic' && !last.fromSelf ? `${last.authorName}: ${last.text}` : last.text,
    lastFromSelf: last.fromSelf,
    lastState: last.state,
    lastAtMs: last.sentAtMs,
  }
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof FakeError) return { code: error.code, message: error.message }
  return { code: 'internal', message: String(error) }
}
