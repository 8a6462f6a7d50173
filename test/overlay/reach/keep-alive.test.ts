// The measured keep-alive: with loss, in a network that is known already, and after a loss in spite of it.

import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { CAUTIOUS_KEEP_ALIVE_MS } from '../../../main/overlay/reach/keep-alive.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'
import { HOME_NATS } from '../../../simulator/packets/nat-kinds.ts'
import { INSIDE, type ReachHost, ReachStage } from '../../../simulator/packets/reach-stage.ts'

const MINUTE_MS = 60_000
const KEY = utf8('overlay/keep-alive')

interface Home {
  stage: ReachStage
  subject: ReachHost
  box: ReturnType<ReachStage['box']>
  /** Datagrams 7 to 9 on the Internet. */
  strays: () => number
}

async function homeWith(
  seed: number,
  timeoutSeconds: number,
  lossRate = 0,
  store = new MemoryStore(),
): Promise<Home> {
  const stage = new ReachStage(seed, { lossRate })
  const { behaviour } = HOME_NATS[0]!
  const box = stage.box({ ...behaviour, portAssignment: 'random', bindingTimeoutMs: 1000 * timeoutSeconds })
  const subject = stage.host(INSIDE, box, { store })
  for (const peer of stage.publicHosts(18, 3)) await stage.connect(subject, peer)
  await stage.run(1_000)
  await subject.reachability!.start()
  let strays = 0
  stage.net.tap(([kind]) => void (kind! >= 7 && kind! <= 9 && strays++))
  return { stage, subject, box, strays: () => strays }
}

const measuredIn = ({ subject }: Home): number | undefined => subject.reachability!.status.keepAliveMs

describe('the keep-alive of a network', () => {
  it.each([1, 2, 3])('is found with 5 %% loss (seed %i)', async (seed) => {
    const home = await homeWith(seed, 40, 0.05)
    await home.stage.run(15 * MINUTE_MS)
    expect(measuredIn(home)).toBeLessThan(40_000)
    expect(measuredIn(home)).toBeGreaterThan(30_000)
  })

  it('is remembered: the next start asks for no gap', async () => {
    const store = new MemoryStore()
    const first = await homeWith(4, 60, 0, store)
    await first.stage.run(15 * MINUTE_MS)
    const second = await homeWith(4, 60, 0, store)
    await second.stage.run(10_000)
    expect(measuredIn(second)).toBe(measuredIn(first))
    const asked = second.strays()
    await second.stage.run(15 * MINUTE_MS)
    // With three peers that know each other not, only the search for strangers is tried again.
    expect(second.strays() - asked).toBeLessThan(60)
    expect(first.strays()).toBeGreaterThan(second.strays())
  })

  it('is another in another network', async () => {
    const store = new MemoryStore()
    const home = await homeWith(5, 60, 0, store)
    await home.stage.run(15 * MINUTE_MS)
    const elsewhere = new ReachStage(6)
    for (let i = 0; i < 3; i++) elsewhere.box(HOME_NATS[0]!.behaviour) // another outside host than before
    const box = elsewhere.box(HOME_NATS[0]!.behaviour)
    const subject = elsewhere.host(INSIDE, box, { store })
    for (const peer of elsewhere.publicHosts(18, 3)) await elsewhere.connect(subject, peer)
    await subject.reachability!.start()
    await elsewhere.run(10_000)
    expect(subject.reachability!.status.keepAliveMs).toBeUndefined()
  })

  it('is measured anew when a binding was lost in spite of it', async () => {
    const home = await homeWith(7, 60)
    await home.stage.run(15 * MINUTE_MS)
    expect(measuredIn(home)).toBe(49_500)
    home.box.restart()
    await home.stage.run(2 * MINUTE_MS)
    expect(measuredIn(home)).toBeUndefined()
    await home.stage.run(15 * MINUTE_MS)
    expect(measuredIn(home)).toBe(49_500)
  })

  it('is not made longer by a peer that keeps the measured binding alive', async () => {
    const stage = new ReachStage(10)
    const { behaviour } = HOME_NATS[0]!
    const box = stage.box({ ...behaviour, bindingTimeoutMs: 30_000 })
    const subject = stage.host(INSIDE, box)
    const peers = stage.publicHosts(18, 2)
    for (const peer of peers) await stage.connect(subject, peer)
    const liar = peers[0]!
    /** Where spare sockets have asked the liar from. */
    const asked = new Map<number, Address>()
    stage.net.tap(([kind], from, to) => {
      if (kind === 7 && to.host === liar.socket.local.host && from.port !== 4_000)
        asked.set(from.port, { ...from })
    })
    await stage.run(1_000)
    await subject.reachability!.start()
    for (let second = 0; second < 1_800; second += 3) {
      for (const address of asked.values()) liar.socket.send(Uint8Array.of(0), address)
      await stage.run(3_000)
    }
    expect(asked.size).toBeGreaterThan(0)
    expect(subject.reachability!.status.keepAliveMs ?? 0).toBeLessThan(30_000)
    expect(subject.drops.snapshot()['keep-alive: a gap was not silent']).toBeGreaterThan(0)
  })

  it('is not measured with one peer alone', async () => {
    const home = await homeWith(11, 60)
    for (const peer of [...home.subject.endpoint.all()].slice(1)) peer.close('gone')
    await home.stage.run(15 * MINUTE_MS)
    expect(measuredIn(home)).toBeUndefined()
  })

  it('is not measured where nothing is translated', async () => {
    const stage = new ReachStage(8)
    const subject = stage.host('198.18.99.7')
    for (const peer of stage.publicHosts(18, 3)) await stage.connect(subject, peer)
    await subject.reachability!.start()
    await stage.run(15 * MINUTE_MS)
    expect(subject.reachability!.status.keepAliveMs).toBeUndefined()
  })

  it('is begun with caution, whatever stands in the store', async () => {
    for (const bytes of [[], [1], [255, 1, 2, 3], [1, ...new Uint8Array(28), 9]]) {
      const store = new MemoryStore()
      await store.write([{ type: 'put', key: KEY, value: Uint8Array.from(bytes) }])
      const { subject } = await homeWith(9, 60, 0, store)
      expect(subject.drops.snapshot()).toEqual({ 'network memory: malformed': 1 })
      expect(subject.reachability!.status.keepAliveMs).toBeUndefined()
    }
    expect(CAUTIOUS_KEEP_ALIVE_MS).toBeLessThan(20_000)
  })
})
