// A fifth of the nodes fall silent at one moment, and every record is read at once, before anybody has found out. What is
// not found, and how long a read takes beside the round trip of the slowest link.

import { type Experiment } from './experiment.ts'
import { histogramPlot } from './histogram-plot.ts'
import { type Lab } from './lab.ts'
import { stateFigures, trafficPlot } from './network-state.ts'
import { maximum, percentile } from './statistics.ts'
import { putRecords, readRecords, withoutHolder } from './stored-records.ts'

/** Within the three seconds that the transport takes to call a peer silent. */
const READING_MS = 1000
/** The joins of the last nodes have moved what was put before. */
const SETTLE_MS = 30_000
const BAR_MS = 100

export const dhtCrash: Experiment = {
  name: 'dht-crash',
  about: '--records are put, --kill of the nodes stop silently at once, and every record is read at once',
  async run(lab) {
    await lab.grow()
    const { world, options } = lab
    const stored = await putRecords(lab, options.records)
    await lab.run(SETTLE_MS)
    const slowestMs = slowestRoundTripMs(lab)
    world.kill(world.sample(world.alive, Math.round(options.kill * world.alive.length)))
    const reads = await readRecords(lab, stored, READING_MS)
    const times = reads.filter(({ isFound }) => isFound).map(({ ms }) => ms)
    const p95Ms = percentile(times, 0.95)
    return {
      figures: {
        ...stateFigures(lab),
        records: stored.length,
        putsRefused: options.records - stored.length,
        readsFound: times.length / Math.max(1, stored.length),
        readsWrong: reads.filter(({ isFound, isCorrect }) => isFound && !isCorrect).length,
        recordsLost: withoutHolder(lab, stored).length,
        medianMs: percentile(times, 0.5),
        p95Ms,
        p99Ms: percentile(times, 0.99),
        slowestRoundTripMs: slowestMs,
        p95RoundTrips: p95Ms / slowestMs,
        ...lab.checkers.figures,
      },
      plots: [
        histogramPlot('Reads by time', times, { x: 'ms', unit: 'reads', width: BAR_MS }),
        trafficPlot(lab),
      ],
      notes: [
        `slowestRoundTripMs is that of the slowest link that was up before the crash; every read begins within ${READING_MS} ms of it`,
        ...lab.checkers.notes,
      ],
    }
  },
}

function slowestRoundTripMs({ world }: Lab): number {
  const { terrain } = world.network
  return maximum(
    world.alive.flatMap(({ number, links }) =>
      [...links.all()].map(({ peerHost }) => 2 * terrain.delayMs(number, peerHost)),
    ),
  )
}
