// Everything a session carries, at once, over a path that a seed draws: streams both ways that end, are reset, given up and
// paused, messages of every urgency, datagrams. Every byte knows its place: it is a function of its stream, its direction and its offset, so
// each is checked when it arrives and nothing need be kept. `checkSeed` throws where a promise of the transport is broken.

import assert from 'node:assert/strict'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { type Stream } from '../../../main/overlay/transport/stream.ts'
import { URGENCIES, type Urgency } from '../../../main/overlay/transport/urgency.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { type PathModel } from '../../../simulator/net/path-model.ts'
import { type Peer, World, targetOf } from './world.ts'

/** A third lost both ways is silence for seconds now and then; giving a peer up has its own tests (lifetimes.test.ts). */
const SILENCE_MS = 60_000
/** Virtual time in which something must move, while something waits: a lossy path is slow, only a stopped one is broken. */
const PATIENCE_MS = 30_000
const BUSY_MS = 2_000
/** So many seeds carry so much that the limit of all streams and the congestion window hold them. */
const HEAVY_SHARE = 0.05

type Ending = 'finish' | 'reset' | 'stop'

/** One direction of one stream. */
interface Half {
  salt: number
  size: number
  urgency: Urgency
  ending: Ending
  /** When its writer resets it or its reader gives it up, counted from its opening. */
  endingMs: number
  pausedMs: number
  code: number
  received: number
  endings: string[]
  isDelivered: boolean | undefined
}

interface Plan {
  forth: Half
  back: Half
}

