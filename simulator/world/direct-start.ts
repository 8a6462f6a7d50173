// Starts a network too large to grow: every node joins by the real protocol, through one link to a node near it, and when it
// has joined it is given, as far as the terrain allows them, the links that a settled network would have: its ring
// neighbours, and the nearest of a few candidates for each place of its table. Then its own maintenance runs.
//
// The order keeps that quiet. Nodes start in rounds: every 4096th of the ring, every 256th, every 16th, all; in each round
// the way round. So nobody is far from the node it joins through, each such node helps a few dozen in, and within a round a
// node's neighbours come within the same moment: a leaf set, and the records it is responsible for, move once for each
// round and not once for each neighbour. In one sweep instead, every record whose place is still empty would be
// passed on by each newcomer to the next.

import { digitAt } from '../../main/overlay/base/id.ts'
import { LEAVES_PER_SIDE } from '../../main/overlay/routing/leaf-set.ts'
import { type Host, type World } from './world.ts'

const CANDIDATES = 6
/** Of the ring, in the rounds one after another. */
const STRIDES = [4096, 256, 16, 1]
const STEP_MS = 50
/** Of the nodes still to start; a step takes in no more than the network can seat without a crowd at any door. */
const STARTS_PER_STEP = 0.01
const MAX_JOINING = 2000
/** Between rounds: longer than records and leaf states wait for each other. */
const PAUSE_MS = 2000
/** Those that have not joined by then find their links by themselves. */
const PATIENCE_MS = 30_000
/** How far round the ring a newcomer looks for somebody to join through. */
const SEARCHED = 64

export async function startDirectly(world: World, nodes: number, onProgress: () => void): Promise<void> {
  const hosts = Array.from({ length: nodes }, () => world.create())
  const start = new DirectStart(
    world,
    hosts.sort((a, b) => (a.id < b.id ? -1 : 1)),
  )
  for (const stride of STRIDES) {
    if (stride > 1 && stride > nodes / 2) continue
    await start.round(stride, onProgress)
  }
}

class DirectStart {
  readonly #world: World
  readonly #ring: readonly Host[]
  readonly #joining = new Set<number>()
  readonly #isStarted: Uint8Array
  readonly #isJoined: Uint8Array
  /** For a place on the ring those who joined before it and want a link with it. */
  readonly #wantedBy = new Map<number, number[]>()

  constructor(world: World, ring: readonly Host[]) {
    this.#world = world
    this.#ring = ring
    this.#isStarted = new Uint8Array(ring.length)
    this.#isJoined = new Uint8Array(ring.length)
  }

  /** Starts every so-manieth node of the ring that has not started, and waits until they have joined. */
  async round(stride: number, onProgress: () => void): Promise<void> {
    const perStep = Math.max(4, Math.ceil((STARTS_PER_STEP * this.#ring.length) / stride))
    let place = 0
    while (place < this.#ring.length) {
      for (let started = 0; place < this.#ring.length && started < perStep; place += stride) {
        if (this.#joining.size >= MAX_JOINING) break
        if (this.#isStarted[place]) continue
        await this.#start(place)
        started++
      }
      await this.#step(STEP_MS, onProgress)
    }
    const untilMs = this.#world.nowMs + PATIENCE_MS
    while (this.#joining.size > 0 && this.#world.nowMs < untilMs) await this.#step(STEP_MS, onProgress)
    await this.#step(PAUSE_MS, onProgress)
  }

  async #start(place: number): Promise<void> {
    const host = this.#ring[place]!
    const first = this.#wayIn(place)
    this.#isStarted[place] = 1
    if (first) host.links.install(first.links)
    await this.#world.start(host)
    if (first) this.#joining.add(place)
    else this.#isJoined[place] = 1
  }

  /** The nearest on the ring that has joined and can be linked; any other where all near it are out of reach. */
  #wayIn(place: number): Host | undefined {
    const { length } = this.#ring
    let tried = 0
    for (let apart = 1; apart < length && tried < SEARCHED; apart++)
      for (const near of [(place + length - apart) % length, (place + apart) % length]) {
        if (!this.#isJoined[near]) continue
        tried++
        if (this.#canLink(place, near)) return this.#ring[near]
      }
    return undefined
  }

  async #step(ms: number, onProgress: () => void): Promise<void> {
    await this.#world.run(ms)
    for (const place of this.#joining)
      if (this.#ring[place]!.node.status().stage === 'joined') this.#joined(place)
    onProgress()
  }

  #joined(place: number): void {
    this.#joining.delete(place)
    this.#isJoined[place] = 1
    for (const wish of this.#wishesOf(place)) {
      if (this.#isJoined[wish]) this.#link(place, wish)
      else this.#wantedBy.set(wish, [...(this.#wantedBy.get(wish) ?? []), place])
    }
    for (const other of this.#wantedBy.get(place) ?? []) this.#link(place, other)
    this.#wantedBy.delete(place)
  }

  #link(place: number, other: number): void {
    this.#ring[place]!.links.install(this.#ring[other]!.links)
  }

  #canLink(place: number, other: number): boolean {
    const { terrain } = this.#world.network
    return place !== other && terrain.canLink(this.#ring[place]!.number, this.#ring[other]!.number)
  }

  /** Ring neighbours on both sides, nearest first, then a table; each once. */
  #wishesOf(place: number): Set<number> {
    const { length } = this.#ring
    const wishes = new Set<number>()
    for (let i = 1; i <= LEAVES_PER_SIDE; i++)
      for (const near of [(place + i) % length, (place + length - (i % length)) % length])
        if (this.#canLink(place, near)) wishes.add(near)
    for (const entry of tableEntries(this.#world, this.#ring, place)) wishes.add(entry)
    return wishes
  }
}

/** For each place of the table the nearest of some candidates that can be linked, as places on the ring. */
function tableEntries(world: World, ring: readonly Host[], place: number): number[] {
  const host = ring[place]!
  const entries: number[] = []
  let [low, high] = [0, ring.length]
  for (let row = 0; high - low > 2 * LEAVES_PER_SIDE; row++) {
    const own = digitAt(host.id, row)
    let from = low
    for (let digit = 0; digit < 16; digit++) {
      const to = endOf(ring, from, high, row, digit)
      const nearest = digit === own ? undefined : nearestOf(world, ring, host, from, to)
      if (nearest !== undefined) entries.push(nearest)
      from = to
    }
    ;[low, high] = [endOf(ring, low, high, row, own - 1), endOf(ring, low, high, row, own)]
  }
  return entries
}

/** Of some candidates among these places. */
function nearestOf(
  world: World,
  ring: readonly Host[],
  { number }: Host,
  from: number,
  to: number,
): number | undefined {
  const { terrain } = world.network
  let nearest: number | undefined
  let leastMs = Infinity
  for (let i = 0; i < CANDIDATES && from < to; i++) {
    const candidate = from + world.random.below(to - from)
    const other = ring[candidate]!.number
    const delayMs = terrain.canLink(number, other) ? terrain.delayMs(number, other) : Infinity
    if (delayMs >= leastMs) continue
    nearest = candidate
    leastMs = delayMs
  }
  return nearest
}

/** Where on the sorted ring, between two places that share `row` digits, those end whose next digit is at most this. */
function endOf(ring: readonly Host[], low: number, high: number, row: number, digit: number): number {
  let [from, to] = [low, high]
  while (from < to) {
    const middle = (from + to) >> 1
    if (digitAt(ring[middle]!.id, row) <= digit) from = middle + 1
    else to = middle
  }
  return from
}
