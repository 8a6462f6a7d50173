// What all sending streams of a session have in common: how much waits, and how much the peer still takes of the streams that
// were opened.

export class SendAccount {
  #queuedBytes = 0
  #unsentBytes = 0
  #sentBytes = 0 // of what was opened
  #unfinished = 0
  #resentBytes = 0
  #limitBytes: number

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Written and not yet acknowledged. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** All that was written has arrived, and so has every end that was. */
  get isSettled(): boolean {
    return this.#queuedBytes === 0 && this.#unfinished === 0
  }

  /** Written and never sent. */
  get unsentBytes(): number {
    return this.#unsentBytes
  }

  /** New bytes that the peer takes of all opened streams together. */
  get creditBytes(): number {
    return this.#limitBytes - this.#sentBytes
  }

  /** The peer's word; only ever upward (RFC 9000 §4.1). Returns whether there is credit that was not there before. */
  raiseLimit(limitBytes: number): boolean {
    if (limitBytes <= this.#limitBytes) return false
    this.#limitBytes = limitBytes
    return true
  }

  written(bytes: number): void {
    this.#queuedBytes += bytes
    this.#unsentBytes += bytes
  }

  /** Bytes that were never sent before. */
  sent(bytes: number, usesCredit: boolean): void {
    this.#unsentBytes -= bytes
    if (usesCredit) this.#sentBytes += bytes
  }

  /** The end of a stream was written. */
  finished(): void {
    this.#unfinished++
  }

  /** It has arrived, or will not any more. */
  ended(): void {
    this.#unfinished--
  }

  /** Sent again, having been called lost or unanswered for a probe timeout. */
  get resentBytes(): number {
    return this.#resentBytes
  }

  resent(bytes: number): void {
    this.#resentBytes += bytes
  }

  arrived(bytes: number): void {
    this.#queuedBytes -= bytes
  }

  dropped(queuedBytes: number, unsentBytes: number): void {
    this.#queuedBytes -= queuedBytes
    this.#unsentBytes -= unsentBytes
  }
}
