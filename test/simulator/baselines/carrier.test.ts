// A baseline must pay what the overlay pays: its carrier against the overlay's own modelled sessions.

import { expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { Carrier } from '../../../simulator/baselines/carrier.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { Internet } from '../../../simulator/world/internet.ts'
import { trafficSince } from '../../../simulator/world/traffic-log.ts'
import { WorldLinks } from '../../../simulator/world/world-links.ts'
import { addressOf, WorldNetwork } from '../../../simulator/world/world-network.ts'
import { groundOf } from './small-network.ts'

const MESSAGES = 3000
const BYTES = 1500

interface Bill {
  meanMs: number
  packets: number
  bytes: number
}

const parts = () => ({
  queue: new EventQueue(),
  random: new SeededRandom(3),
  terrain: new Internet({ seed: 3, nat: 0, punch: 0, loss: 0.1, bootstraps: 1 }),
  jitter: 0.1,
})

/** One message a second, far enough apart that none carries another's acknowledgement. */
async function bill(
  queue: EventQueue,
  network: WorldNetwork,
  send: (arrived: () => void) => void,
): Promise<Bill> {
  const before = network.traffic.byType()
  let waitedMs = 0
  const fromMs = queue.nowMs + 1
  for (let i = 0; i < MESSAGES; i++)
    queue.at(fromMs + 1000 * i, () => {
      const sentMs = queue.nowMs
      send(() => (waitedMs += queue.nowMs - sentMs))
    })
  await queue.runUntil(fromMs + 1000 * (MESSAGES + 5))
  network.settleCounters()
  const spent = trafficSince(before, network.traffic.byType()).filter(({ type }) => type !== 'keepAlive')
  const total = (figure: 'packets' | 'bytes'): number => spent.reduce((sum, each) => sum + each[figure], 0)
  return {
    meanMs: waitedMs / MESSAGES,
    packets: total('packets') / MESSAGES,
    bytes: total('bytes') / MESSAGES,
  }
}

async function billOfSession(): Promise<Bill> {
  const { queue, random, terrain, jitter } = parts()
  const network = new WorldNetwork({ queue, random, terrain, jitter })
  const overlay = networkOf(hostCrypto, 'simulated', 0)
  const [near, far] = [0, 1].map((host) => {
    const identity = new Identity(hostCrypto, overlay, { node: random.bytes(32), noise: random.bytes(32) })
    return new WorldLinks(network, host, identity.selfRecord([addressOf(host)]))
  }) as [WorldLinks, WorldLinks]
  const waiting: (() => void)[] = []
  const idle = { up: () => undefined, down: () => undefined }
  near.on({ ...idle, message: () => undefined })
  far.on({ ...idle, message: () => waiting.shift()!() })
  near.install(far)
  const link = near.get(far.self.id)!
  return bill(queue, network, (arrived) => {
    waiting.push(arrived)
    link.send(new Uint8Array(BYTES))
  })
}

it('asks the same time, packets and bytes for a message as the modelled sessions do', async () => {
  const carrier = new Carrier({ ...parts(), nodes: 2, isRadio: false })
  const own = await bill(carrier.network.queue, carrier.network, (arrived) =>
    carrier.overSession(0, 1, 210, BYTES, arrived),
  )
  const real = await billOfSession()
  expect(own.meanMs / real.meanMs).toBeCloseTo(1, 1)
  expect(own.packets / real.packets).toBeCloseTo(1, 1)
  expect(own.bytes / real.bytes).toBeCloseTo(1, 2)
})

it('loses datagrams for good, at the rate of the way, and brings nothing to the dead', async () => {
  const { carrier } = groundOf({ nodes: 3, loss: 0.2 }, 1)
  let arrived = 0
  for (let i = 0; i < 4000; i++) carrier.datagram(0, 1, 210, 100, () => arrived++)
  carrier.kill([2])
  carrier.overSession(0, 2, 210, 100, () => (arrived = NaN))
  await carrier.run(10_000)
  expect(arrived / 4000).toBeCloseTo(0.8, 1)
})
