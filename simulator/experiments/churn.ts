// Nodes come and go (world/population.ts), and random sends go on. A send counts where both its ends stayed up until its
// answer. Optionally a crowd arrives within ten seconds, half way through. A topic is published to all the while; a newcomer
// takes the place of a member that died.

import { TopicLog } from '../topic/topic-log.ts'
import { Population } from '../world/population.ts'
import { trafficSince, type TypeTraffic } from '../world/traffic-log.ts'
import { type Experiment, type Figures } from './experiment.ts'
import { type Lab } from './lab.ts'
import { linksPlot, stateFigures, trafficPlot, upkeepNotes } from './network-state.ts'
import { type SendRecord, sendRandomly } from './random-sends.ts'
import { sendFigures } from './reach.ts'
import { mean } from './statistics.ts'
import { planReads, putRecords, readFigures, replicaBytes, type StoredRecord } from './stored-records.ts'

const CROWD_MS = 10_000
const ROUND_MS = 10_000
/** Of the nodes, at most, so that most of a small network is no member. */
const MEMBER_SHARE = 0.25
const PUBLISH_EVERY_MS = 1000
/** Until the last publication is judged. */
const LAST_MS = 61_000

export const churn: Experiment = {
  name: 'churn',
  about: 'Weibull sessions for --minutes: sends between nodes that are up, and what upkeep costs',
  async run(lab) {
    await lab.grow()
    const { options, world, probes } = lab
    const stored = await putRecords(lab, options.records)
    const topic = new TopicLog(world, world.pick(world.alive).id)
    const members = Math.min(options.members, Math.round(MEMBER_SHARE * options.nodes))
    for (const host of world.sample(world.alive, members)) topic.join(host)
    const population = new Population(world, {
      seed: options.seed,
      medianSessionMs: options['median-session'] * 1000,
      shape: options.shape,
      staying: options.bootstraps,
      onJoin: (host) => {
        probes.offer(host)
        if (topic.members.length < members) topic.join(host)
      },
    })
    population.start()
    await lab.run(options.settle * 1000, 'churning')
    const publishing = publishUntil(lab, topic, world.nowMs + options.minutes * 60_000)
    const { figures, records, notes } = await measureChurn(lab, population, stored)
    await publishing
    await lab.run(LAST_MS, 'judging')
    const { expected, heard } = topic.throughout
    return {
      figures: {
        ...sendFigures(records, records.length),
        ...stateFigures(lab),
        ...figures,
        deaths: population.deaths,
        topicDelivered: heard / Math.max(1, expected),
        topicAccepted: topic.accepted / topic.count,
        ...lab.checkers.figures,
      },
      plots: [linksPlot(lab), trafficPlot(lab)],
      notes: [
        `delivered counts sends whose two ends were up until the answer (${records.length} of ${options.sends})`,
        `topicDelivered: of the accepted of ${topic.count} publications in a topic of ${members} members, to those who had subscribed 15 s before and were up until a minute after (${expected} hearings to be); topicAccepted: of all, as their publishers were told; one that dies before it is told is not`,
        ...notes,
        ...lab.checkers.notes,
      ],
    }
  },
}

/** By a member drawn at random, each second. Ends with the last one. */
function publishUntil({ world }: Lab, topic: TopicLog, untilMs: number): Promise<void> {
  return new Promise((resolve) => {
    const next = (): void => {
      if (world.nowMs >= untilMs) return resolve()
      topic.publish(world.pick(topic.members))
      world.queue.at(world.nowMs + PUBLISH_EVERY_MS, next)
    }
    next()
  })
}

async function measureChurn(
  lab: Lab,
  population: Population,
  stored: readonly StoredRecord[],
): Promise<{ figures: Figures; records: SendRecord[]; notes: string[] }> {
  const { options, world } = lab
  world.network.settleCounters()
  const { traffic } = world.network
  const [before, routedBefore, startedMs] = [traffic.byType(), traffic.byApplication(), world.nowMs]
  const rounds = Math.max(1, Math.round((options.minutes * 60_000) / ROUND_MS))
  const records: SendRecord[] = []
  const sizes: number[] = []
  const reads = planReads(lab, stored, rounds * ROUND_MS)
  for (let round = 0; round < rounds; round++) {
    if (options.crowd > 0 && round === rounds >> 1)
      population.crowd(Math.round(options.crowd * options.nodes), CROWD_MS)
    records.push(...(await sendRandomly(lab, Math.ceil(options.sends / rounds), ROUND_MS)))
    sizes.push(world.alive.length)
  }
  world.network.settleCounters()
  const byType = trafficSince(before, traffic.byType())
  const routed = trafficSince(routedBefore, traffic.byApplication())
  const nodeSeconds = (mean(sizes) * (world.nowMs - startedMs)) / 1000
  const sum = (figure: 'packets' | 'bytes', only?: string): number =>
    byType.reduce((total, each) => total + (only && each.type !== only ? 0 : each[figure]), 0) / nodeSeconds
  const idle = {
    byType,
    packetsPerNodeSecond: sum('packets'),
    bytesPerNodeSecond: sum('bytes'),
    handshakeBytesPerNodeSecond: sum('bytes', 'handshake'),
  }
  // Of the acknowledgements some are the sends', too; they stay where they are, on the side of upkeep.
  const replicas = replicaBytes(byType, routed) / nodeSeconds
  const ofTypes = (traffic: readonly TypeTraffic[], isMeant: (type: string) => boolean): number =>
    traffic.reduce((total, { type, bytes }) => total + (isMeant(type) ? bytes : 0), 0) / nodeSeconds
  const ownSends = ofTypes(routed, isOwn)
  // What is said in the topic; what keeps its tree and fetches what was missed is upkeep.
  const publications = ofTypes([...byType, ...routed], isPublication)
  return {
    records: records.filter(({ wereUp }) => wereUp),
    figures: {
      packetsPerNode: idle.packetsPerNodeSecond,
      bytesPerNode: idle.bytesPerNodeSecond,
      upkeepBytesPerSecond:
        idle.bytesPerNodeSecond - idle.handshakeBytesPerNodeSecond - ownSends - publications - replicas,
      handshakeBytesPerSecond: idle.handshakeBytesPerNodeSecond,
      otherBytesPerSecond: idle.bytesPerNodeSecond - idle.handshakeBytesPerNodeSecond,
      replicaBytesPerSecond: replicas,
      publicationBytesPerSecond: publications,
      ...readFigures(lab, stored, reads),
    },
    notes: [
      'otherBytesPerSecond is bytesPerNode without handshakes and nothing else',
      `upkeepBytesPerSecond is bytesPerNode without handshakes without the experiment's sends and reads and their answers (${ownSends.toFixed(1)} B/s), its publications (${publications.toFixed(1)} B/s), and what keeping its records costs (${replicas.toFixed(1)} B/s)`,
      ...upkeepNotes(idle, 'under churn, the sends included'),
      `by type, B/s per node: ${rates(byType, nodeSeconds)}`,
      `of these, routed messages and answers by application: ${rates(routed, nodeSeconds)}`,
    ],
  }
}

function rates(traffic: readonly TypeTraffic[], nodeSeconds: number): string {
  return traffic.map(({ type, bytes }) => `${type} ${(bytes / nodeSeconds).toFixed(0)}`).join(', ')
}

function isPublication(type: string): boolean {
  return type === 'publication' || type === 'topicServed' || type.startsWith('publish')
}

function isOwn(type: string): boolean {
  return type.startsWith('send') || type.startsWith('get')
}
