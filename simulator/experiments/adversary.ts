// A share of the nodes is hostile from its first moment (adversary/): they conspire, and drop, misroute, lie, replay and flood.
// Honest nodes put records and send to each other, and what their reads and sends come to is counted. With --eclipse all
// hostile ids lie in one key's neighbourhood, and the records are those whose first root lies there.

import { compareDistance, type Id, ID_BYTES, idFromBytes } from '../../main/overlay/base/id.ts'
import { REPLICAS_PER_ROOT } from '../../main/overlay/dht/placement.ts'
import { rootKeys } from '../../main/overlay/dht/replica-store.ts'
import { type Behaviour, BEHAVIOURS, behavioursOf } from '../adversary/behaviours.ts'
import { Colluders } from '../adversary/colluders.ts'
import { type SimOptions, UsageError } from '../options.ts'
import { type Host, type World } from '../world/world.ts'
import {
  type Arc,
  type Attacked,
  type AttackedRead,
  honestHolders,
  putAll,
  readAll,
  writeAttacked,
} from './attacked-records.ts'
import { type Experiment, type Figures } from './experiment.ts'
import { histogramPlot } from './histogram-plot.ts'
import { type Lab } from './lab.ts'
import { mean, percentile } from './statistics.ts'

/** Below what nodes take from one source. */
const PUTTING_MS = 20_000
const SETTLE_MS = 30_000
const READING_MS = 60_000
const SENDING_MS = 20_000
const STEP_MS = 500
const BAR_MS = 250
/** What a node counts of others' messages that it did not take for their number, by the words of its counters. */
const OVER_THE_RATE = /rate|quota|too many|malformed|too-large/

export const adversary: Experiment = {
  name: 'adversary',
  about:
    '--share of the nodes are hostile and conspire: reads and sends of the others; --eclipse: all at one key',
  async run(lab) {
    const { options, world } = lab
    const arc = options.eclipse ? arcOf(world, options) : undefined
    const colluders = colludersOf(lab, arc)
    world.disguise = colluders
    await lab.grow()
    const honest = world.alive.filter(({ number }) => !colluders.isHostile(number))
    const inner = arc && { centre: arc.centre, radius: arc.radius / 2n }
    const written = writeAttacked(lab, honest, options.records, inner)
    colluders.attack()
    const first = await putAll(lab, written, (record) => record.first, PUTTING_MS)
    await lab.run(SETTLE_MS, 'settling')
    const second = await putAll(lab, [...first], (record) => record.second, PUTTING_MS)
    await lab.run(SETTLE_MS, 'settling')
    const stored = [...second]
    const before = sentMessages(world)
    const reads = await readAll(lab, honest, stored, READING_MS)
    const perRead = (sentMessages(world) - before) / Math.max(1, stored.length)
    const sends = await sendBetween(lab, honest, options.sends)
    const times = reads.filter(({ outcome }) => outcome === 'correct').map(({ ms }) => ms)
    return {
      figures: {
        hostile: world.alive.length - honest.length,
        records: stored.length,
        putsRefused: written.length - stored.length,
        ...readFigures(reads),
        readMedianMs: percentile(times, 0.5),
        readP95Ms: percentile(times, 0.95),
        readP99Ms: percentile(times, 0.99),
        getsPerRead: perRead,
        ...heldFigures(world, stored, reads, colluders),
        withoutHonestHolder: stored.filter((each) => honestHolders(honest, each) === 0).length,
        ...sends,
        ...neighbourhoodFigures(honest, colluders),
        floodsSent: colluders.done.get('flood') ?? 0,
        floodsDropped: dropped(honest),
        idsTried: colluders.triedIds,
        overlayErrors: world.errors.length,
      },
      plots: [histogramPlot('Correct reads by time', times, { x: 'ms', unit: 'reads', width: BAR_MS })],
      notes: [
        'readsCorrect: the newest version that was put came back. readsWrong: readsStale (version 1 was given although its author had been told that version 2 is kept) and readsForged (anything that was never put); missing: nothing came back',
        'bothRootsHeld: records whose four closest nodes at both roots are hostile, so that no honest node is to keep them; readsCorrectElsewhere and readsWrongElsewhere leave these out',
        `behaviours: ${[...colluders.behaviours].join(', ')}; done: ${[...colluders.done].map(([what, times]) => `${what} ${times}`).join(', ')}`,
        ...world.errors.slice(0, 5).map((error) => `  problem: ${error}`),
      ],
    }
  },
}

