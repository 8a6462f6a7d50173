// The one door through which windows and browser tabs reach the node, whatever carries their calls. It is there before
// the node is: the window can ask for the state at once and is told `starting`; every other call waits until the node
// stands behind the door, or fails with the reason why it never will.

import { type DescribeError, dispatch } from '../preload/dispatch.ts'
import {
  type AppState,
  type CallName,
  type Emit,
  type EventName,
  type Handlers,
  type Reply,
  calls,
} from '../preload/contract.ts'

/** Where the events of one window or tab go. */
export type Sink = (name: EventName, payload: unknown) => void

/** One window or tab. */
export interface Visitor {
  call(name: unknown, argument: unknown): Promise<Reply>
  leave(): void
}

interface Guest {
  sink: Sink
  watchesHealth: boolean
}

export class FrontDoor {
  readonly #describe: DescribeError
  readonly #starting: AppState
  readonly #guests = new Set<Guest>()
  readonly #node: Promise<Handlers>
  #open!: (handlers: Handlers) => void
  #fail!: (reason: unknown) => void
  #isOpen = false

  constructor(describe: DescribeError, starting: AppState) {
    this.#describe = describe
    this.#starting = starting
    this.#node = new Promise((resolve, reject) => {
      this.#open = resolve
      this.#fail = reject
    })
    this.#node.catch(() => undefined) // each call that waits gets the reason; nobody else needs it
  }

  /** The node is there: calls that came early go through now. */
  open(handlers: Handlers): void {
    this.#isOpen = true
    this.#open(handlers)
  }

  /** There will be no node: everybody who waits is told why. */
  fail(reason: unknown): void {
    this.#fail(reason)
  }

  enter(sink: Sink): Visitor {
    const guest: Guest = { sink, watchesHealth: false }
    const handlers = this.#handlersFor(guest)
    this.#guests.add(guest)
    return {
      call: (name, argument) => dispatch(handlers, this.#describe, name, argument),
      leave: () => {
        this.#guests.delete(guest)
        // Nobody is left to hear of a failure, and a node that is not there watches nothing.
        this.#watchHealth(guest, false).catch(() => undefined)
      },
    }
  }

  get guests(): number {
    return this.#guests.size
  }

  readonly emit: Emit = (name, payload) => {
    for (const guest of this.#guests) if (name !== 'health' || guest.watchesHealth) guest.sink(name, payload)
  }

  #handlersFor(guest: Guest): Handlers {
    const forward = (name: CallName) => async (argument: unknown) => {
      const handler = (await this.#node)[name] as (argument: unknown) => Promise<unknown>
      return handler(argument)
    }
    const handlers = Object.fromEntries(
      (Object.keys(calls) as CallName[]).map((name) => [name, forward(name)]),
    )
    return {
      ...(handlers as unknown as Handlers),
      'app.state': async () => (this.#isOpen ? (await this.#node)['app.state'](undefined) : this.#starting),
      'health.watch': ({ on }) => this.#watchHealth(guest, on),
    }
  }

  /** The node watches as long as anybody does. */
  async #watchHealth(guest: Guest, on: boolean): Promise<undefined> {
    if (guest.watchesHealth === on) return undefined
    const others = [...this.#guests].some((other) => other !== guest && other.watchesHealth)
    guest.watchesHealth = on
    if (!others) await (await this.#node)['health.watch']({ on })
    return undefined
  }
}
