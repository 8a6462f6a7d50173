// What was typed and not sent, per conversation. The window's own copy is the newest; the node's is written when typing
// pauses, when the conversation is left, and when the text went out.

import { type Api, MAX_TEXT_BYTES } from '../../preload/contract.ts'

const PAUSE_MS = 500

export class Drafts {
  readonly #api: Api
  #texts = $state.raw<ReadonlyMap<string, string>>(new Map())
  #timers = new Map<string, ReturnType<typeof setTimeout>>()

  constructor(api: Api) {
    this.#api = api
  }

  /** Null where nothing was typed since the window opened: then the node's copy holds. */
  textOf(conversationId: string): string | null {
    return this.#texts.get(conversationId) ?? null
  }

  set(conversationId: string, text: string): void {
    this.#texts = new Map(this.#texts).set(conversationId, text)
    clearTimeout(this.#timers.get(conversationId))
    this.#timers.set(
      conversationId,
      setTimeout(() => void this.flush(conversationId), PAUSE_MS),
    )
  }

  /** Writes now what waits to be written. */
  async flush(conversationId: string): Promise<void> {
    const timer = this.#timers.get(conversationId)
    if (timer === undefined) return
    clearTimeout(timer)
    this.#timers.delete(conversationId)
    const draft = this.textOf(conversationId) ?? ''
    if (draft.length > MAX_TEXT_BYTES) return // the node takes no such draft; the window still holds it
    try {
      await this.#api.call('conversations.setDraft', { conversationId, draft })
    } catch {
      // The text is still in the window. The next pause tries again, and sending reports its own failures.
    }
  }

  async flushAll(): Promise<void> {
    await Promise.all([...this.#timers.keys()].map((id) => this.flush(id)))
  }
}
