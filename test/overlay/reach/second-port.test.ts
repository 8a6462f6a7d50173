// A computer that listens on a second port: whoever comes in by it is answered by it, and all others by the first.

import { expect, it } from 'vitest'
import { ReachSocket } from '../../../main/overlay/reach/reach-socket.ts'
import { type DatagramSocket } from '../../../main/overlay/ports/datagram-socket.ts'
import { WellKnownPort } from '../../../main/well-known-port.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { PacketNetwork } from '../../../simulator/net/packet-network.ts'
import { SimulatedSocket } from '../../../simulator/net/simulated-socket.ts'

const HOST = '198.18.1.1'

function stage() {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const net = new PacketNetwork(queue, new SeededRandom(1), { delayMs: 5 })
  const open = (port: number, host = HOST) => SimulatedSocket.open({ host, port }, net)
  return { queue, clock, open }
}

it('who came in by the second port hears from there, until it comes in by the first', async () => {
  const { queue, clock, open } = stage()
  const socket = new ReachSocket(open(4_000), clock)
  socket.listenAlso(open(443))
  socket.onDatagram((_, from) => socket.send(Uint8Array.of(5, 2), from))
  const guest = open(9_999, '198.18.2.2')
  const answers: number[] = []
  guest.onDatagram((_, { port }) => void answers.push(port))
  for (const port of [4_000, 443, 4_000]) {
    guest.send(Uint8Array.of(5, 1), { host: HOST, port })
    await queue.runUntil(queue.nowMs + 100)
  }
  expect(answers).toEqual([4_000, 443, 4_000])
})

it.each([
  { free: [443, 53], opened: 443 },
  { free: [53], opened: 53 },
  { free: [], opened: 0 },
])('the first port that can be had is taken, once this node helps: $opened', async ({ free, opened }) => {
  const { queue, clock, open } = stage()
  let isHelping = false
  const found: DatagramSocket[] = []
  const wellKnown = new WellKnownPort({
    clock,
    log: { log: () => undefined },
    isWanted: () => isHelping,
    bind: async (port) => {
      if (!free.includes(port)) throw new Error('EACCES')
      return open(port)
    },
    onOpen: (socket) => void found.push(socket),
  })
  wellKnown.start()
  await queue.runUntil(60_000)
  expect(wellKnown.port).toBeUndefined()
  isHelping = true
  await queue.runUntil(80_000)
  expect([wellKnown.port, found.map(({ local }) => local.port)]).toEqual([opened, opened ? [opened] : []])
  wellKnown.stop()
})
