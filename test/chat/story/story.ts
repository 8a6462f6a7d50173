// Virtual time for people with real disks and real ratchets: the clock moves only while no real work is under way.

import { hostCrypto } from '../../../main/host/crypto.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { Busy } from './busy.ts'
import { Person } from './person.ts'
import { TestNetwork } from './test-network.ts'

const STEP_MS = 5
const DEFAULT_LIMIT_MS = 5 * 60_000

export class Story {
  readonly queue = new EventQueue()
  readonly clock = new VirtualClock(this.queue)
  readonly crypto = hostCrypto
  readonly busy = new Busy()
  readonly network = networkOf(hostCrypto, 'test', 2)
  readonly random: SeededRandom
  readonly net: TestNetwork

  constructor(seed = 1) {
    this.random = new SeededRandom(seed)
    this.net = new TestNetwork(this.clock, this.crypto, this.network, new SeededRandom(seed + 1))
  }

  /** Two people who are contacts, both online. */
  async friends(): Promise<[Person, Person]> {
    const [alice, bob] = [new Person(this, 'Alice'), new Person(this, 'Bob')]
    for (const person of [alice, bob]) {
      await person.start()
      await person.create()
    }
    await this.introduce(alice, bob)
    return [alice, bob]
  }

  /** `guest` adds `host` by link, and both see each other as contacts. */
  async introduce(host: Person, guest: Person): Promise<void> {
    const { link } = await host.call('invitation.get')
    await guest.call('contacts.add', { link })
    await this.until(async () => {
      const both = [await host.conversation(guest.name), await guest.conversation(host.name)]
      return both.every((one) => one.contact?.relation === 'accepted')
    })
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.queue.nowMs + ms
    while (this.queue.nowMs < endMs) {
      await this.quiet()
      await this.queue.runUntil(Math.min(endMs, this.queue.nowMs + STEP_MS))
    }
    await this.quiet()
  }

  /** Runs on until the promise has settled. */
  async wait<T>(work: Promise<T>, limitMs = DEFAULT_LIMIT_MS): Promise<T> {
    let isDone = false
    const done = work.finally(() => (isDone = true))
    done.catch(() => undefined) // seen below
    const endMs = this.queue.nowMs + limitMs
    for (let turns = 0; !isDone; turns++) {
      await turn()
      if (isDone || !this.busy.isIdle || turns < 3) continue
      if (this.queue.nowMs >= endMs) throw new Error(`still waiting after ${limitMs} ms`)
      await this.queue.runUntil(this.queue.nowMs + STEP_MS)
      turns = 0
    }
    return done
  }

  async until(isTrue: () => boolean | Promise<boolean>, limitMs = DEFAULT_LIMIT_MS): Promise<void> {
    const endMs = this.queue.nowMs + limitMs
    for (;;) {
      await this.quiet()
      let problem: unknown
      const seen = await (async () => isTrue())().catch((error: unknown) => void (problem = error))
      if (seen) return
      if (this.queue.nowMs >= endMs) throw new Error(`not so within ${limitMs} ms`, { cause: problem })
      await this.advance(10 * STEP_MS)
    }
  }

  /** No disk write, no key agreement, no microtask is under way. */
  async quiet(): Promise<void> {
    for (let still = 0; still < 3;) {
      await turn()
      still = this.busy.isIdle ? still + 1 : 0
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
