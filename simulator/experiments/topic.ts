// A topic's tree: does everybody hear everything, how late beside the direct way, at what load of the lines; and how soon
// again after a fifth of all nodes died at once.

import { FEW_CHILDREN } from '../../main/overlay/topic/topic-tree.ts'
import { TopicLog } from '../topic/topic-log.ts'
import { type Experiment, type Figures } from './experiment.ts'
import { histogramPlot } from './histogram-plot.ts'
import { type Lab } from './lab.ts'
import { maximum, mean, percentile } from './statistics.ts'

/** Chosen: members subscribe within so long, as after a link was passed around. */
const SUBSCRIBING_MS = 20_000
/** Places in the tree are found and improved meanwhile, and the core is moved twice at most. */
const SETTLE_MS = 120_000
const MEASURED = 100
const EVERY_MS = 200
/** One in so many is published by a node that is no member. */
const OUTSIDERS = 10
const WAIT_MS = 5000
const DEATHS = 0.2
const AFTER_DEATHS_MS = 40_000
const GOAL_MS = 20_000
const GOAL_SHARE = 0.999
/** What comes later was missed, and fetched afterwards. */
const IN_TIME_MS = 5000
/** By the second heartbeat what was missed has come. */
const LAST_MS = 50_000

export const topic: Experiment = {
  name: 'topic',
  about:
    'a topic with --members: deliveries, copies, delay beside the direct way, and after 20 % died at once',
  async run(lab) {
    await lab.grow()
    const { world, options } = lab
    const log = new TopicLog(world, world.pick(world.alive).id)
    await subscribe(lab, log)
    const shape = shapeOf(log)

    log.clearCopies()
    await publish(lab, log, MEASURED * EVERY_MS)
    await lab.run(WAIT_MS)
    const stable = log.between(0)
    const { received, lines } = log.copies()
    const acceptedStable = log.accepted

    const firstAfter = log.count
    const victims = world.sample(world.alive, Math.round((options.kill || DEATHS) * world.alive.length))
    world.kill(victims)
    await publish(lab, log, AFTER_DEATHS_MS)
    await lab.run(LAST_MS, 'waiting')
    const recovery = recoveryOf(log, firstAfter)

    const penalties = stable.hearings.map(({ delayMs, directMs }) => delayMs / directMs)
    const figures: Figures = {
      delivered: stable.share,
      accepted: acceptedStable / MEASURED,
      copiesPerMember: received / stable.expected,
      delayPenaltyMedian: percentile(penalties, 0.5),
      delayPenaltyMembers: percentile(
        stable.hearings
          .filter(({ isByMember }) => isByMember)
          .map(({ delayMs, directMs }) => delayMs / directMs),
        0.5,
      ),
      delayPenaltyP90: percentile(penalties, 0.9),
      relativeAverageDelay:
        mean(stable.hearings.map(({ delayMs }) => delayMs)) /
        mean(stable.hearings.map(({ directMs }) => directMs)),
      delayP50Ms: percentile(
        stable.hearings.map(({ delayMs }) => delayMs),
        0.5,
      ),
      delayMaxMs: maximum(stable.hearings.map(({ delayMs }) => delayMs)),
      linkStressMean: mean(lines) / MEASURED,
      linkStressMax: maximum(lines) / MEASURED,
      linesUsed: lines.length,
      ...shape,
      heardTwice: log.heardTwice,
      ...recovery.figures,
    }
    return {
      figures: { ...figures, ...lab.checkers.figures },
      plots: [
        histogramPlot('Delay beside the direct way', penalties, {
          x: 'times the direct way',
          unit: 'hearings',
          width: 0.5,
        }),
        {
          kind: 'lines',
          title: 'Heard after a part of the nodes died',
          x: 'published, seconds after the deaths',
          y: '% of the members that live',
          lines: [{ label: 'heard', points: recovery.points }],
        },
      ],
      notes: [
        'delayPenalty is per hearing: the time it took, by the modelled one-way delay from publisher to member; delayPenaltyMembers leaves out those by nodes that are no members, a tenth; relativeAverageDelay divides the means (SCRIBE, RAD)',
        'linkStress: copies of one publication that cross one node’s line to the network, in and out, of the lines that carry any; the modelled core has no links of its own',
        `recoverSeconds: of what was published from then on, counted from the deaths, ${100 * GOAL_SHARE} % is heard within ${IN_TIME_MS / 1000} s; deliveredInTime: of what was published ${GOAL_MS / 1000} s after the deaths and later, the share heard so soon; deliveredAfterDeaths: of all since the deaths, heard in the end; -1: not within ${AFTER_DEATHS_MS / 1000} s`,
        ...dropNotes(log),
        ...lab.checkers.notes,
      ],
    }
  },
}

