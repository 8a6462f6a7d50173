// Millions of packets at the transport's doors, with an eye on memory while they come. Packets of a hostile peer are the
// fewest: nearly each costs a handshake.

import assert from 'node:assert/strict'
import {
  type Dropped,
  EXPECTED_REASONS,
  type Watch,
  fuzzDecoders,
  fuzzHandshake,
  fuzzPeer,
  fuzzSession,
} from '../overlay/transport/packet-fuzz.ts'
import { MemoryCurve } from './memory-curve.ts'

const SHARES = { decoders: 0.49, handshake: 0.24, session: 0.25, peer: 0.02 }
const SAMPLES = 25
/** Chosen: tables that strangers can reach fill up to their limits first; kept for each packet it would be 4 bytes. */
const ALLOWED_BYTES = 4e6
const SEED = 7_001

type Door = (seed: number, count: number, watch: Watch) => Promise<Dropped> | Dropped

const DOORS: Record<keyof typeof SHARES, Door> = {
  decoders: fuzzDecoders,
  handshake: fuzzHandshake,
  session: fuzzSession,
  peer: fuzzPeer,
}

export async function soakFuzz(packets: number): Promise<void> {
  const all = new Set<string>()
  for (const door of Object.keys(SHARES) as (keyof typeof SHARES)[]) {
    const count = Math.round(packets * SHARES[door])
    const memory = new MemoryCurve(ALLOWED_BYTES)
    const every = Math.max(1, Math.floor(count / SAMPLES))
    const watch: Watch = (packet) => void (packet % every === 0 && memory.take(packet))
    const dropped = await DOORS[door](SEED, count, watch)
    for (const reason of Object.keys(dropped)) all.add(reason)
    console.log(`${door}: ${count} packets, ${memory.assertFlat()}; dropped ${JSON.stringify(dropped)}`)
  }
  const missing = EXPECTED_REASONS.filter((reason) => !all.has(reason))
  assert.deepEqual(missing, [], 'reasons without a counter')
}
