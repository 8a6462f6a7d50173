// Short notes at the window's lower edge: that something was done, or why not.

export interface Toast {
  id: number
  tone: 'plain' | 'problem'
  text: string
}

/** Long enough to read two lines; a problem stays twice as long. */
const SHOWN_MS = 4_000

export class Toasts {
  shown = $state.raw<Toast[]>([])
  #nextId = 1

  say(text: string, tone: Toast['tone'] = 'plain'): void {
    const toast = { id: this.#nextId, tone, text }
    this.#nextId += 1
    // The same note twice is one note; three at once are enough for anybody.
    this.shown = [...this.shown.filter((other) => other.text !== text).slice(-2), toast]
    setTimeout(() => this.dismiss(toast.id), tone === 'problem' ? 2 * SHOWN_MS : SHOWN_MS)
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id)
  }
}
