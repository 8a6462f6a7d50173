// Which volunteers are asked, and when again: the keeper alone, with volunteers that say what the test tells them to.

import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type NodeId, idFromBytes } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { RefusedByRelay } from '../../../main/overlay/relay/refused-by-relay.ts'
import { RESERVATION_SECONDS } from '../../../main/overlay/relay/relay-limits.ts'
import { type KeeperParts, ReservationKeeper } from '../../../main/overlay/relay/reservation-keeper.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { testNetwork } from '../transport/world.ts'

const HOUR_MS = 3_600_000

class Scene {
  readonly queue = new EventQueue()
  readonly clock = new VirtualClock(this.queue)
  readonly asked: NodeId[] = []
  readonly refusing = new Set<NodeId>()
  readonly keeper: ReservationKeeper
  linked: { link: { peer: { id: NodeId }; isOpen: boolean; rttMs: number }; offer: { load: number } }[] = []
  searches = 0
  isNeeded = true

  constructor(volunteers: number) {
    const { clock } = this
    for (let i = 0; i < volunteers; i++) {
      const id = idFromBytes(hostCrypto.hash(Uint8Array.of(i)))
      this.linked.push({ link: { peer: { id }, isOpen: true, rttMs: 20 + i }, offer: { load: 0 } })
    }
    const find = async (): Promise<[]> => {
      this.searches++
      return []
    }
    const linked = (): unknown => this.linked
    const parts = {
      links: { get: (id: NodeId) => this.linked.find(({ link }) => link.peer.id === id)?.link },
      volunteers: {
        find,
        get linked() {
          return linked()
        },
      },
      reserve: async (relay: NodeId) => {
        this.asked.push(relay)
        if (this.refusing.has(relay)) throw new RefusedByRelay('circuits-full')
        return { relay, untilMs: clock.nowMs() + 1000 * RESERVATION_SECONDS }
      },
      isNeeded: () => this.isNeeded,
      onChange: () => undefined,
    } as unknown as KeeperParts
    const around = { clock, random: new SeededRandom(1), crypto: hostCrypto, log: { log: () => undefined } }
    const own = { network: testNetwork, drops: new DropCounts(), timers: new TimerGroup(clock) }
    this.keeper = new ReservationKeeper({ ...around, ...own }, parts)
    this.keeper.changed()
  }

  run(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }
}

describe('reservations', () => {
  it('are three, and each is renewed at three quarters of its hour', async () => {
    const scene = new Scene(5)
    await scene.run(60_000)
    expect([scene.keeper.records.length, scene.asked.length, scene.searches]).toEqual([3, 3, 0])
    await scene.run(3 * HOUR_MS)
    expect(scene.keeper.records).toHaveLength(3)
    expect(scene.asked).toHaveLength(3 * 5)
    expect(new Set(scene.asked).size).toBe(3)
  })

  it('are asked for at once where volunteers are known, and a while after the need where none is', async () => {
    const known = new Scene(5)
    await known.run(500)
    expect(known.keeper.records).toHaveLength(3)
    const unknown = new Scene(0)
    await unknown.run(900)
    expect(unknown.searches).toBe(0)
    await unknown.run(2100)
    expect(unknown.searches).toBe(1)
  })

  it('move on from who refuses, who is lost, and who does not renew', async () => {
    const scene = new Scene(5)
    const refusing = scene.linked[0]!.link.peer.id
    scene.refusing.add(refusing)
    await scene.run(60_000)
    const held = scene.keeper.records.map(({ id }) => id)
    expect(held).toHaveLength(3)
    expect(held).not.toContain(refusing)
    scene.linked = scene.linked.filter(({ link }) => link.peer.id !== held[0])
    scene.keeper.linkDown(held[0]!)
    scene.refusing.add(held[1]!)
    await scene.run(HOUR_MS)
    expect(scene.keeper.has(held[0]!) || scene.keeper.has(held[1]!)).toBe(false)
    expect(scene.keeper.records).toHaveLength(2) // of five two refuse and one is gone
  })

  it('are looked for ever more seldom where there is nobody, and not at all where nobody is needed', async () => {
    const scene = new Scene(0)
    await scene.run(HOUR_MS)
    const inFirst = scene.searches
    await scene.run(3 * HOUR_MS)
    expect(inFirst).toBeLessThan(16)
    expect(scene.searches - inFirst).toBeLessThan(16)
    scene.isNeeded = false
    scene.keeper.changed()
    const before = scene.searches
    await scene.run(3 * HOUR_MS)
    expect(scene.searches).toBe(before)
  })
})
