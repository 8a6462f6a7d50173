// The largest value of the last few rounds, one number per round.

export class WindowedMax {
  readonly #values: number[]
  #round = 0

  constructor(rounds: number) {
    this.#values = Array<number>(rounds).fill(0)
  }

  /** Rounds only go up; those between the last and this one are empty. */
  update(value: number, round: number): void {
    const { length } = this.#values
    for (let i = Math.max(this.#round + 1, round - length + 1); i <= round; i++) this.#values[i % length] = 0
    this.#round = Math.max(this.#round, round)
    const at = round % length
    if (value > this.#values[at]!) this.#values[at] = value
  }

  /** Over the last so many rounds, at most as many as are kept. */
  max(rounds = this.#values.length): number {
    let largest = 0
    const { length } = this.#values
    for (let i = 0; i < Math.min(rounds, this.#round + 1); i++)
      largest = Math.max(largest, this.#values[(this.#round - i) % length]!)
    return largest
  }
}
