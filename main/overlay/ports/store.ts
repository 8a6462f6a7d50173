// A sorted map of byte strings that survives a crash: LevelDB in host/, memory in the simulator.

import { type Bytes } from '../base/bytes.ts'

export type StoreWrite =
  { type: 'put'; key: Uint8Array; value: Uint8Array } | { type: 'del'; key: Uint8Array }

export interface Store {
  get(key: Uint8Array): Promise<Bytes | undefined>
  /**
   * All of it or none, and with `sync` on the disk before it resolves.
   * Errors: store-full (nothing was written), closed.
   */
  write(writes: StoreWrite[], options?: { sync?: boolean }): Promise<void>
  /** Keys from `from` (included) to `to` (excluded) in byte order, or backwards from the end with `reverse`. */
  range(options: {
    from: Uint8Array
    to: Uint8Array
    limit?: number
    reverse?: boolean
  }): Promise<{ key: Bytes; value: Bytes }[]>
}
