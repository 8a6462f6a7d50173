// What a relay's helpers may not be made to do, whoever asks.

import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type NodeId, idFromBytes } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { type Address, isCircuit } from '../../../main/overlay/ports/datagram-socket.ts'
import { DEFAULT_HELP } from '../../../main/overlay/ports/relays.ts'
import { CarriedSocket } from '../../../main/overlay/relay/carried-socket.ts'
import { RANGE_SHARE, RESERVATIONS_PER_RANGE } from '../../../main/overlay/relay/relay-limits.ts'
import { Relays } from '../../../main/overlay/relay/relays.ts'
import { type Link, type Links } from '../../../main/overlay/transport/links.ts'
import { circuitIdOf, writeCarriedHeader } from '../../../main/overlay/wire/carried-packet.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { PACKET_CARRIED } from '../../../main/overlay/wire/carried-packet.ts'
import {
  decodeCalled,
  encodeAnswered,
  encodeClosed,
  encodeConnect,
  encodeReserve,
} from '../../../main/overlay/wire/relay-messages.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'
import { PacketNetwork } from '../../../simulator/net/packet-network.ts'
import { testNetwork } from '../transport/world.ts'
import { RelayStage } from './stage.ts'

/** A relay whose sessions are made up, so that there can be thousands. */
class Counter {
  readonly queue = new EventQueue()
  readonly clock = new VirtualClock(this.queue)
  readonly relays: Relays
  readonly drops = new DropCounts()
  readonly #links = new Map<NodeId, Link>()
  readonly #handlers: Map<number, (link: Link, body: Reader) => void>

  constructor() {
    const { clock, drops } = this
    const random = new SeededRandom(1)
    const socket = new PacketNetwork(this.queue, random).open('192.0.2.1')
    const log = { log: () => {} }
    const around = { clock, random, crypto: hostCrypto, log, network: testNetwork, drops }
    this.relays = new Relays(
      { ...around, timers: new TimerGroup(clock) },
      {
        links: {
          get: (id: NodeId) => this.#links.get(id),
          all: () => this.#links.values(),
        } as unknown as Links,
        store: new MemoryStore(),
        socket: new CarriedSocket(socket, clock),
        isReachable: () => true,
        onChange: () => {},
      },
    )
    this.relays.setHelp({ helpOthers: true, ...DEFAULT_HELP })
    this.#handlers = new Map(this.relays.handlers())
  }

  /** A session with somebody there, who is willing when called. */
  link(number: number, host: string): Link & { got: number[] } {
    const id = idFromBytes(hostCrypto.hash(Uint8Array.of(number >> 8, number & 255)))
    const link = {
      got: [] as number[],
      peer: { id },
      isOpen: true,
      provenAddress: { host, port: 4000 } as Address,
      send: (message: Bytes) => {
        link.got.push(message[0]!)
        if (message[0] !== MESSAGE.relayCalled) return
        this.tell(link, encodeAnswered(decodeCalled(new Reader(message, 1)).circuitId, true))
      },
    } as unknown as Link & { got: number[] }
    this.#links.set(id, link)
    return link
  }

  tell(link: Link, message: Bytes): void {
    this.#handlers.get(message[0]!)!(link, new Reader(message, 1))
  }
}

const OPENED = MESSAGE.relayOpened

