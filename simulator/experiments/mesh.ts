// A room's mesh: its views, the redundancy of its broadcasts, and what becomes of them when half of the members, or four of
// five, die at once. The mesh's shipped code runs over modelled sessions, without the rest of a node.

import { type MeshOptions } from '../../main/overlay/mesh/meshes.ts'
import { MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { BroadcastLog } from '../mesh/broadcast-log.ts'
import { MeshCrowd } from '../mesh/mesh-crowd.ts'
import { type SimOptions, UsageError } from '../options.ts'
import { type Experiment, type Figures, type Outcome } from './experiment.ts'
import { histogramPlot } from './histogram-plot.ts'
import { Lab } from './lab.ts'
import { maximum, mean, percentile } from './statistics.ts'

/** Each protocol as measured for docs/decisions.md; '' is what ships. */
const VARIANTS: Record<string, Partial<MeshOptions>> = {
  '': {},
  /** Plumtree as written: every duplicate cuts, everything is announced to all, four hops are worth another way. */
  paper: { announceTo: Infinity, alarmMs: 0, neededMs: 0, optimiseHops: 4 },
  'announce-all': { announceTo: Infinity, alarmMs: 0 },
  'short-walks': { acceptance: 8 },
  /** Plumtree's prune: every duplicate cuts. */
  'cut-always': { neededMs: 0 },
  'no-alarm': { alarmMs: 0 },
  'no-calm': { calmAfterMs: Infinity },
  'no-optimisation': { optimiseHops: Infinity },
}

const SETTLE_MS = 60_000
const WARM_UP = 60
const MEASURED = 100
/** Chosen: all hundred within twenty seconds, so that most are sent before anybody has noticed who died. */
const EVERY_MS = 200
const WITHIN_MS = 10_000
/** Until the last of a hundred may be late. */
const WAIT_MS = WITHIN_MS + 2000
const DEATHS = [0.5, 0.8]

export const mesh: Experiment & { parameters(options: SimOptions): string[] } = {
  name: 'mesh',
  about: 'a room of --nodes members: views, redundancy, and delivery after half, and 80 %, die at once',
  parameters: (options) => [
    `experiment mesh, ${options.nodes} members, seed ${options.seed}, variant ${options.variant || 'as shipped'}`,
    "depth: the mesh's shipped code over modelled sessions, without the rest of a node (no routing, no relays: pairs that cannot be punched have no link)",
    `terrain: ${new Lab(options).world.network.terrain.describe}; jitter ${100 * options.jitter} %; loss costs a retransmission`,
    `${WARM_UP} broadcasts to form the tree, then ${MEASURED}, then ${MEASURED} right after the deaths, each from a member drawn at random, one every ${EVERY_MS} ms`,
  ],
  async run(lab) {
    const { kill } = lab.options
    const deaths = kill > 0 ? [kill] : DEATHS
    let outcome: Outcome | undefined
    for (const [i, death] of deaths.entries()) {
      const stage = i === 0 ? lab : new Lab(lab.options, lab.report)
      const stable = await runMesh(stage, death)
      outcome = outcome
        ? {
            ...outcome,
            figures: { ...stable.figures, ...outcome.figures },
            notes: [...outcome.notes, ...stable.notes],
          }
        : stable
    }
    return outcome!
  },
}

/** Figures after the deaths carry their share in their names. */
async function runMesh(lab: Lab, death: number): Promise<Outcome> {
  const { world, options } = lab
  const changes = VARIANTS[options.variant]
  if (!changes) throw new UsageError(`--variant is one of ${Object.keys(VARIANTS).join(', ')}`)
  const log: BroadcastLog = new BroadcastLog(() => crowd)
  const crowd = new MeshCrowd(world, { areJoinsBroadcast: false, ...changes }, (member, message) =>
    log.heard(member, message),
  )
  const say = (phase: string): void =>
    lab.report({ phase, nodes: crowd.alive.length, virtualMs: world.nowMs, events: world.queue.processed })
  await crowd.grow(options.nodes, () => say('growing'))
  const subscriptions = crowd.sent[MESSAGE.meshSubscribe]! / options.nodes
  await world.run(SETTLE_MS)
  const views = crowd.alive.map(({ meshes }) => meshes.view(crowd.mesh)!)
  const beforeWarmUp = snapshot(crowd)
  await broadcast(crowd, log, WARM_UP, say)
  const warmUp = since(crowd, beforeWarmUp)
  const warmed = log.since(0, Infinity)

  const firstStable = log.count
  const beforeStable = snapshot(crowd)
  await broadcast(crowd, log, MEASURED, say)
  const stable = log.since(firstStable, Infinity)
  const sent = since(crowd, beforeStable)

  crowd.kill(world.sample(crowd.alive, Math.round(death * crowd.alive.length)))
  const firstAfter = log.count
  const beforeAfter = snapshot(crowd)
  await broadcast(crowd, log, MEASURED, say)
  const after = log.since(firstAfter, WITHIN_MS)
  const sentAfter = since(crowd, beforeAfter)

  const held = views.map((view) => view.held.length)
  const holders = views.map((view) => view.holders.length)
  const percent = Math.round(100 * death)
  const figures: Figures = {
    rmr: sent.payloads / stable.hearings - 1,
    viewSizeMean: mean(held),
    viewSizeMin: -maximum(held.map((size) => -size)),
    viewSizeMax: maximum(held),
    inViewMin: -maximum(holders.map((size) => -size)),
    inViewMax: maximum(holders),
    controlPerBroadcast: sent.control / MEASURED,
    announcementsPerBroadcast: sent.announcements / MEASURED,
    graftsPerBroadcast: sent.grafts / MEASURED,
    prunesPerBroadcast: sent.prunes / MEASURED,
    delivered: stable.share,
    delayP50Ms: percentile(stable.delays, 0.5),
    delayP99Ms: percentile(stable.delays, 0.99),
    delayMaxMs: maximum(stable.delays),
    deliveredWarmUp: warmed.share,
    rmrWarmUp: warmUp.payloads / warmed.hearings - 1,
    subscriptionsPerJoin: subscriptions,
    heardTwice: log.heardTwice,
    overlayErrors: crowd.log.errors.length,
    [`delivered${percent}`]: after.share,
    [`delayP50Ms${percent}`]: percentile(after.delays, 0.5),
    [`delayP99Ms${percent}`]: percentile(after.delays, 0.99),
    [`delayMaxMs${percent}`]: maximum(after.delays),
    [`controlPerBroadcast${percent}`]: sentAfter.control / MEASURED,
  }
  return {
    figures,
    plots: [
      histogramPlot('Views', held, { x: 'members in it', unit: 'members' }),
      histogramPlot('In-views', holders, { x: 'members in it', unit: 'members', width: 2 }),
      histogramPlot('Delay, stable', stable.delays, { x: 'ms', unit: 'hearings', width: 100 }),
      histogramPlot(`Delay after ${percent} % died`, after.delays, { x: 'ms', unit: 'hearings', width: 500 }),
    ],
    notes: [
      `stable: ${(100 * figures.delivered!).toFixed(4)} % delivered, RMR ${figures.rmr!.toFixed(4)}, ${Math.round(figures.controlPerBroadcast!)} control messages a broadcast`,
      `after ${percent} % died: ${(100 * after.share).toFixed(4)} % of what survivors sent reached survivors within ${WITHIN_MS / 1000} s`,
      `dropped: ${JSON.stringify(dropped(crowd))}`,
    ],
  }
}

async function broadcast(
  crowd: MeshCrowd,
  log: BroadcastLog,
  count: number,
  say: (phase: string) => void,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    log.send(crowd.world.pick(crowd.alive))
    await crowd.world.run(EVERY_MS)
    say('broadcasting')
  }
  await crowd.world.run(WAIT_MS)
}

interface SentMessages {
  payloads: number
  announcements: number
  grafts: number
  prunes: number
  control: number
}

function snapshot({ sent }: MeshCrowd): Float64Array {
  return sent.slice()
}

function since({ sent }: MeshCrowd, before: Float64Array): SentMessages {
  const of = (type: number): number => sent[type]! - before[type]!
  const announcements = of(MESSAGE.meshAnnounce)
  const grafts = of(MESSAGE.meshGraft)
  const prunes = of(MESSAGE.meshPrune)
  const control = announcements + grafts + prunes
  return { payloads: of(MESSAGE.meshPayload), announcements, grafts, prunes, control }
}

function dropped(crowd: MeshCrowd): Record<string, number> {
  const all: Record<string, number> = {}
  for (const { drops } of crowd.alive)
    for (const [reason, count] of Object.entries(drops.snapshot())) all[reason] = (all[reason] ?? 0) + count
  return all
}
