// The folder that holds everything of one person on one computer, as far as the chat needs it.

import { type Store } from '../../overlay/ports/store.ts'

export interface OpenStore extends Store {
  close(): Promise<void>
}

export type DatabaseName = 'chat' | 'overlay'

export interface Profile {
  readonly path: string
  /** Errors: store-locked, store-damaged, store-full. */
  open(name: DatabaseName): Promise<OpenStore>
  /** Copies the database to a backup folder, then repairs what can be read. Returns the backup's path. Errors: store-damaged, store-full. */
  repair(name: DatabaseName): Promise<string>
  /** Moves the database to a backup folder, so that the next open begins a new one. Returns the backup's path. */
  setAside(name: DatabaseName): Promise<string>
}