describe('a relay that one address range asks for all it has', () => {
  it('gives it a quarter of the circuits, and the honest get theirs', () => {
    const counter = new Counter()
    const asked = Array.from({ length: 1_000 }, (_, i) => counter.link(i, `203.0.113.${i % 250}`))
    const targets = Array.from({ length: 1_000 }, (_, i) =>
      counter.link(1_000 + i, `10.${i >> 8}.${i & 255}.1`),
    )
    for (const target of targets) counter.tell(target, encodeReserve(1))
    asked.forEach((link, i) => counter.tell(link, encodeConnect(7, targets[i % 500]!.peer.id)))
    const opened = asked.filter(({ got }) => got.includes(OPENED)).length
    const share = DEFAULT_HELP.circuits * RANGE_SHARE
    expect(opened).toBe(share)
    expect(asked.every(({ got }) => got.length === 1)).toBe(true)
    const { refused, circuits } = counter.relays.status
    expect(circuits).toBe(share)
    // The range may ask 20 times at once; what it is refused after that costs nothing more.
    expect(refused).toEqual({ 'range-limit': 4, 'too-fast': 980, 'circuits-full': 488 })
    const honest = counter.link(2_000, '198.51.100.1')
    const friend = counter.link(2_001, '198.51.101.1')
    counter.tell(honest, encodeConnect(7, targets[3]!.peer.id))
    expect(honest.got).toEqual([OPENED])
    expect(friend.got).toEqual([])
  })

  it('keeps no more reservations for it than for an office, and each node a few circuits', async () => {
    const counter = new Counter()
    const asked = Array.from({ length: 200 }, (_, i) => counter.link(i, `2001:db8:7:${i.toString(16)}::1`))
    for (const link of asked) {
      counter.tell(link, encodeReserve(1))
      await counter.queue.runUntil(counter.clock.nowMs() + 600)
    }
    expect(counter.relays.status.reservations).toBe(RESERVATIONS_PER_RANGE)
    expect(counter.relays.status.refused).toEqual({ 'range-limit': 200 - RESERVATIONS_PER_RANGE })
    const greedy = counter.link(900, '198.51.100.1')
    for (const { peer } of asked.slice(0, RESERVATIONS_PER_RANGE))
      counter.tell(greedy, encodeConnect(1, peer.id))
    expect(greedy.got.filter((type) => type === OPENED)).toHaveLength(8)
    expect(counter.relays.status.refused['peer-limit']).toBe(12)
  })

  it('forgets what was reserved and not renewed, and what belonged to a session that has ended', async () => {
    const counter = new Counter()
    const [a, b] = [counter.link(1, '203.0.113.1'), counter.link(2, '198.51.100.2')]
    counter.tell(a, encodeReserve(1))
    counter.tell(b, encodeConnect(1, a.peer.id))
    expect(counter.relays.status).toMatchObject({ circuits: 1, reservations: 1 })
    counter.relays.linkDown(a.peer.id)
    expect(counter.relays.status).toMatchObject({ circuits: 0, reservations: 0 })
    expect(b.got).toEqual([OPENED, MESSAGE.relayClosed])
    counter.tell(b, encodeReserve(1))
    await counter.queue.runUntil(4_000_000)
    expect(counter.relays.status.reservations).toBe(0)
    expect(counter.relays.uses(b.peer.id)).toBe(false)
  })

  it('believes no answer and no close but from the end it belongs to', () => {
    const counter = new Counter()
    const a: Link = counter.link(1, '203.0.1.1')
    const b = counter.link(2, '203.0.2.1')
    const mallory = counter.link(3, '203.0.3.1')
    counter.tell(a, encodeReserve(1))
    let circuitId = 0
    a.send = (message) => (circuitId = decodeCalled(new Reader(message, 1)).circuitId)
    counter.tell(b, encodeConnect(1, a.peer.id))
    counter.tell(mallory, encodeAnswered(circuitId, true))
    counter.tell(mallory, encodeAnswered(circuitId + 1, true))
    counter.tell(mallory, encodeClosed(circuitId, 'done'))
    expect(counter.drops.snapshot()).toEqual({ 'relay answer to nothing': 2, 'relay close of nothing': 1 })
    counter.tell(a, encodeAnswered(circuitId, true))
    expect(b.got).toEqual([OPENED])
  })
})

