import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { Internet, type InternetOptions } from '../../../simulator/world/internet.ts'
import { WorldLinks } from '../../../simulator/world/world-links.ts'
import { addressOf, WorldNetwork } from '../../../simulator/world/world-network.ts'

const SEED = 5
const overlay = networkOf(hostCrypto, 'simulated', 0)

/** Two hosts with a session, and what the second hears and when. */
async function pair(changes: Partial<InternetOptions> = {}) {
  const terrain = new Internet({ seed: SEED, nat: 0, punch: 1, loss: 0, bootstraps: 1, ...changes })
  const queue = new EventQueue()
  const random = new SeededRandom(SEED)
  const network = new WorldNetwork({ queue, random, terrain, jitter: 0.2 })
  const [a, b] = [0, 1].map((host) => {
    const identity = new Identity(hostCrypto, overlay, { node: random.bytes(32), noise: random.bytes(32) })
    return new WorldLinks(network, host, identity.selfRecord([addressOf(host)]))
  }) as [WorldLinks, WorldLinks]
  const heard: { text: string; atMs: number }[] = []
  const downs: { reason: string; atMs: number }[] = []
  a.on({
    up: () => undefined,
    down: (_link, reason) => downs.push({ reason, atMs: queue.nowMs }),
    message: () => undefined,
  })
  b.on({
    up: () => undefined,
    down: () => undefined,
    message: (_link, message) => heard.push({ text: String(message[1]), atMs: queue.nowMs }),
  })
  const dialled = a.dial(b.self).catch(() => undefined)
  await queue.runUntil(6000)
  return { queue, network, terrain, a, b, heard, downs, link: (await dialled) as Link | undefined }
}

