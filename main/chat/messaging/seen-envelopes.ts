// Envelopes that were taken in, with the token that acknowledges them once more when they come again.
//
//   time 8 (Unix ms) | token 16
//
// Kept for 30 days: a sender resends a ciphertext for less than that (SEALED_LIFE_MS in device-queue.ts), because the
// prekeys it may have been sealed for are kept no longer.

import { type Bytes } from '../../overlay/base/bytes.ts'
import { type Timer } from '../../overlay/ports/clock.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { type ChatCore } from '../core.ts'
import { KEPT_MS } from '../devices/prekey-keeper.ts'
import { type Transaction } from '../storage/journal.ts'
import { SEEN, seenOf } from '../storage/keys.ts'
import { TOKEN_BYTES } from './frames.ts'

const SWEEP_MS = 24 * 3600 * 1000
/** So that a sweep holds up nothing else for long. */
const PAGE = 500
const ROW_BYTES = 8 + TOKEN_BYTES

export class SeenEnvelopes {
  readonly #core: ChatCore
  #timer: Timer | undefined
  #isStopped = false

  constructor(core: ChatCore) {
    this.#core = core
  }

  start(): void {
    this.#timer = this.#core.ports.clock.after(SWEEP_MS, () => this.start())
    this.#core.inBackground('deleting what was seen', this.sweep())
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  async tokenOf(tx: Transaction, from: string, envelope: string): Promise<Bytes | undefined> {
    const bytes = await tx.get(seenOf(from, envelope))
    return bytes?.slice(-TOKEN_BYTES)
  }

  add(tx: Transaction, from: string, envelope: string, token: Bytes): void {
    tx.put(seenOf(from, envelope), new Writer().u64(this.#core.wallMs()).bytes(token).finish())
  }

  /** The device is no contact's any more. What a crash leaves, the sweep takes. */
  forget(from: string): Promise<void> {
    return this.#delete(seenOf(from, ''), () => true)
  }

  sweep(): Promise<void> {
    const oldestMs = this.#core.wallMs() - KEPT_MS
    return this.#delete(SEEN, (row) => row.length !== ROW_BYTES || new Reader(row).u64() < oldestMs)
  }

  async #delete(prefix: string, isOver: (row: Bytes) => boolean): Promise<void> {
    let from = ''
    while (!this.#isStopped) {
      const last = await this.#core.journal.run((tx) => this.#deletePage(tx, prefix, from, isOver), {
        lazy: true,
      })
      if (last === undefined) return
      from = `${last.slice(prefix.length)}!` // the first key behind it
    }
  }

  /** The last key of a full page. */
  async #deletePage(tx: Transaction, prefix: string, from: string, isOver: (row: Bytes) => boolean) {
    const page = await tx.range(prefix, { from, limit: PAGE })
    for (const { key, value } of page) if (isOver(value)) tx.del(key)
    return page.length === PAGE ? page.at(-1)!.key : undefined
  }
}
