// What was measured in which network, so that a laptop that comes home does not measure again.
//
//   n 1 | n x (network 16 | keep-alive ms 4 | measured at, Unix ms 8), the newest first
//
// A network is named by the hash of this computer's own ranges there and of the outside host: the places themselves are not kept.

import { type Bytes, toHex, utf8 } from '../base/bytes.ts'
import { codeOf } from '../base/errors.ts'
import { ownerRangeOf } from '../base/ip-ranges.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { type Store } from '../ports/store.ts'
import { Reader, Writer } from '../wire/codec.ts'

const KEY = utf8('overlay/keep-alive')
/** Chosen: home, work, the train, and a year of hotels. */
const MAX_NETWORKS = 32
const NAME_BYTES = 16
/** Chosen: routers are replaced and updated; after so long it is measured again. */
const LIFE_MS = 30 * 24 * 3_600_000

interface Entry {
  readonly name: string
  readonly keepAliveMs: number
  readonly measuredAtMs: number
}

export class NetworkMemory {
  readonly #around: Surroundings
  readonly #store: Store
  #entries: Entry[] = []

  constructor(around: Surroundings, store: Store) {
    this.#around = around
    this.#store = store
  }

  async load(): Promise<void> {
    try {
      const bytes = await this.#store.get(KEY)
      if (bytes) this.#entries = readEntries(new Reader(bytes))
    } catch (error) {
      this.#around.drops.count(`network memory: ${codeOf(error)}`)
    }
  }

  nameOf(own: readonly Address[], outside: string): string {
    const ranges = [...new Set(own.map(({ host }) => ownerRangeOf(host)))].sort()
    const digest = this.#around.crypto.hash(utf8([...ranges, outside].join(' ')))
    return toHex(digest.subarray(0, NAME_BYTES))
  }

  keepAliveIn(name: string): number | undefined {
    const entry = this.#entries.find((each) => each.name === name)
    if (!entry || this.#around.clock.wallMs() - entry.measuredAtMs > LIFE_MS) return undefined
    return entry.keepAliveMs
  }

  async remember(name: string, keepAliveMs: number): Promise<void> {
    const measuredAtMs = Math.round(this.#around.clock.wallMs())
    await this.#keep([{ name, keepAliveMs, measuredAtMs }, ...this.#without(name)].slice(0, MAX_NETWORKS))
  }

  async forget(name: string): Promise<void> {
    await this.#keep(this.#without(name))
  }

  #without(name: string): Entry[] {
    return this.#entries.filter((entry) => entry.name !== name)
  }

  async #keep(entries: Entry[]): Promise<void> {
    this.#entries = entries
    try {
      await this.#store.write([{ type: 'put', key: KEY, value: bytesOf(entries) }])
    } catch (error) {
      this.#around.drops.count(`network memory: ${codeOf(error)}`)
    }
  }
}

function bytesOf(entries: readonly Entry[]): Bytes {
  const writer = new Writer(1 + MAX_NETWORKS * (NAME_BYTES + 12)).u8(entries.length)
  for (const { name, keepAliveMs, measuredAtMs } of entries)
    writer.hex8(name.slice(0, 16)).hex8(name.slice(16)).u32(keepAliveMs).u64(measuredAtMs)
  return writer.finish()
}

function readEntries(reader: Reader): Entry[] {
  const entries = Array.from({ length: reader.u8() }, () => ({
    name: reader.hex8() + reader.hex8(),
    keepAliveMs: reader.u32(),
    measuredAtMs: reader.u64(),
  }))
  reader.end()
  return entries
}
