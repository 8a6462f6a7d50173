// Forgets what has expired, what others have taken over since the grace began, and, where the space given became smaller, what
// no longer has room.

import { codeOf } from '../base/errors.ts'
import { type Id } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Replica, type ReplicaStore } from './replica-store.ts'

const GRACE_MS = 600_000
const SWEEP_PERIOD_MS = 60_000

export class Sweeping {
  readonly #around: Surroundings
  readonly #replicas: ReplicaStore
  readonly #responsibility: () => (replica: Replica) => boolean

  /** `responsibility` says, for the leaf set as it is now, which replicas this node is to keep. */
  constructor(
    around: Surroundings,
    replicas: ReplicaStore,
    responsibility: () => (replica: Replica) => boolean,
  ) {
    this.#around = around
    this.#replicas = replicas
    this.#responsibility = responsibility
  }

  start(): void {
    this.#around.timers.every(
      () => SWEEP_PERIOD_MS,
      () => void this.#sweep(),
    )
  }

  /** What others keep as well goes first, then what this node is responsible for; of either what ends soonest. */
  makeRoom(): void {
    const { replicas, isOurs } = { replicas: this.#replicas, isOurs: this.#responsibility() }
    let { bytes } = replicas.usage
    if (bytes <= replicas.quotaBytes) return
    const order = [...replicas.entries()].map(([key, replica]) => ({ key, replica, isKept: isOurs(replica) }))
    order.sort((a, b) => Number(a.isKept) - Number(b.isKept) || a.replica.expiresAtMs - b.replica.expiresAtMs)
    for (const { key, replica } of order) {
      if (bytes <= replicas.quotaBytes) return
      bytes -= replica.bytes
      void this.#forget(key)
    }
  }

  async #sweep(): Promise<void> {
    const isOurs = this.#responsibility()
    const nowMs = this.#around.clock.nowMs()
    const wallMs = this.#around.clock.wallMs()
    for (const [key, replica] of [...this.#replicas.entries()]) {
      const isKept = isOurs(replica)
      if (isKept) replica.graceUntilMs = undefined
      else replica.graceUntilMs ??= nowMs + GRACE_MS
      const isHandedOver = !isKept && replica.graceUntilMs! <= nowMs
      if (replica.expiresAtMs <= wallMs || isHandedOver) await this.#forget(key)
    }
    this.makeRoom() // there may have been more space when what is on the disk was kept
  }

  /** One record that the disk does not let go of is no reason to keep the others; the next sweep tries it again. */
  async #forget(key: Id): Promise<void> {
    try {
      await this.#replicas.forget(key)
    } catch (error) {
      this.#around.drops.count(`sweep: ${codeOf(error)}`)
    }
  }
}
