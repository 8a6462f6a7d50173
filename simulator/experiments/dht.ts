// Records in a network whose nodes are replaced, a share of them at one moment every ten minutes: those who go fall silent,
// and as many new ones join over the next minute. Nothing may be lost; what keeping it so costs is printed.

import { trafficSince, type TypeTraffic } from '../world/traffic-log.ts'
import { type Experiment } from './experiment.ts'
import { type Lab } from './lab.ts'
import { linksPlot, stateFigures, trafficPlot } from './network-state.ts'
import { mean } from './statistics.ts'
import {
  holdersOf,
  putRecords,
  readFigures,
  readRecords,
  replicaBytes,
  type StoredRecord,
  withoutHolder,
} from './stored-records.ts'

const ROUND_MS = 600_000
const JOINING_MS = 60_000
const READING_MS = 60_000
const LOOK_EVERY_MS = 60_000
/** Of the records, when looking how many keep each. */
const LOOKED_AT = 200
const SETTLE_MS = 60_000

export const dht: Experiment = {
  name: 'dht',
  about: '--records are put and --replace of the nodes replaced every 10 minutes for --minutes: what is lost',
  async run(lab) {
    await lab.grow()
    const { world, options } = lab
    const stored = await putRecords(lab, options.records)
    await lab.run(SETTLE_MS)
    world.network.settleCounters()
    const { traffic } = world.network
    const [before, routedBefore, startedMs] = [traffic.byType(), traffic.byApplication(), world.nowMs]
    const holders: { x: number; y: number }[] = []
    const rounds = Math.max(1, Math.round((options.minutes * 60_000) / ROUND_MS))
    for (let round = 0; round < rounds; round++) {
      await replace(lab, Math.round(options.replace * options.nodes))
      while (world.nowMs < startedMs + (round + 1) * ROUND_MS) {
        await lab.run(Math.min(LOOK_EVERY_MS, startedMs + (round + 1) * ROUND_MS - world.nowMs), 'replacing')
        holders.push({ x: (world.nowMs - startedMs) / 60_000, y: meanHolders(lab, stored) })
      }
    }
    world.network.settleCounters()
    const nodeSeconds = (options.nodes * (world.nowMs - startedMs)) / 1000
    const byType = trafficSince(before, traffic.byType())
    const routed = trafficSince(routedBefore, traffic.byApplication())
    const lost = withoutHolder(lab, stored)
    const reads = await readRecords(lab, stored, READING_MS)
    return {
      figures: {
        ...stateFigures(lab),
        ...readFigures(lab, stored, reads),
        recordsLost: lost.length,
        putsRefused: options.records - stored.length,
        holdersMean: meanHolders(lab, stored),
        replicasPerNode: mean(world.alive.map(({ node }) => node.status().replicas.count)),
        replaced: rounds * Math.round(options.replace * options.nodes),
        packetsPerNode: sum(byType, 'packets') / nodeSeconds,
        bytesPerNode: sum(byType, 'bytes') / nodeSeconds,
        upkeepBytesPerSecond: replicaBytes(byType, routed) / nodeSeconds,
        ...lab.checkers.figures,
      },
      plots: [
        {
          kind: 'lines',
          title: `Nodes that keep a record, mean of ${LOOKED_AT} records`,
          x: 'virtual minutes',
          y: 'nodes',
          lines: [{ label: 'holders', points: holders }],
        },
        linksPlot(lab),
        trafficPlot(lab),
      ],
      notes: [
        'upkeepBytesPerSecond is what holders of replicas send each other, per node, over links and routed, without acknowledgements; bytesPerNode is everything',
        `by type, B/s per node: ${rates(byType, nodeSeconds)}`,
        `of these, routed messages and answers by application: ${rates(routed, nodeSeconds)}`,
        ...lost.slice(0, 5).map(({ key }) => `  lost: ${key}`),
        ...lab.checkers.notes,
      ],
    }
  },
}

/** All at one moment, but for the bootstrap hosts: without them nobody could join. */
async function replace(lab: Lab, count: number): Promise<void> {
  const { world, options, probes } = lab
  const mortal = world.alive.filter(({ number }) => number >= options.bootstraps)
  world.kill(world.sample(mortal, count))
  for (let joined = 0; joined < count; joined++) {
    probes.offer(await world.join())
    await lab.run(JOINING_MS / count, 'replacing')
  }
}

function meanHolders(lab: Lab, stored: readonly StoredRecord[]): number {
  const stride = Math.max(1, Math.floor(stored.length / LOOKED_AT))
  return mean(stored.filter((_, i) => i % stride === 0).map((each) => holdersOf(lab, each)))
}

function sum(traffic: readonly TypeTraffic[], figure: 'packets' | 'bytes'): number {
  return traffic.reduce((total, each) => total + each[figure], 0)
}

function rates(traffic: readonly TypeTraffic[], nodeSeconds: number): string {
  return traffic.map(({ type, bytes }) => `${type} ${(bytes / nodeSeconds).toFixed(2)}`).join(', ')
}
