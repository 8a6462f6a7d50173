import { type NodeId } from '../base/id.ts'
import { LeanMap } from '../base/lean-map.ts'
import { type TimerGroup } from '../base/timer-group.ts'

/** Questions to one neighbour each, matched with their answers by peer and token. Unanswered ones resolve with undefined. */
export class Questions<T> {
  readonly #timers: TimerGroup
  readonly #open = new LeanMap<string, (answer: T | undefined) => void>()
  #lastToken = 0

  constructor(timers: TimerGroup) {
    this.#timers = timers
  }

  ask(
    peer: NodeId,
    timeoutMs: number,
    send: (token: number, giveUp: () => void) => void,
  ): Promise<T | undefined> {
    // Token 0 is free for messages that want no answer.
    const token = (this.#lastToken = (this.#lastToken % 0xffffffff) + 1)
    return new Promise((resolve) => {
      const settle = (answer: T | undefined): void => {
        timer.cancel()
        this.#open.delete(peer + token)
        resolve(answer)
      }
      const timer = this.#timers.after(timeoutMs, () => settle(undefined))
      this.#open.set(peer + token, settle)
      send(token, () => settle(undefined))
    })
  }

  /** An answer nobody waits for any more is ignored. */
  answer(peer: NodeId, token: number, answer: T): void {
    this.#open.get(peer + token)?.(answer)
  }
}
