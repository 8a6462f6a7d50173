// Looks for a node identity in the background while a person types their name: some seconds at most, in slices that no
// one notices.

import { type Identity, searchIdentity } from '../../overlay/identity.ts'
import { type Timer } from '../../overlay/ports/clock.ts'
import { type ChatPorts } from '../chat-ports.ts'

/** About a millisecond each: a window that is being drawn does not stutter. */
const TRIES_PER_SLICE = 32

export class IdentitySearch {
  readonly #ports: ChatPorts
  #timer: Timer | undefined
  #isFound = false
  readonly found: Promise<Identity>
  #resolve!: (identity: Identity) => void

  constructor(ports: ChatPorts) {
    this.#ports = ports
    this.found = new Promise((resolve) => (this.#resolve = resolve))
    this.#plan()
  }

  /** True where it had found nothing yet, and now never will. */
  stop(): boolean {
    this.#timer?.cancel()
    return !this.#isFound
  }

  #plan(): void {
    this.#timer = this.#ports.clock.after(0, () => {
      const { crypto, random, network } = this.#ports
      const identity = searchIdentity(crypto, random, network, TRIES_PER_SLICE)
      if (!identity) return this.#plan()
      this.#isFound = true
      this.#resolve(identity)
    })
  }
}
