// The chat as its surroundings see it. Built from ports, started once, stopped once.
//
//   const chat = new Chat(ports)
//   await chat.start()        // opens the storage and decides the stage; rejects with store-locked for a second copy
//   dispatch(chat.handlers, describe, name, argument)
//   await chat.stop()         // everything accepted is on the disk

import { type AppState, type Handlers, type NetworkState } from '../../preload/contract.ts'
import { BanyanError, codeOf } from '../overlay/base/errors.ts'
import { AccountDoor } from './account/account-door.ts'
import { type AccountSecrets } from './account/account-secrets.ts'
import { OwnAccount } from './account/own-account.ts'
import { chatHandlers } from './chat-handlers.ts'
import { type ChatPorts } from './chat-ports.ts'
import { OpenChat } from './open-chat.ts'
import { type OpenStore } from './ports/profile.ts'
import { SettingsKeeper } from './settings.ts'
import { type Stage, StageMachine } from './stage.ts'
import { networkState } from './status/network-words.ts'
import { Journal } from './storage/journal.ts'

interface Storage {
  store: OpenStore
  journal: Journal
  settings: SettingsKeeper
}

export class Chat {
  readonly handlers: Handlers
  readonly #ports: ChatPorts
  readonly #stage: StageMachine
  readonly #account: AccountDoor
  #storage: Storage | undefined
  #open: OpenChat | undefined
  /** One at a time: creating twice, or unlocking while repairing, would make two accounts of one. */
  #changing: Promise<unknown> = Promise.resolve()
  #pendingLink = ''
  #isWatched = false

  constructor(ports: ChatPorts) {
    this.#ports = ports
    this.#stage = new StageMachine(ports)
    this.#account = new AccountDoor(ports)
    this.handlers = chatHandlers(this)
  }

  /** Errors: store-locked (another copy runs on this profile), store-full. A damaged database is a stage, no error. */
  start(): Promise<void> {
    return this.#change(() => this.#start())
  }

  stop(): Promise<void> {
    return this.#change(() => this.#close())
  }

  /** A banyan: link from outside; kept until a window can show it. */
  openLink(text: string): void {
    this.#pendingLink = text
    this.#showLink()
  }

  /** A notification was clicked. */
  openConversation(conversationId: string): void {
    if (this.#open?.core.conversations.has(conversationId))
      this.#ports.emit('open.conversation', { conversationId })
  }

  // ---- for the handlers

  get state(): AppState {
    return this.#stage.state
  }

  /** Errors: no-account. */
  get opened(): OpenChat {
    if (!this.#open) throw new BanyanError('no-account', 'There is no open account on this profile.')
    return this.#open
  }

  get network(): NetworkState {
    return this.#open?.network() ?? networkState(undefined, '')
  }

  /** Errors: store-damaged, closed. */
  get settings(): SettingsKeeper {
    if (!this.#storage) throw new BanyanError('closed', 'The database is not open.')
    return this.#storage.settings
  }

  create(name: string, passphrase?: string): Promise<void> {
    return this.#change(async () => {
      this.#mustBe('first-run')
      // made a moment ago, and then the database refused it: on with it as at start
      if (await this.#ports.secrets.find()) return this.#decide()
      await this.#enter(await this.#account.create(name, passphrase))
    })
  }

  restore(name: string, phrase: string, passphrase?: string): Promise<void> {
    return this.#change(async () => {
      this.#mustBe('first-run', 'keys-missing')
      const here = this.#stage.is === 'keys-missing' ? await this.#accountHere() : undefined
      await this.#enter(await this.#account.restore(name, phrase, passphrase, here))
    })
  }

  unlock(passphrase: string): Promise<void> {
    return this.#change(async () => {
      if (this.#open) return
      this.#mustBe('locked', 'keys-missing')
      if (this.#stage.is === 'keys-missing' && passphrase === '') await this.#decide()
      else await this.#unlock(passphrase)
      if (this.#stage.is === 'keys-missing') throw new BanyanError('keys-damaged', this.state.problem)
    })
  }

  /** Errors: refused, once they were confirmed. */
  phrase(): string[] {
    const { phrase } = this.opened.core.own.secrets
    if (this.#stage.is !== 'phrase' || phrase === '')
      throw new BanyanError('refused', 'The words are shown once only.')
    return phrase.split(' ')
  }

  confirmPhrase(): Promise<void> {
    return this.#change(async () => {
      if (this.#stage.is !== 'phrase') return
      const { own } = this.opened.core
      own.secrets = await this.#account.forgetPhrase(own.secrets)
      this.#stage.move({ stage: 'ready' })
    })
  }

  repair(): Promise<AppState> {
    return this.#change(async () => {
      if (this.#stage.is !== 'damaged') return this.state
      await this.#close()
      this.#stage.repaired(await this.#ports.profile.repair('chat'))
      await this.#start()
      return this.state
    })
  }

