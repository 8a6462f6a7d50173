// Many sessions in one process, for minutes of real time on real sockets: one node in the middle, all others linked to it,
// messages both ways at random, and every second one of them hangs up and calls again. Afterwards nothing may be left.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { type Link } from '../../main/overlay/transport/links.ts'
import { SeededRandom } from '../../simulator/kernel/seeded-random.ts'
import { addressOf, openEnd, targetOf } from '../drive/loopback-end.ts'
import { MemoryCurve } from './memory-curve.ts'

const CALLS_IN_FLIGHT = 32
const DIAL_TRIES = 5
const TICK_MS = 20
/** Per tick: some 1,000 messages a second in all. */
const MESSAGES_PER_TICK = 20
const MAX_MESSAGE_BYTES = 4_000
const REDIAL_EVERY_TICKS = 50
const SAMPLES = 40
/** Chosen: 1.5 kB for each session, or 2.5 for each call anew in ten minutes. */
const ALLOWED_BYTES = 1.5e6
/** Timers that end by themselves, half-open sessions and farewells among them. */
const SETTLE_MS = 15_000
const OPTIONS = { handshakesPerSecond: 1e6 }

export async function soakSessions(count: number, minutes: number): Promise<void> {
  const before = resources()
  const hub = await openEnd(OPTIONS)
  const leaves: Endpoint[] = []
  for (let i = 0; i < count; i++) leaves.push(await openEnd(OPTIONS))
  const talk = new Talk(hub, leaves)
  await talk.dialAll()
  const memory = new MemoryCurve(ALLOWED_BYTES)
  const startMs = performance.now()
  const endMs = startMs + minutes * 60_000
  let nextSampleMs = startMs
  while (performance.now() < endMs) {
    talk.tick()
    await sleep(TICK_MS)
    if (performance.now() < nextSampleMs) continue
    nextSampleMs += (endMs - startMs) / SAMPLES
    memory.take(performance.now() - startMs)
  }
  await talk.settled()
  assert.equal(hub.tableSizes.sessions, count, 'sessions of the node in the middle')
  for (const end of [hub, ...leaves]) await end.stop()
  const after = await leftOver(before)
  assert.deepEqual(after, before, 'timers and handles left over')
  console.log(
    `${count} sessions for ${minutes} minutes, ${memory.assertFlat()}; ${talk.summary}; nothing left over`,
  )
}

class Talk {
  readonly #hub: Endpoint
  readonly #leaves: readonly Endpoint[]
  readonly #random = new SeededRandom(1)
  #ticks = 0
  #sent = 0
  #delivered = 0
  #failed = 0
  #redials = 0
  #repeated = 0
  readonly #redialling = new Set<Promise<unknown>>()

  constructor(hub: Endpoint, leaves: readonly Endpoint[]) {
    this.#hub = hub
    this.#leaves = leaves
  }

  get summary(): string {
    const calls = `${this.#redials} calls anew, ${this.#repeated} of them repeated`
    return `${this.#sent} messages, ${this.#delivered} delivered, ${this.#failed} cut off; ${calls}`
  }

  async dialAll(): Promise<void> {
    const waiting = [...this.#leaves]
    const worker = async (): Promise<void> => {
      for (let leaf = waiting.pop(); leaf; leaf = waiting.pop()) await this.#dial(leaf)
    }
    await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, worker))
  }

  tick(): void {
    for (let i = 0; i < MESSAGES_PER_TICK; i++) {
      const { id } = this.#oneOf().self
      const link = this.#random.below(2) === 0 ? this.#hub.get(id) : this.#leafOf(id)
      if (link) this.#send(link)
    }
    if (++this.#ticks % REDIAL_EVERY_TICKS === 0) this.#redial(this.#oneOf())
  }

  /** Every message has been reported, one way or the other. */
  async settled(): Promise<void> {
    await Promise.all(this.#redialling)
    const endMs = performance.now() + SETTLE_MS
    while (this.#delivered + this.#failed < this.#sent && performance.now() < endMs) await sleep(TICK_MS)
    assert.equal(this.#delivered + this.#failed, this.#sent, 'messages that nobody was told of')
    assert(this.#failed <= this.#sent / 100, this.summary)
  }

  #leafOf(id: string): Link | undefined {
    return this.#leaves.find((leaf) => leaf.self.id === id)?.get(this.#hub.self.id)
  }

  #oneOf(): Endpoint {
    return this.#leaves[this.#random.below(this.#leaves.length)]!
  }

  #send(link: Link): void {
    this.#sent++
    link.send(new Uint8Array(this.#random.below(MAX_MESSAGE_BYTES)), (isDelivered) =>
      isDelivered ? this.#delivered++ : this.#failed++,
    )
  }

  #redial(leaf: Endpoint): void {
    this.#redials++
    leaf.get(this.#hub.self.id)?.close('calling anew')
    const dialling = this.#dial(leaf)
    dialling.then(
      () => this.#redialling.delete(dialling),
      () => {}, // stays, and is thrown by `settled`
    )
    this.#redialling.add(dialling)
  }

  /** A computer that is busy with other things may let a whole dial pass; a person tries again. Errors: those of the last. */
  async #dial(leaf: Endpoint): Promise<Link> {
    for (let tries = 1; ; tries++)
      try {
        return await leaf.dial(targetOf(addressOf(this.#hub)))
      } catch (error) {
        if (tries === DIAL_TRIES) throw error
        this.#repeated++
      }
  }
}

/** What would keep the process alive, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** What is there after some patience: closed sockets leave in the next turn, the last timers by their own time. */
async function leftOver(before: Record<string, number>): Promise<Record<string, number>> {
  const endMs = performance.now() + SETTLE_MS
  for (;;) {
    const now = resources()
    const isClean = Object.entries(now).every(([kind, count]) => count <= (before[kind] ?? 0))
    if (isClean) return before
    if (performance.now() > endMs) return now
    await sleep(TICK_MS)
  }
}
