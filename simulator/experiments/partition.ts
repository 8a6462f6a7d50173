// Two halves lose sight of each other for --minutes, and meet again. When are they one ring?

import { TopicLog } from '../topic/topic-log.ts'
import { RingView } from '../world/ring-view.ts'
import { type Experiment } from './experiment.ts'
import { type Lab } from './lab.ts'
import { linksPlot, stateFigures, trafficPlot } from './network-state.ts'
import { sendRandomly } from './random-sends.ts'
import { sendFigures } from './reach.ts'
import { putRecords, readFigures, readRecords } from './stored-records.ts'

const LOOK_EVERY_MS = 5000
/** The goal is five minutes; what takes longer than this is called never. */
const PATIENCE_MS = 1_800_000
const READING_MS = 10_000
/** Published when the ring is one again, by members of both halves in turn. */
const PUBLICATIONS = 40
const PUBLISH_EVERY_MS = 500
const MEMBER_SHARE = 0.25
const SUBSCRIBE_MS = 60_000
/** Until the last publication is judged (topic-log.ts). */
const LAST_MS = 61_000

export const partition: Experiment = {
  name: 'partition',
  about: 'two halves apart for --minutes: how long until they are one ring again, checked globally',
  async run(lab) {
    await lab.grow()
    const { world, options } = lab
    const stored = await putRecords(lab, options.records)
    const topic = new TopicLog(world, world.pick(world.alive).id)
    const members = Math.min(options.members, Math.round(MEMBER_SHARE * options.nodes))
    for (const host of world.sample(world.alive, members)) topic.join(host)
    await lab.run(SUBSCRIBE_MS, 'subscribing')
    const ring = new RingView(world.alive)
    const wrongBefore = ring.wrongLeafSets(world.alive)
    world.network.cut((a, b) => (a & 1) !== (b & 1))
    await lab.run(options.minutes * 60_000, 'cut in two')
    const ringsWhileCut = ring.rings(world.alive)
    world.network.heal()
    const healedMs = world.nowMs
    const wrong: { x: number; y: number }[] = []
    const apart: { x: number; y: number }[] = []
    do {
      await lab.run(LOOK_EVERY_MS, 'healing')
      const x = (world.nowMs - healedMs) / 1000
      wrong.push({ x, y: ring.wrongLeafSets(world.alive) })
      apart.push({ x, y: ring.wrongNeighbours(world.alive) })
    } while ((apart.at(-1)!.y > 0 || wrong.at(-1)!.y > wrongBefore) && world.nowMs - healedMs < PATIENCE_MS)
    // One ring: everybody knows the true next node on each side. The rest of the leaf sets follows from that.
    const healSeconds = apart.find(({ y }) => y === 0)?.x ?? -1
    const leafSetSeconds = wrong.find(({ y }) => y <= wrongBefore)?.x ?? -1
    const ringsAfterHeal = ring.rings(world.alive)
    const records = await sendRandomly(lab, options.sends, 5000)
    const reads = await readRecords(lab, stored, READING_MS)
    await publishFromBothHalves(lab, topic)
    const { expected, heard } = topic.throughout
    return {
      figures: {
        ...sendFigures(records, options.sends),
        ...stateFigures(lab),
        ...readFigures(lab, stored, reads),
        ringsWhileCut,
        ringsAfterHeal,
        healSeconds,
        leafSetSeconds,
        wrongLeafSetsBefore: wrongBefore,
        wrongLeafSetsAfter: wrong.at(-1)!.y,
        topicDelivered: heard / expected,
        topicAccepted: topic.accepted / topic.count,
        ...lab.checkers.figures,
      },
      plots: [
        {
          kind: 'lines',
          title: 'Nodes that do not know their true neighbours, after the cut has healed',
          x: 'virtual seconds',
          y: 'nodes',
          lines: [
            { label: 'the next ones', points: apart },
            { label: 'any of the 16', points: wrong },
          ],
        },
        linksPlot(lab),
        trafficPlot(lab),
      ],
      notes: [
        'healSeconds is the time until every node has its true next neighbours, leafSetSeconds until no more leaf sets are wrong than before the cut; -1: not within half an hour',
        `topicDelivered: of ${PUBLICATIONS} publications after that, by members of both halves in turn, to all ${members} members`,
        ...lab.checkers.notes,
      ],
    }
  },
}

async function publishFromBothHalves(lab: Lab, topic: TopicLog): Promise<void> {
  const halves = [0, 1].map((half) => topic.members.filter(({ number }) => (number & 1) === half))
  for (let i = 0; i < PUBLICATIONS; i++) {
    topic.publish(lab.world.pick(halves[i % 2]!))
    await lab.run(PUBLISH_EVERY_MS, 'publishing')
  }
  await lab.run(LAST_MS, 'judging')
}
