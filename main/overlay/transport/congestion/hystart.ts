// When slow start has filled the pipe, before it overflows: HyStart++ (RFC 9406). A round trip whose least RTT is higher
// than the last round's by an eighth says that a queue builds; growth then goes on at a quarter of the pace for up to five rounds
// (conservative slow start), and back to the full pace where the delay was only jitter.

/** RFC 9406 §4.3. */
const MIN_RTT_THRESHOLD_MS = 4
const MAX_RTT_THRESHOLD_MS = 16
const MIN_RTT_DIVISOR = 8
const RTT_SAMPLES = 8
const CSS_GROWTH_DIVISOR = 4
const CSS_ROUNDS = 5

/** How much the least RTT of a round may exceed that of the round before (RFC 9406 §4.2). */
export function rttThresholdMs(lastRoundMs: number): number {
  return Math.max(MIN_RTT_THRESHOLD_MS, Math.min(lastRoundMs / MIN_RTT_DIVISOR, MAX_RTT_THRESHOLD_MS))
}

//   slow start --a round is slower--> conservative --five rounds--> done
//       ^---------- a round is quicker ----'

export class HyStart {
  #state: 'slow-start' | 'conservative' | 'done' = 'slow-start'
  #roundEndBytes = 0
  #lastRoundMs = Infinity
  #roundMs = Infinity
  #samples = 0
  #baselineMs = Infinity
  #conservativeRounds = 0

  /** Growth of the window per acknowledged byte. */
  get growth(): number {
    return this.#state === 'conservative' ? 1 / CSS_GROWTH_DIVISOR : 1
  }

  /** Slow start is over: the window stands where congestion avoidance begins. */
  get isDone(): boolean {
    return this.#state === 'done'
  }

  /** An ack during slow start. Rounds are counted by bytes delivered, `prior` being those when its newest packet left. */
  acked(priorDeliveredBytes: number, deliveredBytes: number, rttMs: number | undefined): void {
    if (priorDeliveredBytes >= this.#roundEndBytes) this.#startRound(deliveredBytes)
    if (rttMs === undefined || this.#state === 'done') return
    this.#roundMs = Math.min(this.#roundMs, rttMs)
    if (++this.#samples < RTT_SAMPLES) return
    if (this.#state === 'conservative') this.#resumeIfQuicker()
    else if (this.#roundMs >= this.#lastRoundMs + rttThresholdMs(this.#lastRoundMs)) this.#slowDown()
  }

  #startRound(deliveredBytes: number): void {
    this.#roundEndBytes = deliveredBytes
    this.#lastRoundMs = this.#roundMs
    this.#roundMs = Infinity
    this.#samples = 0
    if (this.#state === 'conservative' && ++this.#conservativeRounds >= CSS_ROUNDS) this.#state = 'done'
  }

  #slowDown(): void {
    this.#state = 'conservative'
    this.#baselineMs = this.#roundMs
    this.#conservativeRounds = 0
  }

  #resumeIfQuicker(): void {
    if (this.#roundMs < this.#baselineMs) this.#state = 'slow-start'
  }
}
