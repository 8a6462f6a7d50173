// The Profile port: one folder per person and computer.
//
//   profile/chat/             LevelDB: account, contacts, messages, ratchet states
//   profile/overlay/          LevelDB: replicas for others, remembered peers
//   profile/secrets.*         see secrets.ts
//   profile/backup-<time>/    what a repair found, untouched

import { cp, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { type DatabaseName, type OpenStore, type Profile } from '../chat/ports/profile.ts'
import { type Clock } from '../overlay/ports/clock.ts'
import { LevelStore, storeError } from './level-store.ts'

export class FolderProfile implements Profile {
  readonly path: string
  readonly #clock: Clock

  constructor(path: string, clock: Clock) {
    this.path = path
    this.#clock = clock
  }

  async open(name: DatabaseName): Promise<OpenStore> {
    const folder = join(this.path, name)
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw storeError(error, folder)
    }
    return LevelStore.open(folder)
  }

  async repair(name: DatabaseName): Promise<string> {
    const folder = join(this.path, name)
    try {
      const backup = await this.#newBackup()
      await cp(folder, join(backup, name), { recursive: true })
      await ClassicLevel.repair(folder)
      return backup
    } catch (error) {
      throw storeError(error, folder)
    }
  }

  async setAside(name: DatabaseName): Promise<string> {
    const backup = await this.#newBackup()
    await rename(join(this.path, name), join(backup, name))
    return backup
  }

  async #newBackup(): Promise<string> {
    const stamp = new Date(this.#clock.wallMs()).toISOString().replaceAll(/[:.]/g, '-')
    for (let attempt = 0; ; attempt++) {
      const path = join(this.path, attempt === 0 ? `backup-${stamp}` : `backup-${stamp}-${attempt}`)
      // recursive, where the folder exists already, returns undefined: the name is taken
      if (await mkdir(path, { recursive: true, mode: 0o700 })) return path
    }
  }
}
