import { describe, expect, it } from 'vitest'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import {
  type MappingAnswer,
  type MappingCheck,
  type MappingGrant,
  type MappingMethod,
  type MappingWish,
  type PortMapper,
} from '../../../main/overlay/ports/port-mapper.ts'
import { PortMapping } from '../../../main/overlay/reach/port-mapping.ts'
import { hasForgotten } from '../../../main/overlay/reach/router-epoch.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const HOUR_MS = 3_600_000

/** A router behind one method, that answers after a while. */
class Router implements PortMapper {
  host = '198.18.7.7'
  answer: 'yes' | 'silent' | 'refused' = 'yes'
  lifetimeMs = 2 * HOUR_MS
  startedMs = 0
  mapped: number | undefined
  readonly wishes: MappingWish[] = []
  unmapped = 0
  readonly #clock: VirtualClock
  readonly #delayMs: number
  readonly method: MappingMethod

  constructor(clock: VirtualClock, method: MappingMethod, delayMs = 20) {
    this.#clock = clock
    this.method = method
    this.#delayMs = delayMs
  }

  get #epochSeconds(): number | undefined {
    return this.method === 'upnp' ? undefined : Math.floor((this.#clock.nowMs() - this.startedMs) / 1000)
  }

  async map(wish: MappingWish): Promise<MappingAnswer> {
    this.wishes.push(wish)
    await this.#wait()
    if (this.answer !== 'yes') return { kind: 'denied', reason: this.answer }
    this.mapped = wish.externalPort
    const external = { host: this.host, port: wish.externalPort }
    const { method, lifetimeMs } = this
    const { internalPort } = wish
    const grant = { method, internalPort, external, lifetimeMs, epochSeconds: this.#epochSeconds }
    return { kind: 'granted', grant }
  }

  async check(): Promise<MappingCheck> {
    await this.#wait()
    if (this.answer === 'silent') return { kind: 'silent' }
    const isHeld = this.method === 'upnp' ? this.mapped !== undefined : undefined
    return { kind: 'answered', externalHost: this.host, epochSeconds: this.#epochSeconds, isHeld }
  }

  async unmap(grant: MappingGrant): Promise<void> {
    await this.#wait()
    this.unmapped++
    if (this.mapped === grant.external.port) this.mapped = undefined
  }

  restart(): void {
    this.startedMs = this.#clock.nowMs()
    this.mapped = undefined
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(this.#delayMs, resolve))
  }
}

class Home {
  readonly queue = new EventQueue()
  readonly clock = new VirtualClock(this.queue)
  readonly pmp = new Router(this.clock, 'nat-pmp')
  readonly upnp = new Router(this.clock, 'upnp', 900)
  readonly told: (string | undefined)[] = []
  isTranslated = true
  readonly mapping = new PortMapping({
    clock: this.clock,
    log: { log: () => undefined },
    mappers: [this.pmp, this.upnp],
    internalPort: 4700,
    isTranslated: () => this.isTranslated,
    onExternal: (external: Address | undefined) =>
      this.told.push(external && `${external.host}:${external.port}`),
  })

  run(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }
}

describe('a port on the router', () => {
  it('is asked for by both ways at once; the first wins, and what the other gives is given back', async () => {
    const home = new Home()
    home.upnp.host = '198.18.9.9' // another router, so another mapping
    home.mapping.allow(true)
    expect(home.mapping.status).toEqual({ state: 'asking' })
    await home.run(50)
    expect(home.mapping.status).toMatchObject({ state: 'mapped', method: 'nat-pmp' })
    expect(home.told).toEqual(['198.18.7.7:4700'])
    await home.run(3_000)
    expect([home.upnp.wishes.length, home.upnp.unmapped, home.upnp.mapped]).toEqual([1, 1, undefined])
    expect(home.pmp.mapped).toBe(4700)
  })

  it('is not given back where both ways opened the same one', async () => {
    const home = new Home()
    home.mapping.allow(true)
    await home.run(3_000)
    expect([home.upnp.wishes.length, home.upnp.unmapped]).toEqual([1, 0])
  })

  it('is renewed at half its life, and never by the other way as long as the first gives it', async () => {
    const home = new Home()
    home.mapping.allow(true)
    await home.run(HOUR_MS - 1_000)
    expect(home.pmp.wishes).toHaveLength(1)
    await home.run(2_000)
    expect(home.pmp.wishes).toHaveLength(2)
    await home.run(10 * HOUR_MS)
    expect(home.pmp.wishes).toHaveLength(12)
    expect(home.upnp.wishes).toHaveLength(1)
    expect(home.told).toEqual(['198.18.7.7:4700'])
  })

  it('is opened again within a minute of a restart of the router', async () => {
    for (const answering of ['pmp', 'upnp'] as const) {
      const home = new Home()
      home[answering === 'pmp' ? 'upnp' : 'pmp'].answer = 'silent'
      home.mapping.allow(true)
      await home.run(600_000)
      home[answering].restart()
      await home.run(62_000)
      expect(home[answering].mapped, answering).toBe(4700)
    }
  })

  it('is told anew when the router gets another address', async () => {
    const home = new Home()
    home.upnp.answer = 'silent'
    home.mapping.allow(true)
    await home.run(600_000)
    home.pmp.host = '198.18.7.8'
    await home.run(62_000)
    expect(home.told).toEqual(['198.18.7.7:4700', '198.18.7.8:4700'])
  })

  it('is asked for by the other way when its router answers no more', async () => {
    const home = new Home()
    home.mapping.allow(true)
    await home.run(600_000)
    home.pmp.answer = 'silent'
    await home.run(200_000)
    expect(home.mapping.status).toMatchObject({ state: 'mapped', method: 'upnp' })
  })

  it('is asked for more and more seldom where it is refused, and the reason that says most is shown', async () => {
    const home = new Home()
    home.pmp.answer = 'silent'
    home.upnp.answer = 'refused'
    home.mapping.allow(true)
    await home.run(2_000)
    expect(home.mapping.status).toMatchObject({ state: 'waiting', reason: 'refused' })
    await home.run(24 * HOUR_MS)
    // at 1, 3, 7, 15, 31 and 63 minutes, then hourly
    expect(home.upnp.wishes.length).toBeGreaterThan(25)
    expect(home.upnp.wishes.length).toBeLessThan(32)
    expect(home.told).toEqual([])
  })

  it('is given back when it is switched off, also what was under way', async () => {
    const home = new Home()
    home.mapping.allow(true)
    await home.run(5)
    let isStopped = false
    void home.mapping.stop().then(() => (isStopped = true))
    await home.run(30)
    expect(isStopped).toBe(false)
    await home.run(2_000)
    expect([isStopped, home.pmp.mapped, home.upnp.mapped]).toEqual([true, undefined, undefined])
    await home.run(24 * HOUR_MS)
    expect([home.pmp.wishes.length, home.upnp.wishes.length]).toEqual([1, 1])
    expect(home.told).toEqual([])
  })

  it('is there in the end when it is switched off and on again at once', async () => {
    const home = new Home()
    home.upnp.answer = 'silent'
    home.mapping.allow(true)
    await home.run(600_000)
    home.mapping.allow(false)
    home.mapping.allow(true)
    await home.run(1_000)
    expect(home.mapping.status).toMatchObject({ state: 'mapped' })
    expect(home.pmp.mapped).toBe(4700)
  })

  it('is never asked for where the Internet reaches this computer, or nobody wants it', async () => {
    const home = new Home()
    home.isTranslated = false
    await home.run(HOUR_MS)
    expect(home.mapping.status).toEqual({ state: 'off' })
    home.mapping.allow(true)
    await home.run(HOUR_MS)
    expect(home.mapping.status).toEqual({ state: 'needless' })
    expect(home.pmp.wishes).toEqual([])
    home.isTranslated = true
    home.mapping.networkChanged()
    await home.run(1_000)
    expect(home.mapping.status).toMatchObject({ state: 'mapped' })
    home.isTranslated = false
    home.mapping.networkChanged()
    await home.run(2_000)
    expect([home.pmp.mapped, home.told]).toEqual([undefined, ['198.18.7.7:4700', undefined]])
  })
})

describe("a router's clock", () => {
  it.each([
    ['goes on', { epochSeconds: 100, atMs: 0 }, { epochSeconds: 160, atMs: 60_000 }, false],
    ['runs an eighth too slow', { epochSeconds: 100, atMs: 0 }, { epochSeconds: 151, atMs: 60_000 }, false],
    ['has begun anew', { epochSeconds: 100, atMs: 0 }, { epochSeconds: 5, atMs: 60_000 }, true],
    ['began anew long ago', { epochSeconds: 100, atMs: 0 }, { epochSeconds: 3_000, atMs: HOUR_MS }, true],
  ])('%s', (_name, before, now, expected) => {
    expect(hasForgotten(before, now)).toBe(expected)
  })
})
