// Can anybody reach anybody? Random sends between nodes that are up, beside a greedy walk over the same links.

import { type Experiment, type Figures, type Outcome, type Plot } from './experiment.ts'
import { histogramPlot } from './histogram-plot.ts'
import { type Lab } from './lab.ts'
import {
  linksPlot,
  measureIdle,
  networkMap,
  stateFigures,
  trafficPlot,
  treePlot,
  upkeepFigures,
  upkeepNotes,
} from './network-state.ts'
import { type SendRecord, sendRandomly } from './random-sends.ts'
import { mean, percentile } from './statistics.ts'
import { traceRoutes } from './traced-routes.ts'

/** Before anything repairs itself: a dead neighbour is found after 3 s. */
const KILLED_SENDS_MS = 2000
const LEAST_SENDS_MS = 5000
/** Sends per node and second: a chat's, at a busy moment. */
const SEND_RATE = 0.5
const DRAWN_ROUTES = 12

export const reach: Experiment = {
  name: 'reach',
  about: 'random sends between nodes that are up: delivery, hops, links, upkeep, and greedy beside it',
  async run(lab) {
    await lab.grow()
    return measureReach(lab)
  },
}

/** `more` turns the sends into further figures. */
export async function measureReach(
  lab: Lab,
  more: (records: readonly SendRecord[]) => Figures = () => ({}),
): Promise<Outcome> {
  const { options, world } = lab
  const idle = await measureIdle(lab)
  const state = stateFigures(lab)
  const links = linksPlot(lab)
  if (options.kill > 0) world.kill(world.sample(world.alive, Math.round(options.kill * world.alive.length)))
  const overMs =
    options.kill > 0
      ? KILLED_SENDS_MS
      : Math.max(LEAST_SENDS_MS, (1000 * options.sends) / (SEND_RATE * world.alive.length))
  const records = await sendRandomly(lab, options.sends, overMs)
  const figures = {
    ...sendFigures(records, options.sends),
    ...state,
    ...upkeepFigures(idle),
    ...more(records),
  }
  return {
    figures: { ...figures, ...lab.checkers.figures },
    notes: [...failureNotes(records), ...upkeepNotes(idle), ...lab.checkers.notes],
    // What follows is not part of what is measured: for a report, some messages are sent again one by one.
    trace: world.network.traffic.traceHash,
    plots: [...sendPlots(figures, records), links, trafficPlot(lab), ...(await drawings(lab, records))],
  }
}

export function sendFigures(records: readonly SendRecord[], sends: number): Figures {
  const arrived = records.flatMap(({ result, directMs }) =>
    result.isDelivered ? [{ ...result, directMs }] : [],
  )
  const hops = arrived.map((each) => each.hops)
  const byGreedy = records.filter(({ greedy }) => greedy.isDelivered)
  return {
    sends,
    delivered: arrived.length / sends,
    meanHops: mean(hops),
    p99Hops: percentile(hops, 0.99),
    greedyDelivered: byGreedy.length / sends,
    greedyMeanHops: mean(byGreedy.map(({ greedy }) => greedy.hops)),
    medianMs: percentile(
      arrived.map(({ tookMs }) => tookMs),
      0.5,
    ),
    p99Ms: percentile(
      arrived.map(({ tookMs }) => tookMs),
      0.99,
    ),
    stretch: percentile(
      arrived.filter((each) => each.hops > 0).map(({ tookMs, directMs }) => tookMs / directMs),
      0.5,
    ),
  }
}

function failureNotes(records: readonly SendRecord[]): string[] {
  const reasons = new Map<string, number>()
  for (const { result } of records)
    if (!result.isDelivered) reasons.set(result.why, (reasons.get(result.why) ?? 0) + 1)
  const words = [...reasons].map(([why, count]) => `${count} x ${why}`)
  return words.length === 0 ? [] : [`not delivered: ${words.join(', ')}`]
}

function sendPlots(figures: Figures, records: readonly SendRecord[]): Plot[] {
  const hops = records.flatMap(({ result }) => (result.isDelivered ? [result.hops] : []))
  return [
    {
      kind: 'bars',
      title: 'Delivered',
      unit: '%',
      bars: [
        { label: 'overlay', value: 100 * figures.delivered! },
        { label: 'greedy over links', value: 100 * figures.greedyDelivered! },
      ],
    },
    histogramPlot('Hops', hops, { x: 'hops', unit: 'messages' }),
  ]
}

async function drawings(lab: Lab, records: readonly SendRecord[]): Promise<Plot[]> {
  if (!lab.options.report) return []
  const tree = treePlot(lab, records[0]!.to)
  const routes = await traceRoutes(lab, records.slice(0, DRAWN_ROUTES))
  return [{ kind: 'map', title: 'The network and some ways of messages', map: networkMap(lab, routes) }, tree]
}