function colludersOf({ options, world }: Lab, arc: Arc | undefined): Colluders {
  const behaviours = behavioursOf(options.variant)
  if (!behaviours) throw new UsageError(`--variant is some of ${BEHAVIOURS.join(',')} between commas`)
  const mortal = Array.from({ length: options.nodes - options.bootstraps }, (_, i) => options.bootstraps + i)
  const hosts = new Set(world.sample(mortal, Math.round(options.share * options.nodes)))
  return new Colluders({
    seed: options.seed ^ 0xbad,
    crypto: world.crypto,
    hosts,
    behaviours: behaviours as ReadonlySet<Behaviour>,
    junkExpiresAtMs: world.wallMs + 24 * 3600 * 1000,
    ...(arc && { arc }),
  })
}

/** A quarter as wide as nodes lie apart on the mean: mostly no honest one lies among all the hostile ones. */
function arcOf(world: World, { nodes }: SimOptions): Arc {
  const centre: Id = idFromBytes(world.random.bytes(ID_BYTES))
  return { centre, radius: 2n ** BigInt(8 * ID_BYTES) / BigInt(8 * nodes) }
}

function readFigures(reads: readonly AttackedRead[]): Figures {
  const count = (outcome: AttackedRead['outcome']): number =>
    reads.filter((read) => read.outcome === outcome).length
  const [stale, forged] = [count('stale'), count('forged')]
  return {
    readsCorrect: count('correct') / Math.max(1, reads.length),
    readsWrong: stale + forged,
    readsStale: stale,
    readsForged: forged,
    readsMissing: count('missing'),
  }
}

/** Each between two honest nodes; delivered is what came to its receiver, whatever the sender was told. */
async function sendBetween(lab: Lab, honest: readonly Host[], count: number): Promise<Figures> {
  const { world } = lab
  const arrived = new Set<number>()
  for (const { node } of honest)
    node.on({
      message: (_from, payload) =>
        void arrived.add(new DataView(payload.buffer, payload.byteOffset).getUint32(0)),
    })
  const acknowledged = new Set<number>()
  let ended = 0
  for (let i = 0; i < count; i++) {
    const [from, to] = world.sample(honest, 2) as [Host, Host]
    const payload = new Uint8Array(64)
    new DataView(payload.buffer).setUint32(0, i)
    world.queue.at(world.nowMs + ((i + 1) * SENDING_MS) / count, () => {
      void from.node.send(to.id, payload).then(({ kind }) => {
        if (kind === 'delivered') acknowledged.add(i)
        ended++
      })
    })
  }
  const untilMs = world.nowMs + SENDING_MS + 2 * SETTLE_MS
  while (ended < count && world.nowMs < untilMs) await lab.run(STEP_MS, 'sending')
  return {
    delivered: arrived.size / Math.max(1, count),
    sendsFalselyAcknowledged: [...acknowledged].filter((i) => !arrived.has(i)).length,
  }
}

/** How many of honest nodes' neighbours are hostile, on the mean. */
function neighbourhoodFigures(honest: readonly Host[], colluders: Colluders): Figures {
  const shareOf = (ids: readonly Id[]): number =>
    ids.filter((id) => colluders.has(id)).length / Math.max(1, ids.length)
  return {
    hostileLinks: mean(honest.map(({ links }) => shareOf(links.all().map(({ peer }) => peer.id)))),
    hostileLeaves: mean(
      honest.map(({ node: { leafSet } }) => shareOf([...new Set([...leafSet.above, ...leafSet.below])])),
    ),
  }
}

/**
 * Of a root that is held, the four closest nodes are all hostile. Whoever holds both roots of a record has all of its replicas:
 * reads of those are told apart.
 */
function heldFigures(
  world: World,
  stored: readonly Attacked[],
  reads: readonly AttackedRead[],
  colluders: Colluders,
): Figures {
  const ids = world.alive.map(({ id }) => id)
  const isHeld = ({ key }: Attacked, root: number): boolean => {
    const rootKey = rootKeys(world, key)[root]!
    const closest = [...ids].sort((a, b) => compareDistance(rootKey, a, b)).slice(0, REPLICAS_PER_ROOT)
    return closest.every((id) => colluders.has(id))
  }
  const [first, second] = [0, 1].map((root) => new Set(stored.filter((each) => isHeld(each, root))))
  const both = new Set([...first!].filter((each) => second!.has(each)))
  const elsewhere = reads.filter(({ record }) => !both.has(record))
  return {
    firstRootsHeld: first!.size / Math.max(1, stored.length),
    bothRootsHeld: both.size,
    readsCorrectElsewhere: readFigures(elsewhere).readsCorrect!,
    readsWrongElsewhere: readFigures(elsewhere).readsWrong!,
  }
}

function dropped(honest: readonly Host[]): number {
  let total = 0
  for (const { node } of honest)
    for (const [what, times] of Object.entries(node.status().dropped))
      if (OVER_THE_RATE.test(what)) total += times
  return total
}

/** Gets on links, of requests alone. */
function sentMessages({ network }: World): number {
  return network.traffic.byApplication().find(({ type }) => type === 'get')?.packets ?? 0
}
