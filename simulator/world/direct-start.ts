// Starts a network too large to grow: every node is given, at once, the links that a settled network would have (its ring
// neighbours, and the nearest of a few candidates for each place of its table), as far as the terrain allows them. Then
// its own maintenance runs. Each node starts with one link, over which it joins by the real protocol; the others come up
// when both their ends have joined, for a node without a ring would send a join through each.

import { digitAt } from '../../main/overlay/base/id.ts'
import { LEAVES_PER_SIDE } from '../../main/overlay/routing/leaf-set.ts'
import { type Host, type World } from './world.ts'

const CANDIDATES = 6
const STARTS_PER_STEP = 0.01
const STEP_MS = 100
/** Those that have not joined by then find their links by themselves. */
const PATIENCE_MS = 30_000

export async function startDirectly(world: World, nodes: number, onProgress: () => void): Promise<void> {
  const hosts = Array.from({ length: nodes }, () => world.create())
  const ring = [...hosts].sort((a, b) => (a.id < b.id ? -1 : 1))
  const wishes = wishedLinks(world, ring)
  for (let started = 0; started < nodes;) {
    for (
      const until = Math.ceil(Math.min(nodes, started + nodes * STARTS_PER_STEP));
      started < until;
      started++
    ) {
      const host = ring[started]!
      const first = wishes.get(host)?.find((peer) => world.isUp(peer))
      if (first) host.links.install(first.links)
      await world.start(host)
    }
    await world.run(STEP_MS)
    onProgress()
  }
  await linkJoined(world, wishes, onProgress)
}

async function linkJoined(world: World, wishes: Map<Host, Host[]>, onProgress: () => void): Promise<void> {
  const joined = new Set<Host>()
  const untilMs = world.nowMs + PATIENCE_MS
  while (joined.size < wishes.size && world.nowMs < untilMs) {
    for (const [host, peers] of wishes) {
      if (joined.has(host) || host.node.status().stage !== 'joined') continue
      joined.add(host)
      for (const peer of peers) if (joined.has(peer)) host.links.install(peer.links)
    }
    await world.run(STEP_MS)
    onProgress()
  }
}

/** Symmetric: whoever is wished for wishes back. */
function wishedLinks(world: World, ring: readonly Host[]): Map<Host, Host[]> {
  const wishes = new Map<Host, Set<Host>>(ring.map((host) => [host, new Set()]))
  const { terrain } = world.network
  const wish = (a: Host, b: Host): void => {
    if (a === b || !terrain.canLink(a.number, b.number)) return
    wishes.get(a)!.add(b)
    wishes.get(b)!.add(a)
  }
  for (const [place, host] of ring.entries()) {
    for (let i = 1; i <= LEAVES_PER_SIDE; i++) wish(host, ring[(place + i) % ring.length]!)
    for (const entry of tableEntries(world, ring, host)) wish(host, entry)
  }
  return new Map([...wishes].map(([host, peers]) => [host, [...peers]]))
}

/** For each place of the table the nearest of some candidates that can be linked. */
function tableEntries(world: World, ring: readonly Host[], host: Host): Host[] {
  const { terrain } = world.network
  const entries: Host[] = []
  let [low, high] = [0, ring.length]
  for (let row = 0; high - low > 2 * LEAVES_PER_SIDE; row++) {
    const own = digitAt(host.id, row)
    for (let digit = 0; digit < 16; digit++) {
      const [from, to] = rangeOf(ring, low, high, row, digit)
      if (digit === own || from === to) continue
      const candidates = Array.from({ length: CANDIDATES }, () => ring[from + world.random.below(to - from)]!)
      const usable = candidates.filter(({ number }) => terrain.canLink(host.number, number))
      const nearest = usable.sort(
        (a, b) => terrain.delayMs(host.number, a.number) - terrain.delayMs(host.number, b.number),
      )[0]
      if (nearest) entries.push(nearest)
    }
    ;[low, high] = rangeOf(ring, low, high, row, own)
  }
  return entries
}

/** Where on the sorted ring, between two places that share `row` digits, those with this next digit stand. */
function rangeOf(
  ring: readonly Host[],
  low: number,
  high: number,
  row: number,
  digit: number,
): [number, number] {
  const first = (least: number): number => {
    let [from, to] = [low, high]
    while (from < to) {
      const middle = (from + to) >> 1
      if (digitAt(ring[middle]!.id, row) < least) from = middle + 1
      else to = middle
    }
    return from
  }
  return [first(digit), first(digit + 1)]
}
