// The overlay's own figures for a comparison: what it delivers, what a send costs beyond its upkeep, what it keeps; and
// the pairs and the dead of its run, so that others can be asked the same.

import { type Pair } from '../baselines/measured-sends.ts'
import { trafficSince, type TypeTraffic } from '../world/traffic-log.ts'
import { type Row } from './comparison.ts'
import { type Figures } from './experiment.ts'
import { type Lab } from './lab.ts'
import { type Idle, measureIdle, stateFigures, upkeepFigures, upkeepNotes } from './network-state.ts'
import { type SendRecord, sendRandomly } from './random-sends.ts'
import { sendFigures } from './reach.ts'
import { percentile } from './statistics.ts'

export interface Reference {
  pairs: Pair[]
  killed: number[]
  /** In the median. */
  links: number
  /** Of the overlay, and of a greedy walk over its links; none where it did not run. */
  rows: Row[]
  figures: Figures
  notes: string[]
}

const IDLE_SECONDS = 60
/** What a send is made of; the same types carry upkeep too, which is subtracted by its rate when idle. */
const SEND_TYPES = ['routed', 'routedReply', 'ack', 'retransmission']

/** Grows the laboratory's network and sends for so long. */
export async function measureReference(lab: Lab, overMs: number): Promise<Reference> {
  const { options, world } = lab
  await lab.grow()
  const idle = await measureIdle(lab, IDLE_SECONDS * 1000)
  const state = stateFigures(lab)
  const victims = world.sample(world.alive, Math.round(options.kill * world.alive.length))
  world.kill(victims)
  const before = traffic(lab)
  const startedMs = world.nowMs
  const records = await sendRandomly(lab, options.sends, overMs)
  const spent = trafficSince(before, traffic(lab))
  const seconds = (world.nowMs - startedMs) / 1000
  const cost = (figure: 'packets' | 'bytes'): number =>
    (sum(spent, figure) - (seconds / IDLE_SECONDS) * sum(idle.byType, figure)) / options.sends
  const figures = { ...sendFigures(records, options.sends), ...state, ...upkeepFigures(idle) }
  return {
    // Those that end first are no fair sample, and some baselines are asked no more than the first.
    pairs: world.sample(
      records.map(({ from, to }): Pair => [from.number, to.number]),
      records.length,
    ),
    killed: victims.map(({ number }) => number),
    links: figures.linksPerNode!,
    rows: [
      overlayRow(figures, idle, { packets: cost('packets'), bytes: cost('bytes') }),
      greedyRow(figures, records),
    ],
    figures: { ...figures, ...lab.checkers.figures },
    notes: [...upkeepNotes(idle), ...lab.checkers.notes],
  }
}

function overlayRow(figures: Figures, idle: Idle, cost: { packets: number; bytes: number }): Row {
  return {
    name: 'overlay',
    label: 'overlay',
    sends: figures.sends!,
    delivered: figures.delivered!,
    meanHops: figures.meanHops!,
    p99Hops: figures.p99Hops!,
    medianMs: figures.medianMs!,
    packetsPerSend: cost.packets,
    bytesPerSend: cost.bytes,
    upkeepPackets: idle.packetsPerNodeSecond,
    upkeepBytes: idle.bytesPerNodeSecond,
    entries: figures.linksPerNode! + figures.recordsPerNodeMean!,
    entriesMax: figures.linksPerNodeMax! + figures.recordsPerNodeMax!,
  }
}

/** A walk, not a protocol: it costs its hops. */
function greedyRow(figures: Figures, records: readonly SendRecord[]): Row {
  const hops = records.flatMap(({ greedy }) => (greedy.isDelivered ? [greedy.hops] : []))
  return {
    name: 'greedy',
    label: 'greedy Pastry',
    sends: records.length,
    delivered: figures.greedyDelivered!,
    meanHops: figures.greedyMeanHops!,
    p99Hops: percentile(hops, 0.99),
    entries: figures.linksPerNode!,
    entriesMax: figures.linksPerNodeMax!,
  }
}

function traffic({ world: { network } }: Lab): TypeTraffic[] {
  network.settleCounters()
  return network.traffic.byType()
}

function sum(spent: readonly TypeTraffic[], figure: 'packets' | 'bytes'): number {
  return spent
    .filter(({ type }) => SEND_TYPES.includes(type))
    .reduce((total, each) => total + each[figure], 0)
}
