// Questions to volunteers that wait for an answer: by a token of ours, from the one who was asked, and not for long.

import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'

/** Chosen: what one node wants of volunteers at once is less. */
const MAX_ASKS = 64
const TOKENS = 2 ** 32

export interface Ask<Result> {
  readonly server: NodeId
  /** Whom it is about, where it is about somebody. */
  readonly node: NodeId | undefined
  succeed(result: Result): void
  fail(error: BanyanError): void
}

export class Asks<Result> {
  readonly #around: Surroundings
  readonly #limitMs: number
  readonly #open = new Map<number, Ask<Result>>()

  constructor(around: Surroundings, limitMs: number) {
    this.#around = around
    this.#limitMs = limitMs
  }

  /** `say` sends the question. Errors: quota, timeout, unreachable, and what `say` throws and the answer is. */
  async put(server: NodeId, node: NodeId | undefined, say: (token: number) => void): Promise<Result> {
    if (this.#open.size >= MAX_ASKS)
      throw new BanyanError('quota', 'too many questions to volunteers at once')
    let token = this.#around.random.below(TOKENS)
    while (this.#open.has(token)) token = this.#around.random.below(TOKENS)
    say(token)
    return new Promise((resolve, reject) => {
      const timer: Timer = this.#around.timers.after(this.#limitMs, () =>
        this.#open.get(token)?.fail(new BanyanError('timeout', 'the volunteer does not answer')),
      )
      const settled = (action: () => void): void => {
        timer.cancel()
        this.#open.delete(token)
        action()
      }
      this.#open.set(token, {
        server,
        node,
        succeed: (result) => settled(() => resolve(result)),
        fail: (error) => settled(() => reject(error)),
      })
    })
  }

  /** The question that this server may answer under the token. */
  of(server: NodeId, token: number): Ask<Result> | undefined {
    const ask = this.#open.get(token)
    return ask?.server === server ? ask : undefined
  }

  serverLost(server: NodeId): void {
    for (const ask of [...this.#open.values()])
      if (ask.server === server)
        ask.fail(new BanyanError('unreachable', 'the session with the volunteer has ended'))
  }
}
