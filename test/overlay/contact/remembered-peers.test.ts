import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type Surroundings } from '../../../main/overlay/base/surroundings.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { scorePeer } from '../../../main/overlay/contact/peer-score.ts'
import { MAX_REMEMBERED, RememberedPeers } from '../../../main/overlay/contact/remembered-peers.ts'
import { searchIdentity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const network = networkOf(crypto, 'test', 1)
const random = new SeededRandom(5)

const peers = Array.from({ length: 60 }, (_, i) =>
  searchIdentity(crypto, random, network, 100)!.selfRecord([{ host: `198.51.100.${i}`, port: 4700 }]),
)

/** One computer over several runs of its node. */
class Computer {
  readonly queue = new EventQueue()
  readonly clock = new VirtualClock(this.queue)
  readonly store = new MemoryStore()
  readonly drops = new DropCounts()
  links: PeerRecord[] = []
  known: PeerRecord[] = []
  writes = 0

  async run(linked: PeerRecord[], forMs: number): Promise<string[]> {
    this.links = linked
    const timers = new TimerGroup(this.clock)
    const { clock, drops } = this
    const log = { log: () => undefined }
    const around: Surroundings = { clock, random, crypto, log, network, drops, timers }
    const store = {
      get: (key: Uint8Array) => this.store.get(key),
      range: this.store.range.bind(this.store),
      write: (...args: Parameters<MemoryStore['write']>) => (this.writes++, this.store.write(...args)),
    }
    const all = () => this.links.map((peer) => ({ peer, isOpen: true }) as Link)
    const remembered = new RememberedPeers(around, { store, links: { all }, known: () => this.known })
    const { first, later } = await remembered.load()
    remembered.start()
    await this.pass(forMs)
    await remembered.save(true)
    timers.stop()
    return [...first, ...later].map(({ id }) => id)
  }

  pass(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }
}

const ids = (records: PeerRecord[]) => records.map(({ id }) => id)

describe('remembered peers', () => {
  it('are called in the order of how long they were there, how lately, and how often they answered', async () => {
    const computer = new Computer()
    const [long, short, late] = peers as [PeerRecord, PeerRecord, PeerRecord]
    await computer.run([long], 10 * HOUR_MS)
    await computer.run([long, short], HOUR_MS)
    await computer.pass(HOUR_MS)
    await computer.run([late], HOUR_MS)
    await computer.pass(DAY_MS)
    // ten hours outlast a day of absence better than one hour of yesterday
    expect(await computer.run([], HOUR_MS)).toEqual(ids([long, late, short]))
    // those that did not answer at this start lose against one that does at the next
    for (let start = 0; start < 6; start++) await computer.run([short], 10_000)
    expect((await computer.run([], 1_000))[0]).toBe(short.id)
  })

  it('are as many as fit, and those that endure stay when crowds pass', async () => {
    const computer = new Computer()
    const [keeper, ...crowd] = peers as [PeerRecord, ...PeerRecord[]]
    await computer.run([keeper], 5 * HOUR_MS)
    computer.known = crowd
    await computer.run(crowd.slice(0, 10), HOUR_MS)
    const called = await computer.run([], 1_000)
    expect(called).toHaveLength(MAX_REMEMBERED)
    expect(called.slice(0, 11).sort()).toEqual(ids([keeper, ...crowd.slice(0, 10)]).sort())
  })

  it('outlive a run in which nobody was found', async () => {
    const computer = new Computer()
    await computer.run([peers[0]!], HOUR_MS)
    await computer.run([], DAY_MS)
    expect(await computer.run([], 0)).toEqual([peers[0]!.id])
  })

  it('are written seldom while the same are there', async () => {
    const computer = new Computer()
    await computer.run(peers.slice(0, 5), 10 * HOUR_MS)
    expect(computer.writes).toBeLessThan(65)
  })

  it('are forgotten where the disk holds something else', async () => {
    const computer = new Computer()
    const value = Uint8Array.of(200, 1, 2)
    await computer.store.write([{ type: 'put', key: utf8('overlay/remembered'), value }])
    expect(await computer.run([], 0)).toEqual([])
    expect(computer.drops.snapshot()).toEqual({ 'remembered peers: too-large': 1 })
  })
})

describe("a peer's score", () => {
  const peer = { uptimeMs: HOUR_MS, heardWallMs: 0, calls: 0, answers: 0 }
  it.each([
    ['longer seen', { ...peer, uptimeMs: 2 * HOUR_MS }, peer],
    ['heard later', { ...peer, heardWallMs: HOUR_MS }, peer],
    ['answered more', { ...peer, calls: 4, answers: 4 }, { ...peer, calls: 4, answers: 2 }],
    ['never called before silent', peer, { ...peer, calls: 3, answers: 0 }],
  ])('%s is likelier', (_name, likelier, other) => {
    expect(scorePeer(likelier, DAY_MS)).toBeGreaterThan(scorePeer(other, DAY_MS))
  })

  it('stays between 0 and 1 when the clock was set back', () => {
    expect(scorePeer({ ...peer, heardWallMs: 10 * DAY_MS }, 0)).toBeLessThanOrEqual(1)
  })
})
