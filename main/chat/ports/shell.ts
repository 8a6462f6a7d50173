// What surrounds the node and meets the person: the desktop (tray, notifications, autostart) or the local web server.

import { type Settings } from '../../../preload/contract.ts'

export interface Notice {
  conversationId: string
  title: string
  /** The text, or only that there is one: the settings decide. */
  body: string
}

export interface Shell {
  notify(notice: Notice): void
  /** Unread messages in all conversations together: tray badge, window title. */
  setUnread(count: number): void
  /** At start and after every change. */
  applySettings(settings: Settings): void
}
