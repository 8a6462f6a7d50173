// Making, restoring and opening the account: everything about its secrets, nothing about what follows.

import { MIN_PASSPHRASE_CHARACTERS } from '../../../preload/contract.ts'
import { type Bytes, toHex } from '../../overlay/base/bytes.ts'
import { BanyanError, codeOf } from '../../overlay/base/errors.ts'
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

  /** What was found is kept; a search that was stopped would never end, so the next one is another. */
  stop(): void {
    if (this.#search?.stop()) this.#search = undefined
  }

  /** Errors: passphrase-needed, store-full, unsupported. */
  create(name: string, passphrase?: string): Promise<AccountSecrets> {
    const phrase = newPhrase(this.#ports.random)
    return this.#make(name, phrase, phrase, passphrase)
  }

  /**
   * With `sameAs`, the account (hex) whose conversations are here, in place of keys that are lost. Errors: bad-phrase,
   * account-mismatch, and those of create.
   */
  async restore(name: string, text: string, passphrase?: string, sameAs?: string): Promise<AccountSecrets> {
    const phrase = readPhrase(text)
    const account = this.#ports.crypto.signingKeyPair(await this.#accountSeed(phrase))
    if (sameAs !== undefined && toHex(account.publicKey) !== sameAs)
      throw new BanyanError(
        'account-mismatch',
        'These words belong to another account than the one whose conversations are here.',
      )
    return this.#make(name, phrase, '', passphrase)
  }

  /** Errors: wrong-passphrase, passphrase-needed; keys-damaged in words of its own for whatever else is wrong with them. */
  async unlock(passphrase?: string): Promise<AccountSecrets> {
    try {
      return decodeSecrets(await this.#ports.secrets.load(passphrase))
    } catch (error) {
      if (['wrong-passphrase', 'passphrase-needed'].includes(codeOf(error))) throw error
      throw keysProblem(error)
    }
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
    const { secrets, ratchet } = this.#ports
    const isFile = ((await secrets.find()) ?? (await secrets.probe())) === 'file'
    if (isFile && (passphrase ?? '').length < MIN_PASSPHRASE_CHARACTERS)
      throw new BanyanError(
        'passphrase-needed',
        `Choose a passphrase of at least ${MIN_PASSPHRASE_CHARACTERS} characters.`,
      )
    this.prepare()
    const identity = await this.#search!.found
    const made: AccountSecrets = {
      accountSeed: await this.#accountSeed(phrase),
      node: identity.seeds,
      signal: await (await ratchet()).newIdentity(),
      name,
      phrase: keptPhrase,
    }
    await secrets.save(encodeSecrets(made), isFile ? passphrase : undefined)
    return made
  }

  async #accountSeed(phrase: string): Promise<Bytes> {
    return accountSeedOf(this.#ports.crypto, await seedOf(phrase))
  }
}

/** Never store-damaged: that would be said of the database, and lead to the repair of what is whole. */
function keysProblem(error: unknown): BanyanError {
  const code = codeOf(error)
  const words = error instanceof BanyanError ? error.message : 'The keys of the account cannot be read.'
  return new BanyanError(code === 'store-damaged' || code === 'internal' ? 'keys-damaged' : code, words, {
    cause: error,
  })
}
