// Tells the windows and the shell what has changed. A conversation that changes many times in one batch is told once.

import { type Message } from '../../../preload/contract.ts'
import { type ChatCore } from '../core.ts'
import { type MessageRow } from './rows.ts'
import { type Views } from './views.ts'

export class Announcer {
  readonly #core: ChatCore
  readonly #views: Views
  readonly #changed = new Set<string>()
  #isPlanned = false
  #unread = -1

  constructor(core: ChatCore, views: Views) {
    this.#core = core
    this.#views = views
  }

  message(conversationId: string, row: MessageRow): Message {
    const message = this.#views.message(conversationId, row)
    this.#core.ports.emit('message', message)
    return message
  }

  conversation(id: string): void {
    this.#changed.add(id)
    if (this.#isPlanned) return
    this.#isPlanned = true
    queueMicrotask(() => this.flush())
  }

  removed(id: string): void {
    this.#changed.delete(id)
    this.#core.ports.emit('conversation.removed', { id })
    this.unread()
  }

  profile(): void {
    this.#core.ports.emit('profile', this.#views.profile())
  }

  flush(): void {
    this.#isPlanned = false
    for (const id of [...this.#changed]) {
      this.#changed.delete(id)
      const row = this.#core.conversations.get(id)
      if (row) this.#core.ports.emit('conversation', this.#views.conversation(row))
    }
    this.unread()
  }

  unread(): void {
    let unread = 0
    for (const row of this.#core.conversations.values()) unread += row.unread
    if (unread === this.#unread) return
    this.#unread = unread
    this.#core.ports.shell.setUnread(unread)
  }
}