class Storm {
  readonly world: World
  readonly random: SeededRandom
  readonly model: PathModel
  readonly isHeavy: boolean
  readonly plans = new Map<number, Plan>() // by stream
  readonly #checks: (() => void)[] = []
  #waiting = 0

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    this.world = new World(seed)
    this.isHeavy = this.random.unit() < HEAVY_SHARE
    this.model = drawPath(this.random)
    if (!this.isHeavy) return
    this.model.lossRate /= 10 // or it takes minutes
    this.model.jitterMs = this.model.reorderRate = 0 // so that the age of a datagram is known exactly
  }

  async run(): Promise<void> {
    const { world } = this
    const [alice, bob] = world.pair({ keepAliveMs: 25_000, silenceMs: SILENCE_MS })
    this.#listen(alice)
    this.#listen(bob)
    await world.until(alice.endpoint.dial(targetOf(bob))) // handshakes have their own tests (delivery.test.ts)
    await world.run(500)
    world.net.setModel(this.model)
    const sides: [Session, Peer][] = [
      [alice.endpoint.get(bob.identity.id)!, bob],
      [bob.endpoint.get(alice.identity.id)!, alice],
    ]
    for (const [link, other] of sides) this.#talk(link, other)
    await world.run(BUSY_MS)
    let waitedMs = 0
    for (let left = this.#left(sides); left > 0 && waitedMs < PATIENCE_MS; waitedMs += 500) {
      await world.run(500)
      if (left !== (left = this.#left(sides))) waitedMs = 0
    }
    assert.deepEqual([alice.story, bob.story], [['up'], ['up']])
    for (const check of this.#checks) check()
    for (const [id, { forth, back }] of this.plans) {
      checkHalf(`stream ${id} forth`, forth)
      checkHalf(`stream ${id} back`, back)
    }
    for (const [link] of sides) {
      const { streams, fragments } = link.tableSizes
      assert.deepEqual([link.queuedBytes, streams, fragments], [0, 0, 0], 'something was left behind')
    }
  }

  /** A sum of all that still waits; it changes whenever anything moves. */
  #left(sides: [Session, Peer][]): number {
    return sides.reduce((sum, [link]) => sum + link.queuedBytes + link.tableSizes.streams, this.#waiting)
  }

  #later(withinMs: number, action: () => void): void {
    this.#waiting++
    this.world.clock.after(this.random.unit() * withinMs, () => {
      this.#waiting--
      action()
    })
  }

  #talk(link: Session, other: Peer): void {
    const { random } = this
    for (let i = random.below(16) + (this.isHeavy ? 8 : 0); i >= 0; i--)
      this.#later(BUSY_MS, () => this.#open(link))
    this.#sendMessages(link, other, random.below(30))
    this.#sendDatagrams(link, other, random.below(40))
  }

  #open(link: Session): void {
    const plan = { forth: this.#drawHalf(), back: this.#drawHalf() }
    const stream = link.openStream(plan.forth.urgency)
    this.plans.set(stream.id, plan)
    this.#use(stream, plan.forth, plan.back)
  }

  #listen(peer: Peer): void {
    const accept = (stream: Stream) => {
      const plan = this.plans.get(stream.id)
      assert(plan, `stream ${stream.id}, which nobody opened, came or came back`)
      assert.equal(plan.back.isDelivered, undefined, `stream ${stream.id} came twice`)
      stream.urgency = plan.back.urgency
      this.#use(stream, plan.back, plan.forth)
    }
    peer.endpoint.on({
      up: () => {},
      down: () => {},
      message: () => {},
      stream: (_link, stream) => accept(stream),
    })
  }

  /** One end of a stream: writes one half in pieces over time, reads the other. */
  #use(stream: Stream, own: Half, others: Half): void {
    this.#write(stream, own, 0)
    if (own.ending === 'reset') this.#later(own.endingMs, () => stream.reset(own.code))
    if (others.ending === 'stop') this.#later(others.endingMs, () => stream.stop(others.code))
    if (others.pausedMs > 0) {
      stream.pause()
      this.#later(others.pausedMs, () => stream.resume())
    }
    stream.on({
      data: (bytes) => {
        checkBytes(bytes, others)
        if (others.pausedMs > 0 && this.random.unit() < 0.1) {
          stream.pause()
          this.#later(others.pausedMs, () => stream.resume())
        }
      },
      end: () => others.endings.push('end'),
      reset: (code) => others.endings.push(`reset ${code}`),
      stopped: (code) => assert.equal(code, own.code),
      closed: () => assert.fail('the session ended'),
    })
  }

  #write(stream: Stream, half: Half, from: number): void {
    const to = Math.min(half.size, from + 1 + this.random.below(this.random.unit() < 0.3 ? 60_000 : 2_000))
    stream.write(bytesOf(half, from, to))
    if (to < half.size) this.#later(20, () => this.#write(stream, half, to))
    else
      stream.finish((isDelivered) => {
        assert.equal(half.isDelivered, undefined, 'reported twice')
        half.isDelivered = isDelivered
      })
  }

  #drawHalf(): Half {
    const { random } = this
    const large = random.unit() < (this.isHeavy ? 0.7 : 0.06) ? 400_000 : 12_000
    const isSmall = random.unit() < (this.isHeavy ? 0.1 : 0.5)
    return {
      salt: random.below(2 ** 30),
      size: random.unit() < 0.15 ? 0 : random.below(isSmall ? 300 : this.isHeavy ? 2 * large : large),
      urgency: URGENCIES[random.below(URGENCIES.length)]!,
      ending: random.unit() < 0.7 ? 'finish' : random.unit() < 0.5 ? 'reset' : 'stop',
      endingMs: random.below(1_000),
      pausedMs: random.unit() < 0.2 ? random.below(500) : 0,
      code: random.below(1_000),
      received: 0,
      endings: [],
      isDelivered: undefined,
    }
  }

  /** In order within an urgency and a kind (past 16 KiB or not): numbered by it, checked against what arrived. */
  #sendMessages(link: Session, other: Peer, count: number): void {
    const sent = new Map<number, string[]>()
    const delivered: boolean[] = []
    const sendOne = () => {
      const urgency = URGENCIES[this.random.below(URGENCIES.length)]!
      const isLarge = this.random.unit() < 0.1
      const message = this.random.bytes(1 + this.random.below(isLarge ? 40_000 : 1_500))
      const lane = Math.max(urgency, message.length > 16_384 ? 1 : 0)
      message[0] = lane
      sent.set(lane, [...(sent.get(lane) ?? []), digest(message)])
      link.send(message, (isDelivered) => delivered.push(isDelivered), urgency)
    }
    for (let i = 0; i < count; i++) this.#later(BUSY_MS, sendOne)
    this.#checks.push(() => {
      for (const [lane, messages] of sent) {
        const received = other.received.filter((message) => message[0] === lane).map(digest)
        assert.deepEqual(received, messages, `messages of lane ${lane}`)
      }
      assert.equal(other.received.length, count)
      assert.deepEqual(delivered, Array.from({ length: count }).fill(true))
    })
  }

  #sendDatagrams(link: Session, other: Peer, count: number): void {
    const { world, model } = this
    const sentMs = new Map<string, { atMs: number; maxAgeMs: number }>()
    // Up to a path more for one that is overtaken; the jitter of the slowest packet before it; the clock's last digit.
    const longestMs = model.delayMs * (model.reorderRate > 0 ? 2 : 1) + 8 * model.jitterMs + 1
    for (let i = 0; i < count; i++)
      this.#later(BUSY_MS, () => {
        const bytes = this.random.bytes(8 + this.random.below(900))
        const maxAgeMs = this.random.below(300)
        sentMs.set(bytes.join(), { atMs: world.queue.nowMs, maxAgeMs })
        link.sendDatagram(bytes, maxAgeMs)
      })
    other.endpoint.on({
      up: () => {},
      down: () => {},
      message: () => {},
      datagram: (_link, bytes) => {
        const sent = sentMs.get(bytes.join())
        assert(sent, 'a datagram that was not sent, or came twice')
        sentMs.delete(bytes.join())
        const ageMs = world.queue.nowMs - sent.atMs
        assert(ageMs <= sent.maxAgeMs + longestMs, `a datagram ${ageMs} ms old`)
      },
    })
    this.#checks.push(() => {
      const { sent, acked, droppedByAge, droppedByOverflow } = link.figures.datagrams
      assert.equal(sent + droppedByAge + droppedByOverflow, count)
      const arrived = count - sentMs.size
      assert(acked <= arrived && arrived <= sent, `${acked} acked, ${arrived} arrived, ${sent} sent`)
    })
  }
}

