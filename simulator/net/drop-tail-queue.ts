// One direction of a line: packets wait their turn in a buffer of so many bytes, and those that find it full are lost
// (drop-tail, what nearly every modem does). Only the moment the line falls idle has to be remembered.

export class DropTailQueue {
  readonly #bytesPerMs: number
  readonly #bufferBytes: number
  #idleAtMs = 0

  constructor(bitsPerSecond: number, bufferBytes: number) {
    this.#bytesPerMs = bitsPerSecond / 8000
    this.#bufferBytes = bufferBytes
  }

  /** When the last bit of a packet handed over now has left; undefined where it was dropped. */
  departure(packetBytes: number, nowMs: number): number | undefined {
    const startMs = Math.max(nowMs, this.#idleAtMs)
    const waitingBytes = (startMs - nowMs) * this.#bytesPerMs
    if (waitingBytes + packetBytes > this.#bufferBytes) return undefined
    this.#idleAtMs = startMs + packetBytes / this.#bytesPerMs
    return this.#idleAtMs
  }
}