async function subscribe(lab: Lab, log: TopicLog): Promise<void> {
  const { world, options } = lab
  const members = world.sample(world.alive, options.members)
  for (const host of members) {
    log.join(host)
    await lab.run(SUBSCRIBING_MS / members.length, 'subscribing')
  }
  await lab.run(SETTLE_MS, 'settling')
}

async function publish(lab: Lab, log: TopicLog, forMs: number): Promise<void> {
  const { world } = lab
  for (let sent = 0; sent < forMs / EVERY_MS; sent++) {
    log.publish(world.pick(sent % OUTSIDERS === 0 ? world.alive : log.members))
    await lab.run(EVERY_MS, 'publishing')
  }
}

/** The tree as its nodes tell of it. */
function shapeOf({ topic: id, world, members }: TopicLog): Figures {
  const inTree = world.alive.flatMap(({ node, id: nodeId }) => {
    const tree = node.status().topics.find((each) => each.id === id)
    return tree ? [{ nodeId, ...tree }] : []
  })
  return {
    treeNodes: inTree.length,
    forwarders: inTree.length - members.length,
    roots: inTree.filter(({ isRoot }) => isRoot).length,
    childrenMax: maximum(inTree.map(({ children }) => children)),
    depthMean: mean(inTree.filter(({ isMember }) => isMember).map(({ depth }) => depth)),
    depthMax: maximum(inTree.map(({ depth }) => depth)),
    shortcutsMean: mean(
      inTree.filter(({ children }) => children >= FEW_CHILDREN).map(({ shortcuts }) => shortcuts),
    ),
    membersToldRoot: inTree.find(({ isRoot }) => isRoot)?.members ?? 0,
  }
}

function recoveryOf(log: TopicLog, first: number): { figures: Figures; points: { x: number; y: number }[] } {
  const shares: number[] = []
  for (let i = first; i < log.count; i++) shares.push(log.between(i, i + 1, IN_TIME_MS).share)
  // A second at a time: of one publication a single member is more than one in a thousand.
  const perSecond = 1000 / EVERY_MS
  const points = []
  for (let i = 0; i < shares.length; i += perSecond)
    points.push({ x: (i * EVERY_MS) / 1000, y: 100 * mean(shares.slice(i, i + perSecond)) })
  const firstGood = points.findLastIndex(({ y }) => y < 100 * GOAL_SHARE) + 1
  return {
    figures: {
      deliveredAfterDeaths: log.between(first).share,
      deliveredInTime: log.between(first + GOAL_MS / EVERY_MS, log.count, IN_TIME_MS).share,
      recoverSeconds: points[firstGood]?.x ?? -1,
    },
    points,
  }
}

function dropNotes({ world }: TopicLog): string[] {
  const sums = new Map<string, number>()
  for (const { node } of world.alive)
    for (const [cause, count] of Object.entries(node.status().dropped))
      sums.set(cause, (sums.get(cause) ?? 0) + count)
  const sorted = [...sums].sort(([, a], [, b]) => b - a).slice(0, 12)
  return [`dropped, over all nodes: ${sorted.map(([cause, count]) => `${cause} ${count}`).join(', ')}`]
}
