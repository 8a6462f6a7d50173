// The operating system's keychain through keytar, an optional dependency. On Linux it needs a secret service on the
// session bus: without one the library throws or waits forever, so every use has a time limit.

import { BanyanError } from '../overlay/base/errors.ts'

const SERVICE = 'Banyan'
const PROBE_ACCOUNT = 'probe'
/** A keychain that works answers in some milliseconds; a person waits for this one. */
const PROBE_LIMIT_MS = 1_500
/** The system may ask the person to unlock the keychain: that is no failure. */
const USE_LIMIT_MS = 120_000

/** What is used of keytar. Its own types are there only where it could be installed. */
export interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>
  setPassword(service: string, account: string, password: string): Promise<void>
  deletePassword(service: string, account: string): Promise<boolean>
}
const LIBRARY: string = 'keytar'

export class Keychain {
  readonly #import: () => Promise<Keytar>
  #library: Promise<Keytar> | undefined

  constructor(importLibrary = importKeytar) {
    this.#import = importLibrary
  }

  /** Whether there is any point in trying, without trying. */
  get isLikely(): boolean {
    return process.platform !== 'linux' || Boolean(process.env['DBUS_SESSION_BUS_ADDRESS'])
  }

  /** Writes, reads and deletes something: the only proof that it works. */
  async probe(): Promise<boolean> {
    if (!this.isLikely) return false
    try {
      return await within(PROBE_LIMIT_MS, this.#tryOut())
    } catch {
      return false // whatever it says, there is no keychain to rely on
    }
  }

  /** Errors: keychain-silent. */
  async get(account: string): Promise<string | undefined> {
    return (await this.#use((keytar) => keytar.getPassword(SERVICE, account))) ?? undefined
  }

  /** Errors: keychain-silent. */
  async set(account: string, secret: string): Promise<void> {
    await this.#use((keytar) => keytar.setPassword(SERVICE, account, secret))
  }

  async #tryOut(): Promise<boolean> {
    const keytar = await this.#load()
    const token = `${process.pid}-${performance.now()}`
    await keytar.setPassword(SERVICE, PROBE_ACCOUNT, token)
    const found = await keytar.getPassword(SERVICE, PROBE_ACCOUNT)
    await keytar.deletePassword(SERVICE, PROBE_ACCOUNT)
    return found === token
  }

  async #use<T>(action: (keytar: Keytar) => Promise<T>): Promise<T> {
    try {
      return await within(USE_LIMIT_MS, this.#load().then(action))
    } catch (cause) {
      throw new BanyanError(
        'keychain-silent',
        'Your computer’s keychain does not answer. Unlock it and try again.',
        { cause },
      )
    }
  }

  #load(): Promise<Keytar> {
    this.#library ??= this.#import()
    return this.#library
  }
}

async function importKeytar(): Promise<Keytar> {
  const module: Keytar & { default?: Keytar } = await import(LIBRARY)
  return module.default ?? module
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BanyanError('timeout', `no answer within ${limitMs} ms`)), limitMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
