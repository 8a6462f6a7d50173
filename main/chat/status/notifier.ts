// Notifications, as far as the settings want them. What arrives in one batch in one conversation is one notification; a
// topic, where anybody may write, is named once in ten seconds at most.

import { BoundedMap } from '../../overlay/base/bounded-map.ts'
import { type ChatCore } from '../core.ts'
import { type Views } from '../conversations/views.ts'
import { type SettingsKeeper } from '../settings.ts'

const MAX_BODY_CHARACTERS = 300
const TOPIC_PAUSE_MS = 10_000
/** Topics that were named lately: more than anybody subscribes to. */
const MAX_TOPICS = 1_024

export class Notifier {
  readonly #core: ChatCore
  readonly #views: Views
  readonly #settings: SettingsKeeper
  readonly #waiting = new Map<string, string[]>()
  readonly #namedAtMs = new BoundedMap<string, number>(MAX_TOPICS)

  constructor(core: ChatCore, views: Views, settings: SettingsKeeper) {
    this.#core = core
    this.#views = views
    this.#settings = settings
  }

  received(conversationId: string, text: string): void {
    if (!this.#settings.current.notifications) return
    if (this.#waiting.size === 0) queueMicrotask(() => this.#flush())
    const texts = this.#waiting.get(conversationId)
    if (texts) texts.push(text)
    else this.#waiting.set(conversationId, [text])
  }

  #flush(): void {
    for (const [conversationId, texts] of this.#waiting) {
      const row = this.#core.conversations.get(conversationId)
      if (!row || (row.kind === 'topic' && !this.#mayName(conversationId))) continue
      const { title } = this.#views.conversation(row)
      const heading = row.kind === 'topic' ? `#${title}` : title
      this.#core.ports.shell.notify({ conversationId, title: heading, body: this.#body(texts) })
    }
    this.#waiting.clear()
  }

  /** What comes in the pause is found in the window: the count of unread messages is right at any time. */
  #mayName(topic: string): boolean {
    const now = this.#core.ports.clock.nowMs()
    if (now - (this.#namedAtMs.get(topic) ?? -Infinity) < TOPIC_PAUSE_MS) return false
    this.#namedAtMs.set(topic, now)
    return true
  }

  #body(texts: readonly string[]): string {
    if (texts.length > 1) return `${texts.length} new messages`
    return this.#settings.current.notificationPreview
      ? texts[0]!.slice(0, MAX_BODY_CHARACTERS)
      : 'New message'
  }
}
