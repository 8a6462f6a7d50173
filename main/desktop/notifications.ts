// What the desktop shows when something arrives while nobody looks: at most one per conversation, the newest.

import { Notification } from 'electron'

export interface Notice {
  title: string
  body: string
  /** Replaces the one shown under the same key. */
  key: string
  onClick(): void
}

export class Notifications {
  /** Held until they are gone: Electron forgets the click of one that was collected. */
  readonly #shown = new Map<string, Notification>()
  readonly #icon: string

  constructor(icon: string) {
    this.#icon = icon
  }

  static get areSupported(): boolean {
    return Notification.isSupported()
  }

  show(notice: Notice): void {
    if (!Notifications.areSupported) return
    this.clear(notice.key)
    const shown = new Notification({ title: notice.title, body: notice.body, icon: this.#icon })
    this.#shown.set(notice.key, shown)
    const forget = () => {
      if (this.#shown.get(notice.key) === shown) this.#shown.delete(notice.key)
    }
    shown.on('click', () => {
      forget()
      notice.onClick()
    })
    shown.on('close', forget)
    shown.on('failed', forget)
    shown.show()
  }

  clear(key: string): void {
    this.#shown.get(key)?.close()
    this.#shown.delete(key)
  }

  clearAll(): void {
    for (const key of [...this.#shown.keys()]) this.clear(key)
  }
}
