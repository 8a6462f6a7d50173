// Two contacts talk through a volunteer because one's router gives every peer another port and the other's lets in nobody that it
// was not sent to: they look for a pair of ports that fits, and move to it.

import { describe, expect, it } from 'vitest'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { PACKET_KNOCK } from '../../../main/overlay/wire/packet-reach.ts'
import { encodePortSearch } from '../../../main/overlay/wire/port-search.ts'
import { type Inhabitant, type Kind, NatStage, pathBetween } from './nat-stage.ts'

const VICTIM = '198.19.200.1'
const NONCE = '0123456789abcdef'
const HELP = { helpOthers: true, bytesPerSecond: 1e6, bytesPerMonth: 1e12, circuits: 100 }
const HEADER_BYTES = 28
const SEEDS = Number(process.env['PORT_SEARCH_SEEDS'] ?? 6)

interface Pair {
  stage: NatStage
  alice: Inhabitant
  bob: Inhabitant
}

async function relayedPair(seed: number, kinds: [Kind, Kind]): Promise<Pair> {
  const stage = new NatStage(seed)
  for (let i = 0; i < 3; i++) (await stage.join('public')).node.relays!.setHelp(HELP)
  const [alice, bob] = [await stage.join(kinds[0]), await stage.join(kinds[1])]
  await stage.run(30_000)
  alice.node.keepInTouch(bob.node.self.id)
  bob.node.keepInTouch(alice.node.self.id)
  expect(await stage.until(() => pathBetween(alice, bob) === 'relayed', 8_000)).toBeDefined()
  return { stage, alice, bob }
}

function countKnocks(stage: NatStage, host: string): { packets: number; bytes: number } {
  const count = { packets: 0, bytes: 0 }
  stage.net.tap((datagram: Uint8Array, _from: Address, to: Address) => {
    if (to.host !== host || datagram[0] !== PACKET_KNOCK) return
    count.packets++
    count.bytes += datagram.length + HEADER_BYTES
  })
  return count
}

describe('a router that gives ports by chance, and one that filters by port', () => {
  it('are joined directly nearly always, and a message is said over the path that was found', async () => {
    const found: number[] = []
    let packets = 0
    for (let seed = 0; seed < SEEDS; seed++) {
      // Either side may have called.
      const kinds: [Kind, Kind] = ['symmetric, random', 'port-restricted']
      if (seed % 2) kinds.reverse()
      const { stage, alice, bob } = await relayedPair(900 + seed, kinds)
      const knocks = [countKnocks(stage, alice.outside), countKnocks(stage, bob.outside)]
      const isDirect = (): boolean =>
        pathBetween(alice, bob) === 'direct' && pathBetween(bob, alice) === 'direct'
      const tookMs = await stage.until(isDirect, 20_000)
      packets += knocks[0]!.packets + knocks[1]!.packets
      if (tookMs === undefined) continue
      found.push(tookMs)
      const session = alice.endpoint.get(bob.node.self.id)
      await stage.run(130_000) // the path that was found is kept alive
      void alice.node.send(bob.node.self.id, new TextEncoder().encode('directly'))
      await stage.run(500)
      expect(bob.received).toContain('directly')
      expect(isDirect()).toBe(true)
      expect(alice.endpoint.get(bob.node.self.id)).toBe(session)
    }
    const middle = found.sort((a, b) => a - b)[found.length >> 1]
    console.log(
      `${found.length} of ${SEEDS} direct, after ${middle} ms in the median, ${found.at(-1)} at most, ${packets / SEEDS} packets`,
    )
    expect(found.length).toBeGreaterThanOrEqual(Math.floor(0.8 * SEEDS))
  })
})

describe('a busy router that gives one port after another, and one that filters by port', () => {
  it('are joined by some sockets more, where no forecast can be right', async () => {
    const stage = new NatStage(931, { delayMs: 80, jitterMs: 2 })
    for (let i = 0; i < 3; i++) (await stage.join('public')).node.relays!.setHelp(HELP)
    const alice = await stage.join('symmetric, sequential')
    const bob = await stage.join('port-restricted', alice)
    await stage.run(30_000)
    bob.box!.restart() // what the overlay's upkeep tried in vain has let nobody in
    // Somebody else's computer behind Alice's router: 150 new mappings a second.
    let port = 10_000
    const makeNoise = (): void => {
      const from = { host: '192.168.1.77', port: 10_000 + (port++ % 40_000) }
      for (let i = 0; i < 3; i++)
        alice.box!.send(
          new Uint8Array(9),
          { ...from, host: `192.168.1.${70 + i}` },
          { host: '198.19.9.9', port: 53 },
        )
    }
    const noise = (): void => {
      makeNoise()
      stage.queue.at(stage.queue.nowMs + 20, noise)
    }
    noise()
    await stage.run(5_000)
    alice.node.keepInTouch(bob.node.self.id)
    bob.node.keepInTouch(alice.node.self.id)
    await stage.until(() => pathBetween(alice, bob) !== 'none', 8_000)
    expect(pathBetween(alice, bob)).toBe('relayed')
    stage.mend(alice, bob)
    const tookMs = await stage.until(() => pathBetween(alice, bob) === 'direct', 12_000)
    console.log(`a busy sequential router: direct after ${tookMs} ms`)
    expect(tookMs).toBeDefined()
  })
})

describe('a search that names a victim', () => {
  /** As large as one that pays for a thousand knocks. */
  const request = (bytes = 12_700): Uint8Array =>
    encodePortSearch({ isAnswer: false, nonce: NONCE, address: { host: VICTIM, port: 0 }, step: 0 }, bytes)

  it('by a contact has three times its bytes sent there at most, once or twice, and is counted', async () => {
    const { stage, alice: mallory, bob } = await relayedPair(941, ['symmetric, random', 'port-restricted'])
    const knocks = countKnocks(stage, VICTIM)
    const link = mallory.endpoint.get(bob.node.self.id)!
    link.send(request(500))
    await stage.run(15_000)
    expect(knocks.packets).toBeGreaterThan(0)
    expect(knocks.bytes).toBeLessThanOrEqual(3 * 500)
    for (let i = 0; i < 10; i++) {
      link.send(request())
      await stage.run(13_000)
    }
    console.log(`${knocks.bytes} bytes at the victim of ${11} searches`)
    expect(knocks.bytes).toBeLessThanOrEqual(3 * 500 + 3 * 12_700)
    expect(bob.node.status().dropped['port search: too often']).toBeGreaterThanOrEqual(1)
  })

  it('by somebody who is no contact, or with an answer to no question, sends nothing', async () => {
    const { stage, alice: mallory, bob } = await relayedPair(942, ['symmetric, random', 'port-restricted'])
    const knocks = countKnocks(stage, VICTIM)
    bob.node.forget(mallory.node.self.id)
    const link = mallory.endpoint.get(bob.node.self.id)!
    link.send(request())
    link.send(
      encodePortSearch({ isAnswer: true, nonce: NONCE, address: { host: VICTIM, port: 53 }, step: 0 }, 6_500),
    )
    await stage.run(3_000)
    expect(knocks.packets).toBe(0)
    expect(bob.node.status().dropped).toMatchObject({
      'port search: by a stranger': 1,
      'port search: answer to no question': 1,
    })
  })
})