describe('a relay among honest and others', () => {
  const RELAY = '192.0.2.1'

  async function stageOf(seed: number) {
    const stage = new RelayStage(seed, { jitterMs: 0 })
    const relay = stage.volunteer(RELAY, { bytesPerSecond: 400_000 })
    const [alice, bob] = [stage.athome('203.0.113.1'), stage.athome('198.51.100.1')]
    const link = await stage.linkedThrough(relay, alice, bob)
    return { stage, relay, alice, bob, link }
  }

  function carriedBy(stage: RelayStage, host: string): Bytes[] {
    const seen: Bytes[] = []
    stage.net.tap((datagram, from) => {
      if (from.host === host && datagram[0] === PACKET_CARRIED) seen.push(datagram.slice())
    })
    return seen
  }

  it('passes nothing for a third party, nor for a circuit id that was guessed, and counts them', async () => {
    const { stage, relay, bob, alice, link } = await stageOf(21)
    const seen = carriedBy(stage, '203.0.113.1')
    link.send(Uint8Array.of(200))
    await stage.run(1_000)
    expect(seen.length).toBeGreaterThan(0)
    const passed = relay.carried.passed.packets
    const mallory = { host: '192.0.2.66', port: 66 }
    for (const datagram of seen) {
      relay.socket.arrive(datagram.slice(), mallory) // overheard, and sent from elsewhere
      const guess = datagram.slice()
      writeCarriedHeader(guess, circuitIdOf(datagram) + 1)
      relay.socket.arrive(guess, relay.endpoint.get(alice.identity.id)!.provenAddress!)
    }
    expect(relay.carried.passed.packets).toBe(passed)
    expect(relay.carried.drops.snapshot()).toEqual({
      'carried from elsewhere': seen.length,
      'carried without a circuit': seen.length,
    })
    expect(bob.story.filter((each) => each.startsWith('down'))).toEqual([])
  })

  it('passes on what was replayed from the right place, and the end throws it away', async () => {
    const { stage, relay, bob, alice, link } = await stageOf(22)
    const seen = carriedBy(stage, '203.0.113.1')
    link.send(Uint8Array.of(200, 1))
    await stage.run(1_000)
    const from = relay.endpoint.get(alice.identity.id)!.provenAddress!
    for (const datagram of seen) relay.socket.arrive(datagram.slice(), from)
    await stage.run(1_000)
    expect(bob.received).toEqual([Uint8Array.of(200, 1)])
    expect(bob.endpoint.counters.dropped['replayed']).toBe(seen.length)
  })

  it('holds each circuit to its part of the rate, so that others go on talking', async () => {
    const { stage, relay, alice, bob, link } = await stageOf(23)
    const [carol, dave] = [stage.athome('203.0.114.1'), stage.athome('198.51.102.1')]
    const talk = await stage.linkedThrough(relay, carol, dave)
    const start = relay.carried.passed.bytes
    const startMs = stage.queue.nowMs
    const flood = setFlood(stage, link)
    const delays: number[] = []
    for (let i = 0; i < 50; i++) {
      const sentMs = stage.queue.nowMs
      talk.send(Uint8Array.of(200, i), () => delays.push(stage.queue.nowMs - sentMs))
      await stage.run(200)
    }
    flood.stop()
    const perSecond = (relay.carried.passed.bytes - start) / ((stage.queue.nowMs - startMs) / 1000)
    expect(perSecond).toBeLessThan(1.15 * 200_000 + 10_000)
    expect(perSecond).toBeGreaterThan(100_000)
    expect(relay.carried.drops.snapshot()['carried over quota']).toBeGreaterThan(10)
    expect(delays).toHaveLength(50)
    expect(Math.max(...delays)).toBeLessThan(200) // a round trip is 160 ms
    expect(dave.received).toHaveLength(50)
    expect([alice.gone, bob.gone]).toEqual([[], []])
  })

  it('stops at the bytes of the month, and remembers them over a restart', async () => {
    const stage = new RelayStage(24)
    const relay = stage.volunteer(RELAY, { bytesPerMonth: 100_000 })
    const [alice, bob] = [stage.athome('203.0.113.1'), stage.athome('198.51.100.1')]
    const link = await stage.linkedThrough(relay, alice, bob)
    link.send(new Uint8Array(128 * 1024).fill(200))
    await stage.run(2_000)
    expect(relay.relays.status.bytesThisMonth).toBeGreaterThan(99_000)
    expect(relay.relays.status.bytesThisMonth).toBeLessThan(101_500)
    await stage.run(20_000)
    expect(alice.gone.concat(bob.gone)).toEqual(['used-up', 'used-up'])
    await relay.relays.stop()
    const again = stage.inPublic('192.0.2.2', relay.store)
    again.isReachable = true
    await again.relays.start()
    again.relays.setHelp({ helpOthers: true, ...DEFAULT_HELP, bytesPerMonth: 90_000 })
    expect(again.relays.status.bytesThisMonth).toBe(relay.relays.status.bytesThisMonth)
    expect(again.relays.status.peopleThisMonth).toBe(2)
    await stage.linked(alice, again)
    const refused = alice.relays.reserve(again.identity.id).catch(({ reason }: { reason: string }) => reason)
    expect(await stage.until(refused)).toBe('used-up')
  })

  it('does nothing for anybody while its person has not said so, or strangers do not reach it', async () => {
    const stage = new RelayStage(25)
    const relay = stage.inPublic(RELAY)
    const alice = stage.athome('203.0.113.1')
    await stage.linked(alice, relay)
    const refused = () =>
      stage.until(alice.relays.reserve(relay.identity.id).catch(({ reason }: { reason: string }) => reason))
    expect(await refused()).toBe('not-offered')
    relay.isReachable = true
    expect(await refused()).toBe('not-offered')
    relay.relays.setHelp({ helpOthers: true, ...DEFAULT_HELP })
    expect(await refused()).toMatchObject({ relay: relay.identity.id })
    expect(isCircuit(alice.endpoint.get(relay.identity.id)!.address)).toBe(false)
  })
})

/** Sends as much as the session takes. */
function setFlood(stage: RelayStage, link: { send(message: Uint8Array): void; isOpen: boolean }) {
  let isOn = true
  const queued = link as { queuedBytes?: number }
  const again = (): void => {
    if (!isOn || !link.isOpen) return
    while ((queued.queuedBytes ?? 0) < 500_000) link.send(new Uint8Array(16_000).fill(201))
    stage.clock.after(50, again)
  }
  again()
  return { stop: () => (isOn = false) }
}
