import { expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { toHex } from '../../../main/overlay/base/bytes.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { comesBefore } from '../../../main/overlay/base/ring-index.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { APPLICATION, MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import {
  decodeRouted,
  encodeRouted,
  MAX_HOPS,
  NO_KEY_HOPS,
  type RoutedMessage,
} from '../../../main/overlay/wire/routed-message.ts'
import {
  decodeProbe,
  encodeProbe,
  newProbe,
  type UnicastProbe,
} from '../../../main/overlay/wire/unicast-probe.ts'
import { type Inhabitant, type ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { walledWorld } from './walled-world.ts'

const SEED = 1601
const FLOOD = 10_000
const PROBE_DROPS = `routed ${APPLICATION.probe}`

interface Story {
  world: ModelledWorld
  mallory: Inhabitant
  /** Has a link to Mallory, and records that others brought. */
  victim: Inhabitant
  /** Whom only a few can link, so that there is something to keep records for. */
  behind: Inhabitant[]
  /** Every probe that passed Mallory. */
  caught: RoutedMessage[]
  inject(probe: UnicastProbe, hops?: number): void
}

async function begin(seed: number): Promise<Story> {
  const { world, open, behind } = walledWorld({ seed })
  await world.grow(28)
  const [mallory, victim] = open() as [Inhabitant, Inhabitant]
  const caught = listenIn(mallory)
  await world.run(90_000)
  const inject = (probe: UnicastProbe, hops = 0): void =>
    mallory.links.get(victim.identity.id)!.send(encodeRouted(messageOf(world, probe, hops)))
  return { world, mallory, victim, behind: behind(), caught, inject }
}

function listenIn(inhabitant: Inhabitant): RoutedMessage[] {
  const caught: RoutedMessage[] = []
  const { links } = inhabitant
  const arrived = links.arrived.bind(links)
  links.arrived = (link, message) => {
    const routed = message[0] === MESSAGE.routed ? decodeRouted(new Reader(message.subarray(1))) : undefined
    if (routed?.application === APPLICATION.probe) caught.push(routed)
    arrived(link, message)
  }
  return caught
}

function messageOf(world: ModelledWorld, probe: UnicastProbe, hops: number): RoutedMessage {
  return {
    requestId: toHex(world.random.bytes(8)),
    key: probe.origin.id,
    application: APPLICATION.probe,
    isExact: false,
    hops,
    offset: 0,
    detoursLeft: 0,
    source: probe.origin.id,
    keyHops: NO_KEY_HOPS,
    isFollowing: false,
    visited: [],
    payload: encodeProbe(probe),
  }
}

/** A probe of somebody's own, whole and signed. */
function probeOf(world: ModelledWorld, one: Identity, sequence: number, mostHops = MAX_HOPS): UnicastProbe {
  const origin = {
    record: one.selfRecord([{ host: '192.0.2.66', port: 6666 }]),
    nodeKey: one.nodeKey,
    secret: world.random.bytes(16),
  }
  const terms = {
    sequence,
    copy: 0,
    mostHops,
    lifeSeconds: 100,
    nearest: { above: undefined, below: undefined },
  }
  return newProbe(crypto, world.overlayNetwork.id, origin, terms)
}

/** Of an id made up for it, that is no neighbour of the victim's; it goes no farther, so that only the victim has the work. */
function strangersProbe(world: ModelledWorld, { node }: Inhabitant): UnicastProbe {
  for (;;) {
    const seeds = { node: world.random.bytes(32), noise: world.random.bytes(32) }
    const stranger = new Identity(crypto, world.overlayNetwork, seeds)
    const { above, below } = node.leafSet
    if (comesBefore(above.at(-1)!, stranger.id, below.at(-1)!))
      return probeOf(world, stranger, secondsOf(world), 1)
  }
}

const secondsOf = (world: ModelledWorld): number => Math.floor(world.clock.wallMs() / 1000)
const dropsOf = ({ node }: Inhabitant, code: string): number =>
  node.status().dropped[`${PROBE_DROPS}: ${code}`] ?? 0
const waysOf = ({ node }: Inhabitant): Map<NodeId, { link: NodeId; hops: number; expiresMs: number }> =>
  new Map(
    [...node.unicastWays].map(({ target, link, hops, expiresMs }) => [target, { link, hops, expiresMs }]),
  )

it(`probes in another's name are counted and leave nothing (seed ${SEED})`, async () => {
  const { world, mallory, victim, behind, inject } = await begin(SEED)
  const alice = behind[0]!
  const before = waysOf(victim).get(alice.identity.id)
  for (let i = 0; i < 50; i++) {
    const own = probeOf(world, mallory.identity, secondsOf(world) + i)
    inject({ ...own, origin: alice.links.self })
  }
  await world.run(1000)
  expect(dropsOf(victim, 'bad-signature')).toBe(50)
  expect(waysOf(victim).get(alice.identity.id)).toEqual(before)
  expect(world.errors).toEqual([])
}, 30_000)

it(`a probe that is played back makes no way nearer than it was, and none at all once a newer went by (seed ${SEED + 1})`, async () => {
  const { world, mallory, victim, caught, inject } = await begin(SEED + 1)
  const others = caught.filter(
    ({ source }) => source !== mallory.identity.id && source !== victim.identity.id,
  )
  expect(others.length).toBeGreaterThan(5)
  let played = 0
  for (const each of others) {
    const probe = decodeProbe(each.payload, { crypto })
    for (const claimed of [each.hops - 1, each.hops - 2]) {
      if (claimed < 0) continue
      inject(probe, claimed)
      played++
    }
  }
  await world.run(1000)
  // Where the origin has probed anew they are refused for their age, before anybody looks at the chain.
  expect(dropsOf(victim, 'bad-signature')).toBeGreaterThan(3)
  expect(dropsOf(victim, 'bad-signature') + dropsOf(victim, 'refused')).toBe(played)
  for (const [target, { link, hops }] of waysOf(victim)) {
    if (link !== mallory.identity.id) continue
    const truth = others.filter(({ source }) => source === target).map((each) => each.hops + 1)
    expect(hops).toBeGreaterThanOrEqual(Math.min(...truth))
  }

  const heard = listenIn(victim)
  await world.run(200_000)
  const rounds = heard.map(({ payload }) => decodeProbe(payload, { crypto }))
  const outdated = others.filter(({ payload }) => {
    const old = decodeProbe(payload, { crypto })
    return rounds.some(({ origin, sequence }) => origin.id === old.origin.id && sequence > old.sequence)
  })
  expect(outdated.length).toBeGreaterThan(5)
  const refused = dropsOf(victim, 'refused')
  const waysBefore = waysOf(victim)
  for (const { payload, hops } of outdated) inject(decodeProbe(payload, { crypto }), hops)
  await world.run(1000)
  expect(dropsOf(victim, 'refused') - refused).toBe(outdated.length)
  expect(waysOf(victim)).toEqual(waysBefore)
}, 30_000)

const FLOOD_SECONDS = 50

it(`${FLOOD} origins over one link are bounded, and cost nobody else his record (seed ${SEED + 2})`, async () => {
  const { world, mallory, victim, behind, inject } = await begin(SEED + 2)
  const before = [...waysOf(victim)].filter(([, { link }]) => link !== mallory.identity.id)
  expect(before.length).toBeGreaterThan(2)
  for (let second = 0; second < FLOOD_SECONDS; second++) {
    for (let i = 0; i < FLOOD / FLOOD_SECONDS; i++) inject(strangersProbe(world, victim))
    await world.run(1000)
    const present = waysOf(victim)
    for (const [target, { expiresMs }] of before)
      if (expiresMs > world.queue.nowMs) expect(present.has(target)).toBe(true)
  }
  const { node } = victim
  expect(node.unicastRecords).toBe(1024)
  expect(dropsOf(victim, 'refused')).toBeGreaterThan(FLOOD / 2)

  await world.run(100_000)
  for (let i = 0; i < 10; i++) {
    const [from, to] = world.sample(behind, 2) as [Inhabitant, Inhabitant]
    expect((await world.finish(from.node.send(to.identity.id, Uint8Array.of(i)))).kind).toBe('delivered')
  }
  expect(world.errors).toEqual([])
}, 60_000)