function drawPath(random: SeededRandom): PathModel {
  const upTo = (most: number) => (random.unit() < 0.2 ? 0 : random.unit() * most)
  return {
    delayMs: 1 + random.unit() * 149,
    jitterMs: upTo(20),
    minDelayMs: 0.1,
    lossRate: upTo(0.3),
    duplicateRate: upTo(0.2),
    reorderRate: upTo(0.3),
    mtuBytes: [1228, 1280, 1500, 9000, 65_535][random.below(5)]!,
  }
}

function byteAt(half: Half, offset: number): number {
  return (half.salt + offset + (offset >> 8) * 31) & 255
}

function bytesOf(half: Half, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(to - from)
  for (let i = 0; i < bytes.length; i++) bytes[i] = byteAt(half, from + i)
  return bytes
}

function checkBytes(bytes: Uint8Array, half: Half): void {
  assert.deepEqual(half.endings, [], 'bytes after the end')
  for (const byte of bytes)
    if (byte !== byteAt(half, half.received++)) assert.fail(`a wrong byte at ${half.received - 1}`)
  assert(half.received <= half.size, 'more than was written')
}

/** A half that nobody gave up is whole and has ended once; one that was given up has an end at most, and no false report. */
function checkHalf(name: string, half: Half): void {
  const { received, size, endings, ending, code, isDelivered } = half
  const facts = `${name}: ${received} of ${size}, ${endings.join()}, ${isDelivered}`
  const isWhole = received === size && endings.join() === 'end'
  if (ending === 'finish') assert(isWhole && isDelivered === true, facts)
  else if (ending === 'reset') {
    assert(isWhole || endings.join() === `reset ${code}`, facts)
    if (isDelivered === true) assert(isWhole, facts)
  } else assert(isWhole || endings.length === 0, facts)
}

function digest(message: Uint8Array): string {
  return `${message.length}:${message.subarray(0, 12).join()}`
}

/** One story; throws, with the seed in its words, where something did not arrive as it was sent. */
export async function checkSeed(seed: number): Promise<void> {
  const storm = new Storm(seed)
  try {
    await storm.run()
  } catch (error) {
    throw new Error(`seed ${seed}, ${JSON.stringify(storm.model)}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
