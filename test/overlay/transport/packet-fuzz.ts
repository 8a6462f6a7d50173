// Noise at every door of the transport: the decoders, the handshake, a session as strangers see it, and a session whose own
// peer is hostile. `npm test` and `npm run soak` run the same functions with other counts. Each throws where something
// escapes, grows or goes uncounted, and returns what was dropped, by reason.

import assert from 'node:assert/strict'
import { type Bytes, concat } from '../../../main/overlay/base/bytes.ts'
import { codeOf } from '../../../main/overlay/base/errors.ts'
import { TAG_BYTES } from '../../../main/overlay/ports/crypto.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { type DropReason } from '../../../main/overlay/transport/counters.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { readFrames } from '../../../main/overlay/wire/packet-frames.ts'
import {
  PACKET_INITIATION,
  PACKET_REFUSAL,
  PACKET_RETRY,
  PACKET_SEALED,
  PACKET_SEALED_ODD,
  PROTOCOL_VERSION,
  SEALED_HEADER_BYTES,
  connectionIdOf,
  decodeInitiation,
  decodeRefusal,
  decodeResponse,
  decodeRetry,
  encodeInitiation,
  packetNumberOf,
} from '../../../main/overlay/wire/packet.ts'
import { type SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { emptyInitiation, validInitiations } from './initiations.ts'
import { openlySealing } from './open-peer.ts'
import { type Peer, World, targetOf, utf8 } from './world.ts'

/** Called after every packet, with its number: for whoever watches memory. */
export type Watch = (packet: number) => void

export type Dropped = Partial<Record<DropReason, number>>

/** What the four together must have met, in 100,000 packets and in more. */
export const EXPECTED_REASONS: readonly DropReason[] = [
  'unknown-kind',
  'unknown-connection',
  'malformed',
  'too-large',
  'not-authentic',
  'replayed',
  'bad-frame',
  'wrong-network',
  'wrong-version',
  'address-unproven',
  'bad-token',
  'unexpected-response',
  'unexpected-refusal',
  'unexpected-retry',
]

/** Virtual time goes on by a little after so many packets, so that timers and budgets take part. */
const PACKETS_PER_PAUSE = 1_000
const PAUSE_MS = 200
const BETWEEN_MESSAGES_MS = 20
/** Longer than any half-open session, dial or budget of ours lasts. */
const FORGOTTEN_AFTER_MS = 20_000

export function fuzzDecoders(seed: number, count: number, watch?: Watch): Dropped {
  const world = new World(seed)
  const { random } = world
  const valid = validInitiations(world, world.peer('10.0.0.2'), 4)
  const decoders = [
    decodeInitiation,
    decodeResponse,
    decodeRetry,
    decodeRefusal,
    readFrames,
    (bytes: Bytes) => packetNumberOf(bytes, connectionIdOf(bytes)),
  ]
  const dropped: Dropped = {}
  for (let i = 0; i < count; i++) {
    const shapes = [
      () => random.bytes(random.below(80)),
      () => framesOf(random),
      () => mutated(framesOf(random), random),
      () => mutated(valid[i % valid.length]!, random),
    ]
    const bytes = shapes[random.below(shapes.length)]!()
    watch?.(i)
    try {
      decoders[random.below(decoders.length)]!(bytes)
    } catch (error) {
      const code = codeOf(error)
      assert(code === 'malformed' || code === 'too-large', `${String(error)} (seed ${seed}, packet ${i})`)
      dropped[code] = (dropped[code] ?? 0) + 1
    }
  }
  return dropped
}

/** Calls from everywhere, whole and damaged, with tokens of ours and of others, at a node that nobody is linked to. */
export async function fuzzHandshake(seed: number, count: number, watch?: Watch): Promise<Dropped> {
  const world = new World(seed)
  const { random } = world
  const bob = world.peer('10.0.0.2')
  const valid = validInitiations(world, bob, 200)
  const tokens: Bytes[] = [random.bytes(32)]
  let answers = 0
  divertAnswers(bob, (datagram) => {
    answers++
    if (datagram[0] === PACKET_RETRY) tokens[random.below(8)] = decodeRetry(datagram).token
  })
  const oneOf = <T>(list: readonly T[]): T =>
    list.filter((each) => each !== undefined)[random.below(4)] ?? list[0]!
  const call = (): Bytes => valid[random.below(valid.length)]!
  const shapes = [
    call,
    () => mutated(call(), random),
    () => encodeInitiation({ ...decodeInitiation(call()), token: oneOf(tokens) }),
    () => encodeInitiation({ ...decodeInitiation(call()), token: random.bytes(1 + random.below(32)) }),
    () => emptyInitiation(world, random.below(4) === 0 ? { version: PROTOCOL_VERSION - 1 } : {}),
    () => emptyInitiation(world, random.below(4) === 0 ? { networkTag: random.bytes(4) } : {}),
    () => call().slice(0, random.below(1_200)),
    () => Uint8Array.of(PACKET_INITIATION, ...random.bytes(random.below(60))),
  ]
  await play(world, count, watch, () =>
    bob.socket.arrive(shapes[random.below(shapes.length)]!(), stranger(random)),
  )
  const { dropped } = bob.endpoint.counters
  assert.deepEqual(bob.endpoint.tableSizes, { sessions: 0, halfOpen: 0, dials: 0 })
  assert(sum(dropped) + answers >= count, `${sum(dropped)} dropped and ${answers} answered of ${count}`)
  return withoutDefects(dropped)
}

/** Random, truncated, mutated and replayed packets from strangers at a node with a session, which stays as it was. */
export async function fuzzSession(seed: number, count: number, watch?: Watch): Promise<Dropped> {
  const world = new World(seed)
  const { random } = world
  const captured: Bytes[] = []
  let answers = 0
  world.net.tap((datagram) => captured.length < 400 && captured.push(datagram.slice()))
  const { alice, bob, link, back } = await world.connected()
  divertAnswers(bob, () => answers++)
  for (let i = 0; i < 50; i++) {
    link.send(random.bytes(500))
    back.send(random.bytes(500))
    await world.run(BETWEEN_MESSAGES_MS)
  }
  await world.run(1_000)
  const session = bob.endpoint.get(alice.identity.id)!
  const before = { ranges: session.tableSizes.receivedRanges, received: bob.received.length }
  const packet = (): Bytes => captured[random.below(captured.length)]!
  const shapes = [
    () => random.bytes(random.below(80)),
    () => Uint8Array.of(1 + random.below(6), ...random.bytes(random.below(60))),
    () => Uint8Array.of(PACKET_REFUSAL, ...random.bytes(8 + random.below(3))),
    () => packet().slice(0, random.below(1_200)),
    () => mutated(packet(), random),
    () => packet().slice(),
    () => renumbered(packet(), random),
    () => inOtherPhase(packet()),
  ]
  await play(world, count, watch, () =>
    bob.socket.arrive(shapes[random.below(shapes.length)]!(), stranger(random)),
  )
  const { dropped } = bob.endpoint.counters
  assert(sum(dropped) + answers >= count, `${sum(dropped)} dropped and ${answers} answered of ${count}`)
  assert.equal(bob.endpoint.get(alice.identity.id), session)
  assert(session.tableSizes.receivedRanges <= before.ranges + 1)
  assert.deepEqual(session.address, alice.socket.local)
  assert.deepEqual(bob.endpoint.tableSizes, { sessions: 1, halfOpen: 0, dials: 0 })
  assert.equal(bob.received.length, before.received)
  link.send(utf8('still here'))
  await world.run(500)
  assert.deepEqual(bob.received.at(-1), utf8('still here'))
  assert.deepEqual([alice.story, bob.story], [['up'], ['up']])
  return withoutDefects(dropped)
}

/** A peer with the session's keys says what it likes. It may lose its session by it, and calls again. */
export async function fuzzPeer(seed: number, count: number, watch?: Watch): Promise<Dropped> {
  const world = new World(seed)
  const { random } = world
  const options = { handshakesPerSecond: 1e6 }
  const alice = world.peer('10.0.0.1', { crypto: openlySealing, options })
  const bob = world.peer('10.0.0.2', { crypto: openlySealing, options })
  let toBob: Bytes | undefined
  world.net.tap((datagram, _from, to) => {
    if (datagram[0] === PACKET_SEALED && to.host === '10.0.0.2') toBob = datagram.slice()
  })
  let isDumb = false // alice's own node: in a session that lasts, only we speak for it
  const send = alice.socket.send.bind(alice.socket)
  alice.socket.send = (datagram, to) => void (isDumb || send(datagram, to))
  let number = 0
  let harmless = 0 // packets to come
  for (let i = 0; i < count; i++) {
    if (!bob.endpoint.get(alice.identity.id)) {
      isDumb = false
      await linkAnew(world, alice, bob)
      number = 10
      harmless = random.below(16) === 0 ? HARMLESS_PACKETS : 0
      if (harmless > 0) bob.endpoint.get(alice.identity.id)!.send(utf8('never acknowledged'))
    }
    const isHarmless = harmless-- > 0
    isDumb = isHarmless
    const whole = framesOf(random, isHarmless)
    const frames = !isHarmless && random.below(8) === 0 ? mutated(whole, random) : whole
    const header = toBob!.slice(0, SEALED_HEADER_BYTES)
    if (random.below(20) > 0) number++
    new DataView(header.buffer).setUint32(NUMBER_AT, number)
    bob.socket.arrive(concat(header, frames, new Uint8Array(TAG_BYTES)), alice.socket.local)
    if (isHarmless || i % 10 === 0) await world.run(1)
    const session = bob.endpoint.get(alice.identity.id)
    if (session) assertSmall(session.tableSizes)
    watch?.(i)
  }
  isDumb = false
  await alice.endpoint.stop()
  await world.run(FORGOTTEN_AFTER_MS)
  assert.deepEqual(bob.endpoint.tableSizes, { sessions: 0, halfOpen: 0, dials: 0 })
  return withoutDefects(bob.endpoint.counters.dropped)
}

/** In what is sent by `fuzzPeer`, pieces are short and near each other, and our node has next to nothing to say. */
function assertSmall(sizes: Session['tableSizes']): void {
  assert(sizes.receivedRanges <= 65, `${sizes.receivedRanges} ranges of packets`)
  assert(sizes.sentPackets <= 64, `${sizes.sentPackets} packets under way`)
  assert(sizes.fragmentBytes <= 8_000, `${sizes.fragmentBytes} bytes out of order`)
}

async function linkAnew(world: World, alice: Peer, bob: Peer): Promise<void> {
  alice.endpoint.get(bob.identity.id)?.close('bob has gone')
  await world.run(20)
  await world.until(alice.endpoint.dial(targetOf(bob)))
  await world.run(500)
  // The stage keeps all that happens on it; here nobody asks, and memory is watched.
  for (const kept of [world.logged, ...[alice, bob].flatMap(({ story, received }) => [story, received])])
    kept.length = 0
}

async function play(world: World, count: number, watch: Watch | undefined, step: () => void): Promise<void> {
  for (let i = 0; i < count; i++) {
    step()
    watch?.(i)
    if (i % PACKETS_PER_PAUSE === 0) await world.run(PAUSE_MS)
  }
  await world.run(FORGOTTEN_AFTER_MS)
}

const STRANGERS = '11.'

/** The simulated network remembers every path it was ever asked for, so what goes to strangers does not get as far. */
function divertAnswers({ socket }: Peer, answered: (datagram: Bytes) => void): void {
  const send = socket.send.bind(socket)
  socket.send = (datagram, to) =>
    to.host.startsWith(STRANGERS) ? answered(datagram.slice()) : send(datagram, to)
}

function stranger(random: SeededRandom): Address {
  const [a, b, c] = random.bytes(3)
  return { host: `${STRANGERS}${a}.${b}.${c}`, port: 1 + random.below(65_535) }
}

/** Of the packet number in a sealed header. */
const NUMBER_AT = SEALED_HEADER_BYTES - 4
const HARMLESS_FRAMES = 10
/** In a session that lasts, so that what would grow has time to. */
const HARMLESS_PACKETS = 250

/** A few frames of known kinds with numbers that mostly make sense. */
function framesOf(random: SeededRandom, isHarmless = false): Bytes {
  const small = (): number => random.below(64)
  const frames = [
    () => [0],
    () => [1],
    () => [2, 0, small(), 0, 0],
    () => [3, 0, small(), 3, 1, 2, 3],
    () => [3, 0, 0x50 + random.below(4), random.below(256), 0x43, 0xe8, ...Array<number>(1_000).fill(1)],
    () => [8, 4, 192, 0, 2, small(), 0, small()],
    () => [16, 1, 2, 3, 4, 5, 6, 7, small()],
    () => [17, 1, 2, 3, 4, 5, 6, 7, small()],
    () => [35, 3, 1, 2, small()],
    () => [36, 1 + random.below(63)],
    // From here on a session rarely survives.
    () => [32, small()],
    () => [33, small(), small(), small()],
    () => [34, small(), small()],
    () => [35, small(), 1, 2],
    () => [2, 0x40 + small(), small(), small(), 1, 0, 1, 0],
    () => [2, small(), small(), 0, small()],
    () => [3 + random.below(2), small(), 0x40 + small(), small(), small(), 1, 2, 3],
    () => [5, 0xc0, 0, 0, 0, 0, 0, small(), 0],
    () => [6, 0, 0x80, small(), 0, 0],
    () => [9 + small(), small()],
  ]
  const bytes: number[] = []
  for (let i = random.below(4); i >= 0; i--) {
    const kind = random.below(!isHarmless && random.below(16) === 0 ? frames.length : HARMLESS_FRAMES)
    bytes.push(...frames[kind]!())
  }
  return Uint8Array.from(bytes)
}

function mutated(bytes: Bytes, random: SeededRandom): Bytes {
  const copy = bytes.slice()
  for (let i = random.below(3); i >= 0; i--) copy[random.below(copy.length)]! ^= 1 << random.below(8)
  return copy
}

/** A packet's own bytes under another number: a sealed one is then new, but does not open. */
function renumbered(bytes: Bytes, random: SeededRandom): Bytes {
  const copy = bytes.slice()
  copy.set(random.bytes(Math.min(4, copy.length - 9)), 9)
  return copy
}

/** As if the keys had changed. */
function inOtherPhase(bytes: Bytes): Bytes {
  const copy = bytes.slice()
  copy[0]! ^= PACKET_SEALED ^ PACKET_SEALED_ODD
  return copy
}

function sum(dropped: Dropped): number {
  return Object.values(dropped).reduce((total, count) => total + count, 0)
}

function withoutDefects(dropped: Dropped): Dropped {
  assert.equal(dropped['listener-failed'], undefined)
  return dropped
}
