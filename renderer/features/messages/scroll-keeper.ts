// Keeps what a person reads where it is, while rows come and go above and below it. The browser's own anchoring is off
// for the list (it gives up at the top edge), so every change of rows goes through `during`.

const NEAR_EDGE_PX = 700
const AT_BOTTOM_PX = 24

export class ScrollKeeper {
  readonly #list: HTMLElement

  constructor(list: HTMLElement) {
    this.#list = list
  }

  get isAtBottom(): boolean {
    return this.#toBottom() < AT_BOTTOM_PX
  }

  get isNearTop(): boolean {
    return this.#list.scrollTop < NEAR_EDGE_PX
  }

  get isNearBottom(): boolean {
    return this.#toBottom() < NEAR_EDGE_PX
  }

  toBottom(isSmooth = false): void {
    this.#list.scrollTo({ top: this.#list.scrollHeight, behavior: isSmooth ? 'smooth' : 'instant' })
  }

  /** Brings a row to the upper third. */
  toRow(row: HTMLElement): void {
    this.#list.scrollTop += row.getBoundingClientRect().top - this.#list.getBoundingClientRect().top - 96
  }

  /** Runs a change that ends when the new rows are in the page; the first row in sight does not move. */
  async during(change: () => Promise<void>): Promise<void> {
    const anchor = this.#firstInSight()
    const before = anchor?.getBoundingClientRect().top ?? 0
    await change()
    if (anchor?.isConnected) this.#list.scrollTop += anchor.getBoundingClientRect().top - before
  }

  /** Position of the last message in sight, or null. */
  lastSeenPosition(): number | null {
    const bottom = this.#list.getBoundingClientRect().bottom
    const seen = this.#rows().findLast((row) => row.getBoundingClientRect().bottom <= bottom + AT_BOTTOM_PX)
    return seen === undefined ? null : Number(seen.dataset.position)
  }

  #firstInSight(): HTMLElement | undefined {
    const top = this.#list.getBoundingClientRect().top
    return this.#rows().find((row) => row.getBoundingClientRect().bottom > top)
  }

  #rows(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('[data-position]')]
  }

  #toBottom(): number {
    return this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight
  }
}
