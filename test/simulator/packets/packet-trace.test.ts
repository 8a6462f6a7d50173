import { expect, it } from 'vitest'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { PacketNetwork } from '../../../simulator/net/packet-network.ts'
import { PacketTrace } from '../../../simulator/packets/packet-trace.ts'

const USUAL = { port: 1, atMs: 5, bytes: [1, 2, 3] }

async function traceOf({ port, atMs, bytes }: typeof USUAL): Promise<string> {
  const queue = new EventQueue()
  const network = new PacketNetwork(queue, new SeededRandom(1))
  const trace = new PacketTrace(network, () => queue.nowMs)
  const socket = network.open('10.0.0.1', port)
  queue.at(atMs, () => socket.send(Uint8Array.from(bytes), { host: '10.0.0.2', port: 2 }))
  await queue.runUntil(10)
  return trace.words
}

it.each([{ port: 3 }, { atMs: 5.001 }, { bytes: [1, 2, 4] }, { bytes: [1, 2] }])(
  'the trace tells %o from the usual',
  async (change) => {
    expect(await traceOf(USUAL)).toBe(await traceOf(USUAL))
    expect(await traceOf({ ...USUAL, ...change })).not.toBe(await traceOf(USUAL))
  },
)
