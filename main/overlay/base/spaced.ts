import { LeanMap } from './lean-map.ts'
import { type Surroundings } from './surroundings.ts'

/** Does what is asked for at once; what is asked for again within the gap, once, at its end. Each key by itself. */
export class Spaced<Key> {
  readonly #around: Pick<Surroundings, 'timers'>
  readonly #gapMs: number
  /** Within the gap; true: to be done once more. */
  readonly #isDue = new LeanMap<Key, boolean>()
  readonly #act: (key: Key) => void

  constructor(around: Pick<Surroundings, 'timers'>, gapMs: number, act: (key: Key) => void) {
    this.#around = around
    this.#gapMs = gapMs
    this.#act = act
  }

  ask(key: Key): void {
    if (this.#isDue.has(key)) this.#isDue.set(key, true)
    else this.#do(key)
  }

  #do(key: Key): void {
    this.#isDue.set(key, false)
    this.#around.timers.after(this.#gapMs, () => {
      const isDue = this.#isDue.get(key)
      this.#isDue.delete(key)
      if (isDue) this.#do(key)
    })
    this.#act(key)
  }
}
