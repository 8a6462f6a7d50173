// The Secrets port: keychain where one works, else a sealed file. Which of the two a profile uses is told by the files in
// it, so that starting never waits for a keychain:
//
//   secrets.sealed     the sealed file itself
//   secrets.keychain   holds the name of the keychain's entry

import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type SecretStorage, type Secrets } from '../chat/ports/secrets.ts'
import { type Bytes, toHex, utf8 } from '../overlay/base/bytes.ts'
import { BanyanError } from '../overlay/base/errors.ts'
import { hostCrypto } from './crypto.ts'
import { Keychain } from './keychain.ts'
import { storeError } from './level-store.ts'
import { type Argon2Strength, MODERATE, SealedFile, keysError } from './sealed-file.ts'

export interface HostSecretsOptions {
  /** Decides for new profiles where the keychain is not to be tried, or nothing else is. */
  force?: SecretStorage | undefined
  strength?: Argon2Strength
  keychain?: Pick<Keychain, 'isLikely' | 'probe' | 'get' | 'set'>
}

export class HostSecrets implements Secrets {
  readonly #folder: string
  readonly #force: SecretStorage | undefined
  readonly #keychain: NonNullable<HostSecretsOptions['keychain']>
  readonly #file: SealedFile
  #probed: Promise<SecretStorage> | undefined

  constructor(folder: string, options: HostSecretsOptions = {}) {
    this.#folder = resolve(folder)
    this.#force = options.force
    this.#keychain = options.keychain ?? new Keychain()
    this.#file = new SealedFile(join(this.#folder, 'secrets.sealed'), options.strength ?? MODERATE)
  }

  async find(): Promise<SecretStorage | undefined> {
    if (await exists(join(this.#folder, 'secrets.sealed'))) return 'file'
    return (await exists(this.#mark)) ? 'keychain' : undefined
  }

  guess(): SecretStorage {
    return this.#force ?? (this.#keychain.isLikely ? 'keychain' : 'file')
  }

  probe(): Promise<SecretStorage> {
    this.#probed ??= this.#force
      ? Promise.resolve(this.#force)
      : this.#keychain.probe().then((works) => (works ? 'keychain' : 'file'))
    return this.#probed
  }

  async load(passphrase?: string): Promise<Bytes> {
    const storage = await this.find()
    if (!storage) throw new BanyanError('no-account', 'There is no account on this profile yet.')
    if (storage === 'keychain') return this.#loadFromKeychain()
    if (passphrase === undefined)
      throw new BanyanError('passphrase-needed', 'The account is sealed with a passphrase.')
    return this.#file.load(passphrase)
  }

  async save(secrets: Bytes, passphrase?: string): Promise<void> {
    const storage = (await this.find()) ?? (await this.probe())
    if (storage === 'file') return this.#file.save(secrets, passphrase)
    await this.#keychain.set(this.#entry, Buffer.from(secrets).toString('base64'))
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await writeFile(this.#mark, this.#entry, { mode: 0o600, flush: true })
    } catch (error) {
      throw storeError(error, this.#mark)
    }
  }

  async #loadFromKeychain(): Promise<Bytes> {
    const kept = await this.#keychain.get(await this.#readMark())
    if (kept === undefined)
      throw new BanyanError('no-account', 'The keychain no longer holds the keys of this account.')
    return Uint8Array.from(Buffer.from(kept, 'base64'))
  }

  async #readMark(): Promise<string> {
    try {
      return await readFile(this.#mark, 'utf8')
    } catch (error) {
      throw keysError(error, this.#mark)
    }
  }

  get #mark(): string {
    return join(this.#folder, 'secrets.keychain')
  }

  /** The keychain shows this name to the person: a hash of the path, which says nothing and tells profiles apart. */
  get #entry(): string {
    return toHex(hostCrypto.hash(utf8(this.#folder))).slice(0, 32)
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
