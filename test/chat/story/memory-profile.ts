import { type DatabaseName, type OpenStore, type Profile } from '../../../main/chat/ports/profile.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { type Store, type StoreWrite } from '../../../main/overlay/ports/store.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'

/** What may happen to a write: it goes through, the disk refuses it, or the computer dies before or after it. */
export type Fate = 'through' | 'refused' | 'dead before' | 'dead after'

const NEVER = new Promise<never>(() => undefined)

/** A profile whose disk outlives the program, with a fate for every write. */
export class MemoryProfile implements Profile {
  readonly path = 'memory'
  readonly #disks = new Map<DatabaseName, MemoryStore>()
  readonly #locked = new Set<DatabaseName>()
  writes = 0
  fate: (write: number) => Fate = () => 'through'
  onDeath: () => void = () => undefined
  #generation = 0

  async open(name: DatabaseName): Promise<OpenStore> {
    if (this.#locked.has(name)) throw new BanyanError('store-locked', 'another copy')
    this.#locked.add(name)
    const disk = this.#disks.get(name) ?? new MemoryStore()
    this.#disks.set(name, disk)
    return this.#opened(name, disk, this.#generation)
  }

  async repair(): Promise<string> {
    return 'backup'
  }

  async setAside(name: DatabaseName): Promise<string> {
    this.#disks.delete(name)
    return 'backup'
  }

  /** The program is gone: its locks go with it, and nothing of it reaches the disk any more. */
  kill(): void {
    this.#generation++
    this.#locked.clear()
  }

  #opened(name: DatabaseName, disk: MemoryStore, generation: number): OpenStore {
    const isAlive = () => generation === this.#generation
    const store: OpenStore = {
      get: (key) => (isAlive() ? disk.get(key) : NEVER),
      range: (options: Parameters<Store['range']>[0]) => (isAlive() ? disk.range(options) : NEVER),
      write: (writes: StoreWrite[]) => (isAlive() ? this.#write(disk, writes) : NEVER),
      close: async () => {
        this.#locked.delete(name)
      },
    }
    return store
  }

  async #write(disk: MemoryStore, writes: StoreWrite[]): Promise<void> {
    const fate = this.fate(this.writes++)
    if (fate === 'refused') throw new BanyanError('store-full', 'the disk is full')
    if (fate === 'dead before') {
      this.onDeath()
      return NEVER
    }
    await disk.write(writes)
    if (fate === 'dead after') {
      this.onDeath()
      return NEVER
    }
  }
}
