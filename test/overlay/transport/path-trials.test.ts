// Two peers behind NATs that filter by port talk through a forwarder, and find the way between them while they talk.

import { describe, expect, it } from 'vitest'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { type Address, formatAddress } from '../../../main/overlay/ports/datagram-socket.ts'
import { MAX_TRIALS, PathTrials } from '../../../main/overlay/transport/path-trials.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { NatBox } from '../../../simulator/net/nat-box.ts'
import { LINUX_HOME } from '../../../simulator/packets/nat-kinds.ts'
import { inOrder, transfer } from './watched-transfer.ts'
import { type Peer, World, targetOf, text, utf8 } from './world.ts'

const ALICE = '198.18.0.1'
const BOB = '198.18.0.2'
const FORWARDER = '198.18.0.3'
/** What Alice sends to the first goes to Bob from the second, and the other way round. */
const DOORS: [Address, Address] = [
  { host: FORWARDER, port: 1 },
  { host: FORWARDER, port: 2 },
]

interface Stage {
  world: World
  alice: Peer
  bob: Peer
  there: Session
  back: Session
  /** Which hosts datagrams came from, on the open network, since `clear`. */
  senders: Map<string, number>
  /** Drops everything between the two outside addresses from now on. */
  block(): void
}

async function talkingThroughForwarder(seed: number, behaviour = LINUX_HOME): Promise<Stage> {
  const world = new World(seed, { delayMs: 20, jitterMs: 1 })
  const box = (outsideHost: string) =>
    new NatBox({
      queue: world.queue,
      random: new SeededRandom(seed),
      uplink: world.net,
      outsideHost,
      behaviour,
      drops: world.net.drops,
    })
  const alice = world.peer('192.168.1.2', { uplink: box(ALICE) })
  const bob = world.peer('192.168.1.2', { uplink: box(BOB) })
  const known: (Address | undefined)[] = [undefined, undefined]
  for (const [i, door] of DOORS.entries())
    world.net.attach(door, {
      arrive(datagram: Bytes, from: Address) {
        known[i] = { ...from }
        const to = known[1 - i]
        if (to) world.net.send(datagram.slice(), DOORS[1 - i]!, to)
      },
    })
  bob.socket.send(new Uint8Array([0]), DOORS[1]) // the forwarder learns where he is
  await world.run(100)
  const link = await world.until(alice.endpoint.dial({ ...targetOf(bob), addresses: [DOORS[0]] }))
  await world.run(500)
  const senders = new Map<string, number>()
  world.net.tap((_, from) => void senders.set(from.host, (senders.get(from.host) ?? 0) + 1))
  return {
    world,
    alice,
    bob,
    there: link as Session,
    back: bob.endpoint.get(alice.identity.id)!,
    senders,
    block() {
      world.net.block(ALICE, BOB)
      world.net.block(BOB, ALICE)
    },
  }
}

const ALICE_OUTSIDE = { host: ALICE, port: 4_000 }
const BOB_OUTSIDE = { host: BOB, port: 4_000 }

function punch({ there, back }: Stage): void {
  there.tryPaths([BOB_OUTSIDE])
  back.tryPaths([ALICE_OUTSIDE])
}

describe('a session through a third host', () => {
  it('moves to the direct path both ends have opened, and loses nothing of a transfer on the way', async () => {
    const stage = await talkingThroughForwarder(801)
    const { world, alice, bob, there, back, senders } = stage
    const state = transfer(world, there, bob, { bytes: 20_000, atOnce: 40, messages: 600 })
    await world.run(500)
    state.stallMs = 0
    punch(stage)
    await world.run(500)
    expect([there.address, back.address].map(formatAddress)).toEqual([`${BOB}:4000`, `${ALICE}:4000`])
    await world.run(2_000) // until all challenges are sent
    senders.clear()
    await world.run(30_000)
    expect(state.arrived).toEqual(inOrder(600))
    expect(senders.get(FORWARDER)).toBeUndefined()
    expect([alice.story, bob.story]).toEqual([['up'], ['up']])
    console.log(`moving to a direct path in a transfer: ${state.stallMs.toFixed(0)} ms of pause`)
    expect(state.stallMs).toBeLessThan(300)
  })

  it('stays where it is where only one end tries, or the NATs map by destination', async () => {
    const one = await talkingThroughForwarder(802)
    one.there.tryPaths([BOB_OUTSIDE])
    const hard = await talkingThroughForwarder(803, {
      ...LINUX_HOME,
      mapping: 'address-and-port-dependent',
      portAssignment: 'random',
    })
    punch(hard)
    for (const { world, there, back, bob } of [one, hard]) {
      await world.run(5_000)
      expect([there.address, back.address]).toEqual(DOORS)
      there.send(utf8('still here'))
      await world.run(500)
      expect(bob.received.map(text)).toEqual(['still here'])
    }
  })

  it.each([true, false])('goes back when the direct path dies (Alice speaks: %s)', async (aliceSpeaks) => {
    const stage = await talkingThroughForwarder(804)
    punch(stage)
    await stage.world.run(1_000)
    expect(stage.there.address).toEqual(BOB_OUTSIDE)
    stage.block()
    const [from, to] = aliceSpeaks ? [stage.there, stage.bob] : [stage.back, stage.alice]
    from.send(utf8('after the firewall'))
    await stage.world.run(1_500)
    expect(to.received.map(text)).toEqual(['after the firewall'])
    expect([stage.alice.story, stage.bob.story]).toEqual([['up'], ['up']])
    expect([stage.there.address, stage.back.address]).toEqual(DOORS)
  })
})

it('sends a bounded number of small challenges to what a peer names', async () => {
  const trials = new PathTrials(new SeededRandom(1))
  for (let port = 1; port <= 100; port++) trials.add({ host: '198.18.9.9', port }, 0)
  let sent = 0
  for (let nowMs = 0; nowMs < 10_000; nowMs += 10) while (trials.take(nowMs)) sent++
  expect(sent).toBe(6 * MAX_TRIALS)
  expect(trials.dueMs).toBe(Infinity)
  expect(trials.isOver(10_000)).toBe(true)
})
