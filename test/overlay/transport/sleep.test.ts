// A laptop that sleeps for minutes or hours, wakes, and goes on with its conversations.

import { describe, expect, it } from 'vitest'
import { type Clock, type Timer } from '../../../main/overlay/ports/clock.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { WakeWatch } from '../../../main/overlay/transport/wake-watch.ts'
import { type Peer, World, targetOf, text, utf8 } from './world.ts'

const HOUR_MS = 3_600_000

/** A computer's clock. In sleep no timer fires; its count of milliseconds stops, too, or goes on, as systems differ. */
class LaptopClock implements Clock {
  readonly #clock: Clock
  readonly #stopsInSleep: boolean
  #sleptMs = 0
  #asleepSinceMs: number | undefined
  #held: (() => void)[] = []

  constructor(clock: Clock, stopsInSleep: boolean) {
    this.#clock = clock
    this.#stopsInSleep = stopsInSleep
  }

  nowMs(): number {
    return (this.#asleepSinceMs ?? this.#clock.nowMs()) - (this.#stopsInSleep ? this.#sleptMs : 0)
  }

  wallMs(): number {
    return this.#clock.wallMs()
  }

  after(delayMs: number, action: () => void): Timer {
    let timer: Timer | undefined
    let isCancelled = false
    const dueMs = this.nowMs() + delayMs
    const arm = (leftMs: number) => {
      timer = this.#clock.after(leftMs, () => {
        if (this.#asleepSinceMs === undefined) action()
        else this.#held.push(() => !isCancelled && arm(Math.max(0, dueMs - this.nowMs())))
      })
    }
    arm(delayMs)
    return {
      cancel: () => {
        isCancelled = true
        timer?.cancel()
      },
    }
  }

  sleep(): void {
    this.#asleepSinceMs = this.#clock.nowMs()
  }

  wake(): void {
    this.#sleptMs += this.#clock.nowMs() - this.#asleepSinceMs!
    this.#asleepSinceMs = undefined
    for (const again of this.#held.splice(0)) again()
  }
}

/** Alice has the laptop, and Bob a computer that never sleeps. */
async function stage(seed: number, stopsInSleep: boolean) {
  const world = new World(seed, { jitterMs: 0 })
  const clock = new LaptopClock(world.clock, stopsInSleep)
  const alice = world.peer('10.0.0.1', { clock })
  const bob = world.peer('10.0.0.2')
  const link = await world.until(alice.endpoint.dial(targetOf(bob)))
  await world.run(1_000)
  const sleep = async (forMs: number) => {
    clock.sleep()
    world.net.block('10.0.0.1', '10.0.0.2')
    world.net.block('10.0.0.2', '10.0.0.1')
    await world.run(forMs)
    clock.wake()
    world.net.unblock('10.0.0.1', '10.0.0.2')
    world.net.unblock('10.0.0.2', '10.0.0.1')
  }
  return { world, alice, bob, link, sleep }
}

/** Says something until it is acknowledged, as the outbox does; returns after how long. */
async function say(world: World, from: Peer, to: Peer, words: string): Promise<number> {
  const startMs = world.queue.nowMs
  let isDelivered = false
  const tell = (link: Link | undefined) =>
    link?.send(utf8(words), (isAcked) => {
      if (isAcked) isDelivered = true
    })
  tell(from.endpoint.get(to.identity.id))
  from.endpoint.on({ up: tell, down: () => {}, message: () => {} })
  while (!isDelivered && world.queue.nowMs < startMs + 60_000) await world.run(10)
  return world.queue.nowMs - startMs
}

describe.each([
  ['stops', true],
  ['goes on', false],
])('a laptop whose clock %s in sleep', (_name, stopsInSleep) => {
  it('for twenty seconds goes on with the same session', async () => {
    const { world, alice, bob, link, sleep } = await stage(100, stopsInSleep)
    await sleep(20_000)
    expect(await say(world, alice, bob, 'good morning')).toBeLessThanOrEqual(100)
    await world.run(60_000)
    expect(link.isOpen).toBe(true)
    expect(bob.received.map(text)).toEqual(['good morning'])
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
  })

  it('for three hours is told that it was given up, and calls: four round trips in all', async () => {
    const { world, alice, bob, sleep } = await stage(101, stopsInSleep)
    await sleep(3 * HOUR_MS)
    expect(bob.story).toEqual(['up', 'down: silent'])
    const tookMs = await say(world, alice, bob, 'good morning')
    console.log(`said ${tookMs} ms after waking`)
    expect(tookMs).toBeLessThanOrEqual(4 * 80)
    await world.run(60_000)
    expect(alice.story).toEqual(['up', 'down: given-up', 'up'])
    expect(bob.story).toEqual(['up', 'down: silent', 'up'])
    expect(bob.received.map(text)).toEqual(['good morning'])
    expect(alice.endpoint.tableSizes).toEqual({ sessions: 1, halfOpen: 0, dials: 0 })
  })

  it('for three hours has its session again within seconds, if nobody says a word', async () => {
    const { world, alice, bob, sleep } = await stage(102, stopsInSleep)
    await sleep(3 * HOUR_MS)
    await world.run(5_500)
    expect(alice.story).toEqual(['up', 'down: given-up', 'up'])
    expect(bob.story).toEqual(['up', 'down: silent', 'up'])
  })

  it('and that wakes in another network, calls before the old session is given up', async () => {
    const { world, alice, bob, sleep } = await stage(103, stopsInSleep)
    await sleep(3 * HOUR_MS)
    alice.socket.moveTo({ host: '10.7.7.7', port: 77 }, (address, receiver) =>
      world.net.attach(address, receiver),
    )
    await world.run(6_500)
    expect(alice.story).toEqual(['up', 'down: replaced', 'up'])
    expect(bob.story).toEqual(['up', 'down: silent', 'up'])
    expect(await say(world, bob, alice, 'good morning')).toBeLessThanOrEqual(100)
  })

  it('finds a peer that has restarted meanwhile', async () => {
    const { world, alice, bob, sleep } = await stage(104, stopsInSleep)
    await sleep(3 * HOUR_MS) // Bob has given up; what he would say to a late word, he forgets with his end
    await bob.endpoint.stop()
    const { host, port } = bob.socket.local
    const reborn = world.peer(host, { identity: bob.identity, port })
    await world.run(6_500)
    expect(reborn.story).toEqual(['up'])
    expect(alice.story).toEqual(['up', 'down: replaced', 'up'])
    expect(alice.endpoint.get(bob.identity.id)!.isOpen).toBe(true)
  })
})

describe('a computer that does not sleep', () => {
  it('is never taken for one that did', async () => {
    const world = new World(105)
    let slept = 0
    const watch = new WakeWatch(world.clock, (hasSlept) => (slept += Number(hasSlept)))
    watch.start()
    await world.run(24 * HOUR_MS)
    expect(slept).toBe(0)
    watch.stop()
  })

  it('learns of its new address within five seconds, and so does its peer', async () => {
    const world = new World(106)
    const { alice, back } = await world.connected()
    const now = { host: '10.7.7.7', port: 77 }
    alice.socket.moveTo(now, (address, receiver) => world.net.attach(address, receiver))
    await world.run(5_200)
    expect(back.address).toEqual(now)
  })
})