  /** A call failed with this: a table that cannot be read any more shows itself only when it is read. */
  noticed(error: unknown): void {
    if (codeOf(error) !== 'store-damaged' || this.#stage.is === 'damaged') return
    this.#stage.move({ stage: 'damaged', problem: (error as BanyanError).message })
  }

  /** A window shows the conversations. */
  watched(): void {
    this.#isWatched = true
    if (this.#pendingLink !== '') this.#ports.clock.after(0, () => this.#showLink())
  }

  // ---- inside

  async #start(): Promise<void> {
    try {
      await this.#openStorage()
      await this.#decide()
    } catch (error) {
      if (codeOf(error) !== 'store-damaged') throw error
      this.#stage.move({ stage: 'damaged', problem: (error as BanyanError).message })
    }
  }

  async #openStorage(): Promise<void> {
    const store = await this.#ports.profile.open('chat')
    const journal = new Journal(store, this.#ports.log)
    try {
      this.#storage = { store, journal, settings: await SettingsKeeper.open(this.#ports, journal) }
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async #decide(): Promise<void> {
    const kept = await this.#ports.secrets.find()
    if (kept === 'keychain') {
      this.#stage.secretsAre('keychain')
      return this.#unlock()
    }
    if (kept === 'file') {
      this.#stage.secretsAre('file')
      return this.#stage.move({ stage: 'locked' })
    }
    this.#account.prepare()
    if (await this.#accountHere())
      this.#stage.move({ stage: 'keys-missing', problem: 'The keys of your account are no longer here.' })
    else this.#stage.move({ stage: 'first-run' })
    // the window is drawn meanwhile; where the keychain turns out not to work it asks for a passphrase
    void this.#ports.secrets.probe().then((storage) => this.#stage.secretsAre(storage))
  }

  /** What is wrong with the keys is a stage of its own: the database is whole, and is not to be repaired. */
  async #unlock(passphrase?: string): Promise<void> {
    let secrets: AccountSecrets
    try {
      secrets = await this.#account.unlock(passphrase)
    } catch (error) {
      if (codeOf(error) === 'wrong-passphrase' || codeOf(error) === 'passphrase-needed') throw error
      this.#account.prepare()
      return this.#stage.move({ stage: 'keys-missing', problem: (error as BanyanError).message })
    }
    await this.#enter(secrets)
  }

  /** The account (hex) that the database is of; undefined where it is of none yet. */
  #accountHere(): Promise<string | undefined> {
    return OwnAccount.idIn(this.#storage!.journal)
  }

  async #enter(secrets: AccountSecrets): Promise<void> {
    const { journal, settings } = this.#storage!
    const own = await OwnAccount.open(this.#ports, journal, secrets)
    const open = new OpenChat(this.#ports, journal, own, settings)
    await open.start()
    this.#open = open
    this.#stage.move({ stage: secrets.phrase === '' ? 'ready' : 'phrase' })
  }

  async #close(): Promise<void> {
    this.#account.stop()
    const open = this.#open
    const storage = this.#storage
    this.#open = undefined
    this.#storage = undefined
    await open?.stop()
    await storage?.journal.settled()
    await storage?.store.close()
  }

  #mustBe(...stages: Stage['stage'][]): void {
    if (stages.includes(this.#stage.is)) return
    if (this.#open) throw new BanyanError('account-exists', 'This profile has an account already.')
    throw new BanyanError('no-account', 'This cannot be done at this stage.')
  }

  #showLink(): void {
    if (this.#pendingLink === '' || !this.#isWatched || this.#stage.is !== 'ready') return
    this.#ports.emit('open.link', { link: this.#pendingLink })
    this.#pendingLink = ''
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(work, work)
    this.#changing = done.catch(() => undefined) // its caller hears of it
    return done
  }
}
