// The Store port over LevelDB. Two things need care:
// - LevelDB would begin a new database over an old one whose CURRENT file is gone, deleting what is left of it. Such a
//   folder is reported as damaged instead.
// - After a failed write its log may end in half a record, and what is appended behind that is lost at the next start.
//   So after a failure the database is reopened before the next write, and not before the disk has room again: until
//   then reading goes on and writing is refused.

import { readdir, statfs } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { type OpenStore } from '../chat/ports/profile.ts'
import { type Bytes } from '../overlay/base/bytes.ts'
import { BanyanError } from '../overlay/base/errors.ts'
import { type Store, type StoreWrite } from '../overlay/ports/store.ts'

/** LevelDB as the library gives it, open. */
export type Database = ClassicLevel<Uint8Array, Uint8Array>
export type OpenDatabase = (path: string) => Promise<Database>
type Range = Parameters<Store['range']>[0]

/** Reopening writes a new log and a manifest, and turns the old log into a table: LevelDB's buffer of 4 MiB, twice. */
const ROOM_TO_REOPEN_BYTES = 8 * 1024 * 1024
const ENCODING = { keyEncoding: 'view', valueEncoding: 'view' } as const

export class LevelStore implements OpenStore {
  readonly #path: string
  readonly #openDatabase: OpenDatabase
  #database: Database
  #state: 'open' | 'wounded' | 'closed' = 'open'
  #healing: Promise<void> | undefined

  private constructor(path: string, openDatabase: OpenDatabase, database: Database) {
    this.#path = path
    this.#openDatabase = openDatabase
    this.#database = database
  }

  /** Errors: store-locked, store-damaged, store-full, store-failed. */
  static async open(path: string, open: OpenDatabase = openDatabase): Promise<LevelStore> {
    return new LevelStore(path, open, await open(path))
  }

  async get(key: Uint8Array): Promise<Bytes | undefined> {
    this.#mustBeOpen()
    try {
      // on this thread: nearly all of what is asked for is in memory, and there the way to another thread and back
      // costs ten times the look itself
      const value = this.#database.getSync(key)
      return value && plain(value)
    } catch (error) {
      throw storeError(error, this.#path)
    }
  }

  async write(writes: StoreWrite[], options?: { sync?: boolean }): Promise<void> {
    this.#mustBeOpen()
    if (this.#state === 'wounded') await this.#heal()
    try {
      await this.#database.batch(writes, { sync: options?.sync === true, ...ENCODING })
    } catch (error) {
      if (this.#state === 'open') this.#state = 'wounded'
      throw storeError(error, this.#path)
    }
  }

  async range({ from, to, limit, reverse }: Range): Promise<{ key: Bytes; value: Bytes }[]> {
    this.#mustBeOpen()
    const bounds = { gte: from, lt: to, reverse: reverse === true, limit: limit ?? -1 }
    try {
      const entries = await this.#database.iterator({ ...bounds, ...ENCODING }).all()
      return entries.map(([key, value]) => ({ key: plain(key), value: plain(value) }))
    } catch (error) {
      throw storeError(error, this.#path)
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    await this.#healing?.catch(() => undefined) // its caller hears of the failure
    await this.#database.close()
  }

  #mustBeOpen(): void {
    if (this.#state === 'closed') throw new BanyanError('closed', 'the database is closed')
  }

  #heal(): Promise<void> {
    this.#healing ??= this.#reopen().finally(() => (this.#healing = undefined))
    return this.#healing
  }

  async #reopen(): Promise<void> {
    const disk = await statfs(this.#path)
    if (disk.bavail * disk.bsize < ROOM_TO_REOPEN_BYTES)
      throw new BanyanError('store-full', 'the disk is full')
    await this.#database.close()
    this.#database = await this.#openDatabase(this.#path)
    if (this.#state === 'wounded') this.#state = 'open'
  }
}

/** The library hands out Buffers, whose `slice` shares memory where a Uint8Array's copies. */
function plain(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length)
}

export async function openDatabase(path: string): Promise<Database> {
  if (await isHeadless(path))
    throw new BanyanError(
      'store-damaged',
      `${path} holds data, but the file that says where it begins is gone`,
    )
  const database: Database = new ClassicLevel(path, ENCODING)
  try {
    await database.open()
  } catch (error) {
    throw storeError(error, path)
  }
  return database
}

/** Tables or logs without the CURRENT file that names the manifest. */
async function isHeadless(path: string): Promise<boolean> {
  const files: string[] = await readdir(path).catch(() => []) // no folder yet: a new database
  return !files.includes('CURRENT') && files.some((file) => /\.(ldb|sst|log)$|^MANIFEST-/.test(file))
}

/** The library's or the file system's error as one of ours. abstract-level wraps what LevelDB said in the cause. */
export function storeError(error: unknown, path: string): BanyanError {
  if (error instanceof BanyanError) return error
  const { code, message } = innermost(error)
  const options = { cause: error }
  if (code === 'LEVEL_LOCKED')
    return new BanyanError('store-locked', `another running copy uses ${path}`, options)
  if (/No space left|disk full|not enough space|quota exceeded/i.test(message))
    return new BanyanError('store-full', 'the disk is full', options)
  if (code === 'LEVEL_CORRUPTION' || /No such file|does not exist|Corruption/i.test(message))
    return new BanyanError('store-damaged', `${path} cannot be read: ${message}`, options)
  if (code === 'LEVEL_DATABASE_NOT_OPEN') return new BanyanError('closed', 'the database is closed', options)
  return new BanyanError('store-failed', `${path} cannot be used: ${message}`, options)
}

function innermost(error: unknown): { code: string; message: string } {
  let at = error as { code?: string; message?: string; cause?: unknown }
  while (at?.cause) at = at.cause as typeof at
  return { code: at?.code ?? '', message: at?.message ?? String(error) }
}
