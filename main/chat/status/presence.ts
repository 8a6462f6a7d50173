// Who is in reach. A contact is online when any of their devices is.

import { type Presence as PresenceWord } from '../../../preload/contract.ts'
import { type Clock, type Timer } from '../../overlay/ports/clock.ts'

/** How long a contact is said to be connecting before they count as away: a few handshakes and a look into the DHT. */
const CONNECTING_MS = 15_000

export class Presence {
  readonly #clock: Clock
  readonly #changed: (accountId: string) => void
  readonly #up = new Map<string, Set<string>>()
  readonly #connecting = new Map<string, Timer>()

  constructor(clock: Clock, changed: (accountId: string) => void) {
    this.#clock = clock
    this.#changed = changed
  }

  of(accountId: string): PresenceWord {
    if (this.#up.has(accountId)) return 'online'
    return this.#connecting.has(accountId) ? 'connecting' : 'offline'
  }

  isUp(accountId: string, nodeId: string): boolean {
    return this.#up.get(accountId)?.has(nodeId) ?? false
  }

  /** We have begun to look for them. */
  connecting(accountId: string): void {
    this.#connecting.get(accountId)?.cancel()
    const timer = this.#clock.after(CONNECTING_MS, () => {
      this.#connecting.delete(accountId)
      if (!this.#up.has(accountId)) this.#changed(accountId)
    })
    this.#connecting.set(accountId, timer)
  }

  up(accountId: string, nodeId: string): void {
    const nodes = this.#up.get(accountId) ?? new Set()
    this.#up.set(accountId, nodes.add(nodeId))
    this.#stopConnecting(accountId)
    if (nodes.size === 1) this.#changed(accountId)
  }

  down(accountId: string, nodeId: string): void {
    const nodes = this.#up.get(accountId)
    if (!nodes?.delete(nodeId) || nodes.size > 0) return
    this.#up.delete(accountId)
    this.#changed(accountId)
  }

  forget(accountId: string): void {
    this.#up.delete(accountId)
    this.#stopConnecting(accountId)
  }

  stop(): void {
    for (const timer of this.#connecting.values()) timer.cancel()
    this.#connecting.clear()
    this.#up.clear()
  }

  #stopConnecting(accountId: string): void {
    this.#connecting.get(accountId)?.cancel()
    this.#connecting.delete(accountId)
  }
}
