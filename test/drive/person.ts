// One person at a node with a window without pixels: what the stories of tests and measurements are told with.

import { type Conversation, type Message } from '../../preload/contract.ts'
import { type BridgeClient } from './bridge-client.ts'
import { HeadlessProcess, TEST_PASSPHRASE, type HeadlessOptions } from './headless-process.ts'

export class Person {
  readonly name: string
  readonly #options: HeadlessOptions
  #process: HeadlessProcess
  #client: BridgeClient

  private constructor(
    name: string,
    options: HeadlessOptions,
    process: HeadlessProcess,
    client: BridgeClient,
  ) {
    this.name = name
    this.#options = options
    this.#process = process
    this.#client = client
  }

  /** Starts a fresh profile up to the ready stage. */
  static async firstRun(name: string, options: HeadlessOptions): Promise<Person> {
    const started = new HeadlessProcess({ ...options, web: true })
    const client = await started.connect()
    const person = new Person(name, options, started, client)
    await person.#stage('first-run')
    await client.api.call('account.create', { name, passphrase: TEST_PASSPHRASE })
    await client.api.call('account.confirmPhrase')
    await person.#stage('ready')
    return person
  }

  get client(): BridgeClient {
    return this.#client
  }

  get process(): HeadlessProcess {
    return this.#process
  }

  get api(): BridgeClient['api'] {
    return this.#client.api
  }

  async invitation(): Promise<string> {
    return (await this.api.call('invitation.get')).link
  }

  async add(link: string): Promise<Conversation> {
    return this.api.call('contacts.add', { link })
  }

  async accepted(conversationId: string, timeoutMs = 20_000): Promise<void> {
    const event = this.#client.next('conversation', (one) => isAccepted(one, conversationId), timeoutMs)
    event.catch(() => undefined) // unused where it is so already
    if ((await this.api.call('conversations.list')).some((one) => isAccepted(one, conversationId))) return
    await event
  }

  /** All messages of a conversation, oldest first. */
  async messages(conversationId: string): Promise<Message[]> {
    const all: Message[] = []
    for (;;) {
      const before = all[0]?.position
      const page = await this.api.call('messages.page', {
        conversationId,
        limit: 200,
        ...(before === undefined ? {} : { before }),
      })
      if (page.length === 0) return all
      all.unshift(...page)
    }
  }

  async kill(): Promise<void> {
    this.#client.close()
    await this.#process.stop('SIGKILL')
  }

  async stop(): Promise<number | null> {
    this.#client.close()
    return this.#process.stop()
  }

  /** The same profile again. */
  async restart(): Promise<void> {
    this.#process = new HeadlessProcess({ ...this.#options, web: true })
    this.#client = await this.#process.connect()
    await this.#stage('locked')
    await this.api.call('account.unlock', { passphrase: TEST_PASSPHRASE })
    await this.#stage('ready')
  }

  async #stage(stage: string): Promise<void> {
    const event = this.#client.next('app.state', (state) => state.stage === stage)
    event.catch(() => undefined) // unused where the stage is reached already
    if ((await this.api.call('app.state')).stage === stage) return
    await event
  }
}

function isAccepted(conversation: Conversation, id: string): boolean {
  return conversation.id === id && conversation.contact?.relation === 'accepted'
}