describe('a modelled session', () => {
  it('delivers in order through jitter and loss, and says so to the sender', async () => {
    const { queue, link, heard, network } = await pair({ loss: 0.2 })
    const acked: boolean[] = []
    for (let i = 0; i < 2000; i++) {
      queue.at(7000 + i, () =>
        link!.send(Uint8Array.of(5, i & 255), (isDelivered) => acked.push(isDelivered)),
      )
    }
    await queue.runUntil(20_000)
    expect(heard.map(({ text }) => text)).toEqual(Array.from({ length: 2000 }, (_, i) => String(i & 255)))
    expect(acked).toEqual(Array(2000).fill(true))
    const resent = network.traffic.byType().find(({ type }) => type === 'retransmission')!
    expect(resent.packets / 4000).toBeCloseTo(0.25, 1)
  })

  it('tells what its ends have heard by now, whoever looked before, and of a dead one nothing more', async () => {
    const { queue, link, b } = await pair()
    const heard = (): number => link!.traffic!.receivedPackets
    const atFirst = heard()
    link!.send(Uint8Array.of(5, 1))
    await queue.runUntil(queue.nowMs + 1000)
    expect(heard() - atFirst).toBe(1)
    await queue.runUntil(queue.nowMs + 61_000)
    expect(heard() - atFirst).toBe(2)
    b.crash()
    await queue.runUntil(queue.nowMs + 59_000) // the next sign of life is due, and not given up yet
    expect(link!.isOpen).toBe(true)
    expect(heard() - atFirst).toBe(2)
  })

  it('sends what was lost again in full', async () => {
    const { queue, link, network } = await pair({ loss: 0.2 })
    for (let i = 0; i < 200; i++) queue.at(7000 + 10 * i, () => link!.send(new Uint8Array(1000).fill(5)))
    await queue.runUntil(20_000)
    const resent = network.traffic.byType().find(({ type }) => type === 'retransmission')!
    expect(resent.bytes / resent.packets).toBe(1036)
  })

  it('costs the call that must go before it where the called is behind NAT', async () => {
    const costOf = async (nat: number): Promise<number> => {
      const { network } = await pair({ nat, bootstraps: 0 })
      return network.traffic.byType().find(({ type }) => type === 'handshake')!.bytes
    }
    expect(await costOf(0)).toBe(1200 + 330)
    expect(await costOf(1)).toBe(1200 + 330 + 3127)
  })

  it('takes a hundred ways longer with loss than without, in the tail only', async () => {
    for (const [loss, most] of [
      [0, 120],
      [0.1, 900],
    ] as const) {
      const { queue, link, heard, terrain } = await pair({ loss })
      for (let i = 0; i < 100; i++) queue.at(7000 + 1000 * i, () => link!.send(Uint8Array.of(5, i)))
      await queue.runUntil(120_000)
      const delays = heard.map(({ atMs }, i) => atMs - 7000 - 1000 * i).sort((x, y) => x - y)
      expect(delays[50]).toBeCloseTo(terrain.delayMs(0, 1), -1.5)
      expect(delays[99]).toBeLessThan(most)
    }
  })

  it('falls silent 3 s after something was sent to a machine that lost power, and by keep-alive otherwise', async () => {
    const busy = await pair()
    busy.b.crash()
    const outcomes: boolean[] = []
    busy.link!.send(Uint8Array.of(5, 1), (isDelivered) => outcomes.push(isDelivered))
    await busy.queue.runUntil(10_000)
    expect(busy.downs).toEqual([{ reason: 'silent', atMs: expect.closeTo(9000, -2) as number }])
    expect(outcomes).toEqual([false])
    const idle = await pair()
    idle.b.crash()
    await idle.queue.runUntil(120_000)
    expect(idle.downs).toHaveLength(1)
    expect(idle.downs[0]!.atMs).toBeGreaterThan(60_000)
    expect(idle.downs[0]!.atMs).toBeLessThan(70_000)
  })

  it('survives a cut shorter than its patience with nothing lost, and not a longer one', async () => {
    const short = await pair()
    short.network.cut(() => true)
    short.link!.send(Uint8Array.of(5, 1))
    await short.queue.runUntil(7500)
    short.network.heal()
    await short.queue.runUntil(12_000)
    expect(short.heard.map(({ text }) => text)).toEqual(['1'])
    expect(short.downs).toEqual([])
    const long = await pair()
    long.network.cut(() => true)
    await long.queue.runUntil(120_000)
    expect(long.downs.map(({ reason }) => reason)).toEqual(['silent'])
  })

  it('costs an idle pair one ping and one acknowledgement each 25 s behind NAT', async () => {
    const { queue, network } = await pair({ nat: 1 })
    network.settleCounters()
    await queue.runUntil(6000 + 250_000)
    network.settleCounters()
    const pings = network.traffic.byType().find(({ type }) => type === 'keepAlive')!
    expect(pings.packets).toBe(20)
  })

  it('does not come about where neither translator lets the other in', async () => {
    const { link, network } = await pair({ nat: 1, punch: 0, bootstraps: 0 })
    expect(link).toBeUndefined()
    expect(network.failedDials).toBe(1)
  })

  it('tells its traffic until it is over, and leaves its row to the next', async () => {
    const { queue, network, a, b, link } = await pair()
    const sent: number[] = []
    const onDown = (ended: Link): unknown => sent.push(ended.traffic.sentBytes, ended.traffic.receivedBytes)
    a.on({ up: () => undefined, down: onDown, message: () => undefined })
    b.on({ up: () => undefined, down: onDown, message: () => undefined })
    link!.send(new Uint8Array(100))
    await queue.runUntil(7000)
    link!.close('done')
    await queue.runUntil(8000)
    // The caller's message and its goodbye, then the other's acknowledgement of a message of 100 bytes.
    expect(sent).toEqual([100 + 36 + 30, 0, 35, 100 + 36])
    expect([network.sessions.size, link!.traffic.sentBytes]).toEqual([0, 0])
    void a.dial(b.self)
    await queue.runUntil(9000)
    expect([network.sessions.size, a.get(b.self.id)!.traffic.sentBytes]).toEqual([1, 0])
    expect(link!.isOpen).toBe(false)
  })
})
