// The whole window's state: follows the node's stage, owns the parts, and hands each event to the part it is for.

import {
  type Api,
  type AppState,
  type Message,
  type NetworkState,
  type Profile,
} from '../../preload/contract.ts'
import { errorWords, type Task } from '../words/error-words.ts'
import { Conversations } from './conversations.svelte.ts'
import { HealthModel } from './health-model.svelte.ts'
import { Messages } from './messages.svelte.ts'
import { Navigation } from './navigation.svelte.ts'
import { SettingsModel } from './settings-model.svelte.ts'
import { Toasts } from './toasts.svelte.ts'

/** "Just now" becomes "1 minute ago" within this time. */
const CLOCK_STEP_MS = 30_000

export class AppModel {
  readonly api: Api
  readonly navigation = new Navigation()
  readonly toasts = new Toasts()
  readonly settings: SettingsModel
  readonly health: HealthModel
  readonly conversations: Conversations
  readonly #messages = new Map<string, Messages>()

  state = $state.raw<AppState | null>(null)
  network = $state.raw<NetworkState>({ kind: 'connecting', peers: 0, words: 'Starting…' })
  profile = $state.raw<Profile>({ name: '', accountId: '' })
  /** For the live region: what just arrived, in one line. */
  announcement = $state('')
  nowMs = $state(Date.now())
  /** What went wrong before anything could be shown. */
  startProblem = $state('')
  #isReady = false

  constructor(api: Api) {
    this.api = api
    this.settings = new SettingsModel(api)
    this.health = new HealthModel(api)
    this.conversations = new Conversations(api)
    this.#listen()
  }

  async start(): Promise<void> {
    setInterval(() => (this.nowMs = Date.now()), CLOCK_STEP_MS)
    try {
      await Promise.all([this.refreshStage(), this.settings.load()])
    } catch (error) {
      this.startProblem = errorWords(error)
    }
  }

  /** Asked again after each step of the account, in case the event is late. */
  async refreshStage(): Promise<void> {
    await this.#enter(await this.api.call('app.state'))
  }

  async #enter(state: AppState): Promise<void> {
    this.state = state
    if (state.stage !== 'ready' || this.#isReady) return
    this.#isReady = true
    const [profile, network] = await Promise.all([
      this.api.call('profile.get'),
      this.api.call('network.state'),
      this.conversations.load(),
    ])
    this.profile = profile
    this.network = network
  }

  messagesOf(conversationId: string): Messages {
    let messages = this.#messages.get(conversationId)
    if (messages === undefined) {
      messages = new Messages(this.api, conversationId)
      this.#messages.set(conversationId, messages)
    }
    return messages
  }

  /** Runs something a person asked for, and says in words where it fails. True if it succeeded. */
  async attempt(work: () => Promise<unknown>, task?: Task): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      this.toasts.say(errorWords(error, task), 'problem')
      return false
    }
  }

  #listen(): void {
    const { api, conversations, navigation } = this
    api.on('app.state', (state) => void this.attempt(() => this.#enter(state)))
    api.on('network.state', (network) => (this.network = network))
    api.on('profile', (profile) => (this.profile = profile))
    api.on('settings', (settings) => this.settings.put(settings))
    api.on('health', (health) => this.health.put(health))
    api.on('conversation', (conversation) => conversations.put(conversation))
    api.on('conversation.removed', ({ id }) => this.#forget(id))
    api.on('message', (message) => this.#receive(message))
    api.on('open.link', ({ link }) => navigation.open({ kind: 'add-contact', link }))
    api.on('open.conversation', ({ conversationId }) => navigation.openConversation(conversationId))
  }

  #receive(message: Message): void {
    const messages = this.messagesOf(message.conversationId)
    const isNew = message.state === 'received' && !messages.all.some(({ id }) => id === message.id)
    messages.put(message)
    if (!isNew) return
    const isOpen = this.navigation.conversationId === message.conversationId
    this.announcement = isOpen
      ? `${message.authorName}: ${message.text.slice(0, 200)}`
      : `New message from ${message.authorName}`
  }

  #forget(id: string): void {
    this.conversations.drop(id)
    this.#messages.delete(id)
    if (this.navigation.conversationId === id) this.navigation.openConversation(null)
  }
}
