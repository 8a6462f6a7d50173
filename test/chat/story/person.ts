// Somebody with a computer: a real chat on a test network. Whatever the chat says is checked against the contract.

import * as v from 'valibot'
import { expect } from 'vitest'
import { Chat } from '../../../main/chat/chat.ts'
import { type Profile } from '../../../main/chat/ports/profile.ts'
import { type Secrets } from '../../../main/chat/ports/secrets.ts'
import { type Notice } from '../../../main/chat/ports/shell.ts'
import { SignalRatchet } from '../../../main/host/signal-ratchet.ts'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { BanyanError, codeOf } from '../../../main/overlay/base/errors.ts'
import {
  type CallArgument,
  type CallName,
  type CallResult,
  type Conversation,
  type EventName,
  type Message,
  type Settings,
  calls,
  events,
} from '../../../preload/contract.ts'
import { dispatch } from '../../../preload/dispatch.ts'
import { MemoryProfile } from './memory-profile.ts'
import { type Story } from './story.ts'
import { type TestOverlay } from './test-network.ts'

/** A keychain that always answers. */
export class MemorySecrets implements Secrets {
  kept: Bytes | undefined
  /** What it answers instead of the keys. */
  problem: BanyanError | undefined

  async find() {
    return this.kept ? ('keychain' as const) : undefined
  }

  guess() {
    return 'keychain' as const
  }

  async probe() {
    return 'keychain' as const
  }

  async load(): Promise<Bytes> {
    if (this.problem) throw this.problem
    if (!this.kept) throw new BanyanError('no-account', 'none')
    return this.kept
  }

  async save(secrets: Bytes): Promise<void> {
    this.kept = secrets
    this.problem = undefined
  }
}

export class CallError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export class Person {
  readonly name: string
  readonly #story: Story
  readonly profile: Profile
  readonly secrets: Secrets
  readonly events: { name: EventName; payload: unknown }[] = []
  readonly notices: Notice[] = []
  readonly problems: string[] = []
  unread = 0
  settings: Settings | undefined
  overlay: TestOverlay | undefined
  isPortTaken = false
  #chat!: Chat

  constructor(
    story: Story,
    name: string,
    profile: Profile = new MemoryProfile(),
    secrets: Secrets = new MemorySecrets(),
  ) {
    this.#story = story
    this.name = name
    this.profile = profile
    this.secrets = secrets
  }

  async start(): Promise<void> {
    const story = this.#story
    const born = (this.#chat = new Chat({
      clock: story.clock,
      random: story.random,
      crypto: story.crypto,
      network: story.network,
      log: {
        log: (level, _room, message, facts) =>
          level === 'error' && this.problems.push(`${message} ${JSON.stringify(facts)}`),
      },
      profile: story.busy.watch(this.profile),
      secrets: story.busy.watch(this.secrets),
      ratchet: async () => story.busy.watch(new SignalRatchet()),
      overlay: async ({ seeds }) => {
        if (this.isPortTaken) throw new BanyanError('port-in-use', 'taken')
        return (this.overlay = story.net.overlay(seeds))
      },
      shell: {
        notify: (notice) => this.notices.push(notice),
        setUnread: (count) => (this.unread = count),
        applySettings: (settings) => (this.settings = settings),
      },
      emit: (name, payload) => this.#chat === born && this.#heard(name, payload),
      capabilities: { surface: 'desktop', tray: true, autostart: true, notifications: true },
      version: '0.0.0',
    }))
    await story.wait(born.start())
  }

  async stop(): Promise<void> {
    await this.#story.wait(this.#chat.stop())
  }

  /** kill -9: whatever is under way never comes to an end. */
  kill(): void {
    if (this.overlay) this.overlay.isDead = true
    if (this.profile instanceof MemoryProfile) this.profile.kill()
    this.overlay?.online(false)
  }

  get chat(): Chat {
    return this.#chat
  }

  async call<N extends CallName>(
    name: N,
    ...argument: CallArgument<N> extends undefined ? [] : [CallArgument<N>]
  ): Promise<CallResult<N>> {
    return this.#story.wait(this.ask(name, ...argument))
  }

  /** Without waiting in virtual time. */
  async ask<N extends CallName>(
    name: N,
    ...argument: CallArgument<N> extends undefined ? [] : [CallArgument<N>]
  ): Promise<CallResult<N>> {
    const describe = (error: unknown) => ({
      code: codeOf(error),
      message: String(error instanceof Error ? error.message : error),
    })
    const reply = await dispatch(this.#chat.handlers, describe, name, argument[0])
    if (!reply.ok) throw new CallError(reply.error.code, reply.error.message)
    return v.parse(calls[name][1], reply.value) as CallResult<N>
  }

  /** Somebody with an account, in the network. */
  static async born(story: Story, name: string): Promise<Person> {
    const person = new Person(story, name)
    await person.start()
    await person.create()
    return person
  }

  async create(): Promise<string[]> {
    await this.call('account.create', { name: this.name, passphrase: 'correct horse battery' })
    const words = await this.call('account.phrase')
    await this.call('account.confirmPhrase')
    return words
  }

  /** The conversation with somebody, or about something, by its title. */
  async conversation(title: string): Promise<Conversation> {
    const found = (await this.call('conversations.list')).find((one) => one.title === title)
    if (!found) throw new Error(`${this.name} has no conversation “${title}”`)
    return found
  }

  async say(title: string, text: string): Promise<Message> {
    return this.call('messages.send', { conversationId: (await this.conversation(title)).id, text })
  }

  async messages(title: string, limit = 200): Promise<Message[]> {
    const { id } = await this.conversation(title)
    return this.call('messages.page', { conversationId: id, limit })
  }

  async texts(title: string): Promise<string[]> {
    return (await this.messages(title)).map((message) => message.text)
  }

  async states(title: string): Promise<string[]> {
    return (await this.messages(title)).filter((message) => message.fromSelf).map((message) => message.state)
  }

  #heard(name: EventName, payload: unknown): void {
    const parsed = v.safeParse(events[name], payload)
    if (!parsed.success) this.problems.push(`${name}: ${v.summarize(parsed.issues)}`)
    else expect(parsed.output).toEqual(payload) // nothing that the contract does not know
    this.events.push({ name, payload })
  }
}
