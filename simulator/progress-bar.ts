import { type Progress } from './experiments/lab.ts'

const EVERY_MS = 200

/** One line on a terminal's error stream, drawn over itself; nothing where there is no terminal. */
export class ProgressBar {
  readonly #stream = process.stderr
  #shownMs = -Infinity
  #last = { events: 0, atMs: 0 }
  #perSecond = 0

  show({ phase, nodes, virtualMs, events }: Progress, elapsedMs: number): void {
    if (!this.#stream.isTTY || elapsedMs - this.#shownMs < EVERY_MS) return
    this.#shownMs = elapsedMs
    if (elapsedMs > this.#last.atMs && events > this.#last.events) {
      this.#perSecond = (1000 * (events - this.#last.events)) / (elapsedMs - this.#last.atMs)
      this.#last = { events, atMs: elapsedMs }
    }
    const virtual = `${(virtualMs / 1000).toFixed(0)} virtual seconds`
    const line = `${phase}: ${nodes} nodes, ${virtual}, ${Math.round(this.#perSecond)} events/s`
    this.#stream.write(`\r${line}\u001b[K`)
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K')
  }
}
