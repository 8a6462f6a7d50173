// Secrets in a file, sealed with a key that Argon2id makes of a passphrase.
//
//   magic 8 "BANYANS1" | operations 4 | memory in KiB 4 | salt 16 | nonce 24 | box (XSalsa20-Poly1305)
//
// The parameters stand in the file so that they can be raised later. They are bounded on reading: whoever can write the
// file must not make us allocate all memory.

import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import sodium from 'sodium-native'
import { type Bytes, concat, equal, utf8 } from '../overlay/base/bytes.ts'
import { BanyanError } from '../overlay/base/errors.ts'
import { Reader, Writer } from '../overlay/wire/codec.ts'
import { storeError } from './level-store.ts'

export interface Argon2Strength {
  operations: number
  memoryKiB: number
}

/** libsodium's crypto_pwhash_*_MODERATE: 3 passes over 256 MiB, about 0.7 s. */
export const MODERATE: Argon2Strength = { operations: 3, memoryKiB: 262_144 }
const MOST: Argon2Strength = { operations: 16, memoryKiB: 2 * 1024 * 1024 }
/** libsodium's crypto_pwhash_argon2id_OPSLIMIT_MIN and MEMLIMIT_MIN. */
const LEAST: Argon2Strength = { operations: 1, memoryKiB: 8 }
const MAGIC = utf8('BANYANS1')
const SALT_BYTES = 16
const NONCE_BYTES = 24
const TAG_BYTES = 16

interface SealingKey {
  strength: Argon2Strength
  salt: Bytes
  key: Bytes
}

export class SealedFile {
  readonly #path: string
  readonly #strength: Argon2Strength
  /** Of the passphrase last used, so that later saves need not ask again. */
  #sealing: SealingKey | undefined

  constructor(path: string, strength = MODERATE) {
    this.#path = path
    this.#strength = strength
  }

  /** Errors: wrong-passphrase, keys-damaged, store-failed. */
  async load(passphrase: string): Promise<Bytes> {
    const { strength, salt, nonce, box } = parse(await this.#read())
    const key = await derive(passphrase, salt, strength)
    const secrets = new Uint8Array(box.length - TAG_BYTES)
    if (!sodium.crypto_secretbox_open_easy(secrets, box, nonce, key))
      throw new BanyanError('wrong-passphrase', 'This passphrase does not open the account.')
    this.#sealing = { strength, salt, key }
    return secrets
  }

  async save(secrets: Uint8Array, passphrase?: string): Promise<void> {
    const sealing = passphrase === undefined ? this.#sealing : await this.#newSealing(passphrase)
    if (!sealing)
      throw new BanyanError('passphrase-needed', 'A passphrase is needed to keep the account in a file.')
    this.#sealing = sealing
    await writeWhole(this.#path, seal(secrets, sealing))
  }

  async #read(): Promise<Uint8Array> {
    try {
      return await readFile(this.#path)
    } catch (error) {
      throw keysError(error, this.#path)
    }
  }

  async #newSealing(passphrase: string): Promise<SealingKey> {
    const salt = randomBytes(SALT_BYTES)
    return { salt, strength: this.#strength, key: await derive(passphrase, salt, this.#strength) }
  }
}

function seal(secrets: Uint8Array, { strength, salt, key }: SealingKey): Bytes {
  const nonce = randomBytes(NONCE_BYTES)
  const box = new Uint8Array(secrets.length + TAG_BYTES)
  sodium.crypto_secretbox_easy(box, secrets, nonce, key)
  const head = new Writer().bytes(MAGIC).u32(strength.operations).u32(strength.memoryKiB).finish()
  return concat(head, salt, nonce, box)
}

function parse(bytes: Uint8Array) {
  const reader = new Reader(bytes)
  try {
    if (!equal(reader.bytes(MAGIC.length), MAGIC)) throw new BanyanError('malformed', 'another kind of file')
    const strength = { operations: reader.u32(), memoryKiB: reader.u32() }
    if (!isBetween(LEAST, strength, MOST)) throw new BanyanError('too-large', 'parameters out of bounds')
    const salt = reader.bytes(SALT_BYTES)
    const nonce = reader.bytes(NONCE_BYTES)
    const box = reader.rest()
    if (box.length < TAG_BYTES) throw new BanyanError('malformed', 'ends too early')
    return { strength, salt, nonce, box }
  } catch (cause) {
    throw new BanyanError('keys-damaged', 'The file that holds the keys of the account is damaged.', {
      cause,
    })
  }
}

function isBetween(least: Argon2Strength, { operations, memoryKiB }: Argon2Strength, most: Argon2Strength) {
  return (
    operations >= least.operations &&
    operations <= most.operations &&
    memoryKiB >= least.memoryKiB &&
    memoryKiB <= most.memoryKiB
  )
}

/** A key file that is gone is no damage of the database, and must not be taken for one. */
export function keysError(error: unknown, path: string): BanyanError {
  const failure = storeError(error, path)
  if (failure.code !== 'store-damaged') return failure
  return new BanyanError('keys-damaged', 'The file that holds the keys of the account cannot be read.', {
    cause: error,
  })
}

function derive(passphrase: string, salt: Bytes, strength: Argon2Strength): Promise<Bytes> {
  const key = new Uint8Array(32)
  const password = Buffer.from(passphrase.normalize('NFC'))
  const memory = strength.memoryKiB * 1024
  return new Promise((resolve, reject) => {
    const algorithm = sodium.crypto_pwhash_ALG_ARGON2ID13
    sodium.crypto_pwhash_async(key, password, salt, strength.operations, memory, algorithm, (error) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}

/** The old file stays whole until the new one is on the disk. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(`${path}.new`, 'w', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
    await syncFolder(dirname(path))
  } catch (error) {
    throw storeError(error, path)
  }
}

/** Makes the rename itself durable. Windows cannot open folders; there the file system's journal does it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

function randomBytes(length: number): Bytes {
  const bytes = new Uint8Array(length)
  sodium.randombytes_buf(bytes)
  return bytes
}
