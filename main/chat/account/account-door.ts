// Making, restoring and opening the account: everything about its secrets, nothing about what follows.

import { MIN_PASSPHRASE_CHARACTERS } from '../../../preload/contract.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type ChatPorts } from '../chat-ports.ts'
import { type AccountSecrets, accountSeedOf, decodeSecrets, encodeSecrets } from './account-secrets.ts'
import { IdentitySearch } from './identity-search.ts'
import { newPhrase, readPhrase, seedOf } from './phrase.ts'

export class AccountDoor {
  readonly #ports: ChatPorts
  #search: IdentitySearch | undefined

  constructor(ports: ChatPorts) {
    this.#ports = ports
  }

  /** So that creating an account does not wait for the puzzle later. */
  prepare(): void {
    this.#search ??= new IdentitySearch(this.#ports)
  }

  stop(): void {
    this.#search?.stop()
  }

  /** Errors: passphrase-needed, store-full, unsupported. */
  create(name: string, passphrase?: string): Promise<AccountSecrets> {
    const phrase = newPhrase(this.#ports.random)
    return this.#make(name, phrase, phrase, passphrase)
  }

  /** Errors: bad-phrase and those of create. */
  restore(name: string, text: string, passphrase?: string): Promise<AccountSecrets> {
    return this.#make(name, readPhrase(text), '', passphrase)
  }

  /** Errors: wrong-passphrase, no-account, store-damaged, unsupported. */
  async unlock(passphrase?: string): Promise<AccountSecrets> {
    return decodeSecrets(await this.#ports.secrets.load(passphrase))
  }

  /** The words are confirmed: they are kept no longer. */
  async forgetPhrase(secrets: AccountSecrets): Promise<AccountSecrets> {
    const without = { ...secrets, phrase: '' }
    await this.#ports.secrets.save(encodeSecrets(without))
    return without
  }

  async #make(
    name: string,
    phrase: string,
    keptPhrase: string,
    passphrase?: string,
  ): Promise<AccountSecrets> {
    const { secrets, crypto, ratchet } = this.#ports
    if (await secrets.find()) throw new BanyanError('account-exists', 'This profile has an account already.')
    const isFile = (await secrets.probe()) === 'file'
    if (isFile && (passphrase ?? '').length < MIN_PASSPHRASE_CHARACTERS)
      throw new BanyanError(
        'passphrase-needed',
        `Choose a passphrase of at least ${MIN_PASSPHRASE_CHARACTERS} characters.`,
      )
    this.prepare()
    const identity = await this.#search!.found
    const made: AccountSecrets = {
      accountSeed: accountSeedOf(crypto, await seedOf(phrase)),
      node: identity.seeds,
      signal: await (await ratchet()).newIdentity(),
      name,
      phrase: keptPhrase,
    }
    await secrets.save(encodeSecrets(made), isFile ? passphrase : undefined)
    return made
  }
}
