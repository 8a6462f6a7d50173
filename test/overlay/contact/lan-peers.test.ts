import { describe, expect, it } from 'vitest'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { formatAddress } from '../../../main/overlay/ports/datagram-socket.ts'
import { type Lan, type LanListener, type LanWord } from '../../../main/overlay/ports/lan.ts'
import { LanPeers } from '../../../main/overlay/contact/lan-peers.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const HOUR_MS = 3_600_000

/** One cable: what one says all others hear. */
class Cable {
  readonly queue = new EventQueue()
  readonly clock = new VirtualClock(this.queue)
  readonly plugs: Plug[] = []
  packets = 0

  run(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }

  say(from: string, what: (listener: LanListener) => void): void {
    this.packets++
    for (const plug of this.plugs) if (plug.host !== from && plug.listener) what(plug.listener)
  }
}

class Plug implements Lan {
  listener: LanListener | undefined
  readonly found: string[] = []
  readonly toldTo: (readonly string[] | undefined)[] = []
  readonly drops = new DropCounts()
  readonly key: Uint8Array<ArrayBuffer>
  readonly host: string
  readonly peers: LanPeers
  readonly #cable: Cable

  constructor(cable: Cable, number: number) {
    this.#cable = cable
    this.host = `192.168.1.${number}`
    this.key = new Uint8Array(32).fill(number)
    cable.plugs.push(this)
    this.peers = new LanPeers({
      clock: cable.clock,
      random: new SeededRandom(number),
      drops: this.drops,
      lan: this,
      ownKey: this.key,
      onFound: ({ addresses }) => this.found.push(formatAddress(addresses[0]!)),
    })
  }

  on(listener: LanListener): void {
    this.listener = listener
  }
  isLocal(host: string): boolean {
    return host.startsWith('192.168.1.')
  }
  ask(): void {
    this.#cable.say(this.host, (listener) => listener.asked(this.host))
  }
  tell(lifetimeMs: number, hosts?: readonly string[]): void {
    this.toldTo.push(hosts)
    const word = { noiseKey: this.key, host: this.host, port: 4700, lifetimeMs }
    this.#cable.say(this.host, (listener) => listener.told(word))
  }
  renew(): void {
    this.#cable.packets += 0
  }
  close(): void {
    this.listener = undefined
  }
}

function lie(plug: Plug, changes: Partial<LanWord>): void {
  const word = { noiseKey: new Uint8Array(32).fill(99), host: '192.168.1.99', port: 9, lifetimeMs: HOUR_MS }
  plug.listener!.told({ ...word, ...changes })
}

describe('nodes on one local network', () => {
  it('find each other at once, whoever is first', async () => {
    const cable = new Cable()
    const [first, second, third] = [1, 2, 3].map((number) => new Plug(cable, number)) as [Plug, Plug, Plug]
    first.peers.start()
    await cable.run(HOUR_MS)
    second.peers.start()
    third.peers.start()
    await cable.run(1_500)
    expect(first.found.sort()).toEqual(['192.168.1.2:4700', '192.168.1.3:4700'])
    expect(second.found.sort()).toEqual(['192.168.1.1:4700', '192.168.1.3:4700'])
    expect(third.peers.found).toBe(2)
  })

  it('grow quiet: ten nodes say less than ten packets each in an hour', async () => {
    const cable = new Cable()
    const plugs = Array.from({ length: 10 }, (_, i) => new Plug(cable, i + 1))
    for (const plug of plugs) plug.peers.start()
    await cable.run(2 * HOUR_MS)
    const before = cable.packets
    await cable.run(4 * HOUR_MS)
    // each asks once an hour, tells, and answers the nine others
    expect((cable.packets - before) / 10 / 4).toBeLessThan(12)
    expect(plugs[0]!.found).toHaveLength(9)
  })

  it('answer on the networks of those who asked, and tell of themselves on all', async () => {
    const cable = new Cable()
    const plug = new Plug(cable, 1)
    plug.peers.start()
    await cable.run(20_000)
    expect(plug.toldTo.every((hosts) => hosts === undefined)).toBe(true)
    plug.toldTo.length = 0
    for (const host of ['192.168.1.7', '192.168.1.8', '192.168.1.7']) plug.listener!.asked(host)
    await cable.run(1_000)
    expect(plug.toldTo).toEqual([['192.168.1.7', '192.168.1.8']])
  })

  it('answer many questions of one second once', async () => {
    const cable = new Cable()
    const plug = new Plug(cable, 1)
    plug.peers.start()
    await cable.run(10_000)
    const before = cable.packets
    for (let i = 0; i < 1_000; i++) plug.listener!.asked('192.168.1.9')
    await cable.run(2_000)
    expect(cable.packets - before).toBe(1)
  })

  it('believe in no address from elsewhere, and in no port 0', () => {
    const plug = new Plug(new Cable(), 1)
    lie(plug, { host: '198.51.100.7' })
    lie(plug, { port: 0 })
    plug.listener!.asked('198.51.100.7')
    expect(plug.found).toEqual([])
    expect(plug.drops.snapshot()).toEqual({
      'lan: word from elsewhere': 2,
      'lan: question from elsewhere': 1,
    })
  })

  it('try ten new ones a minute, however many are made up', async () => {
    const cable = new Cable()
    const plug = new Plug(cable, 1)
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 100; i++)
        lie(plug, { noiseKey: Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? second : i)) })
      await cable.run(1_000)
    }
    expect(plug.found.length).toBeLessThanOrEqual(20)
    expect(plug.found.length).toBeGreaterThanOrEqual(19)
    expect(plug.peers.found).toBeLessThanOrEqual(20)
  })

  it('say goodbye, and are news when they come back; a stranger cannot say it for them', async () => {
    const cable = new Cable()
    const [first, second] = [1, 2].map((number) => new Plug(cable, number)) as [Plug, Plug]
    first.peers.start()
    second.peers.start()
    await cable.run(5_000)
    lie(first, { noiseKey: second.key, host: '192.168.1.66', port: 4700, lifetimeMs: 0 })
    expect(first.peers.found).toBe(1)
    second.peers.stop()
    expect(first.peers.found).toBe(0)
    lie(first, { noiseKey: second.key, host: second.host, port: 4700 })
    expect(first.found).toEqual(['192.168.1.2:4700', '192.168.1.2:4700'])
    await cable.run(HOUR_MS)
  })

  it('are looked for anew on another network', async () => {
    const cable = new Cable()
    const [first, second] = [1, 2].map((number) => new Plug(cable, number)) as [Plug, Plug]
    first.peers.start()
    second.peers.start()
    await cable.run(2 * HOUR_MS)
    first.peers.networkChanged()
    await cable.run(1_500)
    expect(first.found).toHaveLength(2)
    expect(first.peers.found).toBe(1)
  })
})
