// What the nodes of a large world keep on their disks, as far as anybody reads it again: the records they keep for others.
// A node of a world is started once, so its index of them and the peers it remembers for the next time are not kept.
// A record lies on eight disks; here it is there once, and each disk knows that it has it.

import { type Bytes, equal } from '../../main/overlay/base/bytes.ts'
import { type Store, type StoreWrite } from '../../main/overlay/ports/store.ts'

/** main/overlay/dht/replica-store.ts. */
const RECORDS = 'overlay/replica/record/'

interface Kept {
  readonly key: string
  readonly value: Bytes
}

/** Of each key the value that was written last by anybody. */
export class SharedValues {
  readonly #latest = new Map<string, Kept>()

  /** The same for all who write the same. */
  share(key: string, value: Uint8Array): Kept {
    const latest = this.#latest.get(key)
    if (latest && equal(latest.value, value)) return latest
    const kept = { key: latest?.key ?? key, value: value.slice() as Bytes }
    this.#latest.set(kept.key, kept)
    return kept
  }
}

export class WorldStore implements Store {
  readonly #shared: SharedValues
  readonly #kept = new Map<string, Bytes>()

  constructor(shared: SharedValues) {
    this.#shared = shared
  }

  async get(key: Uint8Array): Promise<Bytes | undefined> {
    return this.#kept.get(textOf(key))
  }

  async write(writes: StoreWrite[]): Promise<void> {
    for (const write of writes) {
      const text = textOf(write.key)
      if (!text.startsWith(RECORDS)) continue
      if (write.type === 'del') this.#kept.delete(text)
      else {
        const { key, value } = this.#shared.share(text, write.value)
        this.#kept.set(key, value)
      }
    }
  }

  /** Asked for at the start only, when there is nothing yet. */
  async range(): Promise<{ key: Bytes; value: Bytes }[]> {
    return []
  }
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}
