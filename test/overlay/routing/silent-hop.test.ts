import { expect, it } from 'vitest'
import { type Bytes, EMPTY } from '../../../main/overlay/base/bytes.ts'
import { type Id, idFromBytes } from '../../../main/overlay/base/id.ts'
import { type RouteOptions } from '../../../main/overlay/ports/routes.ts'
import { type Link } from '../../../main/overlay/transport/links.ts'
import { APPLICATION, MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { decodeRouted } from '../../../main/overlay/wire/routed-message.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { TrueRing } from '../../../simulator/links/true-ring.ts'

const SEED = 951
const ROUND_TRIP_MS = 120
/** max(3 x rtt, 300 ms): what the first message pays. */
const PROBE_TIMEOUT_MS = 370

async function ask(
  world: ModelledWorld,
  from: Inhabitant,
  key: Id,
  options: Partial<RouteOptions> = {},
): Promise<{ responder: Id; tookMs: number }> {
  const startMs = world.queue.nowMs
  const reply = await world.finish(
    from.node.routes.request(key, APPLICATION.ping, EMPTY, { timeoutMs: 10_000, ...options }),
  )
  return { responder: reply.responder, tookMs: world.queue.nowMs - startMs }
}

/** Keys that go from one node over a certain first hop that is not their root, with that hop. */
function throughOneHop(
  world: ModelledWorld,
  from: Inhabitant,
  wanted: number,
): { hop: Inhabitant; keys: Id[] } {
  const ring = new TrueRing(world.alive.map(({ identity }) => identity.id))
  const byHop = new Map<Inhabitant, Id[]>()
  for (let i = 0; i < 2000; i++) {
    const key = idFromBytes(world.random.bytes(32))
    const hop = firstHop(world, from, key)
    if (!hop || hop.identity.id === ring.root(key)) continue
    const keys = [...(byHop.get(hop) ?? []), key]
    if (keys.length >= wanted) return { hop, keys }
    byHop.set(hop, keys)
  }
  throw new Error('no hop carries so many keys')
}

function firstHop(world: ModelledWorld, from: Inhabitant, key: Id): Inhabitant | undefined {
  let hop: Inhabitant | undefined
  const undo = world.alive.map((one) => {
    const link = from.links.get(one.identity.id)
    if (!link) return () => undefined
    const { send } = link
    link.send = (message) => void (decodeRouted(new Reader(message.slice(1))).key === key && (hop = one))
    return () => void (link.send = send)
  })
  void from.node.routes.request(key, APPLICATION.ping, EMPTY, { timeoutMs: 1 }).catch(() => undefined)
  for (const each of undo) each()
  return hop
}

async function hundredNodes() {
  const world = new ModelledWorld({ seed: SEED, delayMs: [30, 60] })
  await world.grow(100)
  await world.run(30_000)
  const links = ({ node }: Inhabitant): number => node.status().sessions.length
  const from = [...world.alive].sort((a, b) => links(a) - links(b))[0]!
  const through = throughOneHop(world, from, 4)
  await world.run(5000)
  return { world, from, ...through }
}

it(`a hop that is frozen with its links up costs the first message one probe timeout, and the next ones nothing (seed ${SEED})`, async () => {
  const { world, from, hop, keys } = await hundredNodes()
  hop.links.freeze()
  const ring = new TrueRing(world.alive.filter((one) => one !== hop).map(({ identity }) => identity.id))
  for (const [i, key] of keys.entries()) {
    const { responder, tookMs } = await ask(world, from, key)
    expect(responder).toBe(ring.root(key))
    expect(tookMs).toBeLessThan((i === 0 ? PROBE_TIMEOUT_MS : 0) + 4 * ROUND_TRIP_MS)
  }
  expect(from.links.get(hop.identity.id)?.isOpen).toBe(true)
  await world.run(3000)
  expect(from.links.get(hop.identity.id)).toBeUndefined()
  expect(world.errors).toEqual([])
}, 30_000)

it(`a hop that takes messages and passes none on costs as long as the sender waits for the second attempt (seed ${SEED})`, async () => {
  const { world, from, hop, keys } = await hundredNodes()
  const links = hop.links as unknown as { arrived(link: Link, message: Bytes): void }
  const arrived = links.arrived.bind(links)
  links.arrived = (link, message) => void (message[0] === MESSAGE.routed || arrived(link, message))
  for (const [i, retryAfterMs] of [undefined, 800, 2000].entries()) {
    const { tookMs } = await ask(world, from, keys[i]!, retryAfterMs === undefined ? {} : { retryAfterMs })
    const waitedMs = retryAfterMs ?? 5000
    expect(tookMs).toBeGreaterThan(waitedMs)
    expect(tookMs).toBeLessThan(waitedMs + 4 * ROUND_TRIP_MS)
  }
}, 30_000)
