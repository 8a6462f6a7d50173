// Does every key have one root? Ten random nodes ask for each key, and must end at the same node.

import { idFromBytes, type Id } from '../../main/overlay/base/id.ts'
import { greedyWalk } from '../baselines/greedy-walk.ts'
import { RingView } from '../world/ring-view.ts'
import { type Experiment } from './experiment.ts'
import { type Lab } from './lab.ts'
import { linksPlot, stateFigures, trafficPlot } from './network-state.ts'
import { type ProbeResult } from './probe-service.ts'
import { linkGraph, SEND_TIMEOUT_MS } from './random-sends.ts'
import { mean, percentile } from './statistics.ts'

const SOURCES = 10
/** Keys asked for at once, ten times each, so that a large network is not idle and a small one not flooded. */
const NODES_PER_KEY = 40

export const roots: Experiment = {
  name: 'roots',
  about: 'ten random sources per key: the share of keys for which all end at the same node',
  async run(lab) {
    await lab.grow()
    const { world, options } = lab
    const ring = new RingView(world.alive)
    const graph = linkGraph(world)
    const sum = { agreed: 0, true: 0, greedy: 0, unanswered: 0 }
    const hops: number[] = []
    const batch = Math.max(1, Math.round(world.alive.length / NODES_PER_KEY))
    for (let asked = 0; asked < options.keys; asked += batch) {
      const keys = Array.from({ length: Math.min(batch, options.keys - asked) }, () =>
        idFromBytes(world.random.bytes(32)),
      )
      for (const { key, answers, greedyEnds } of await askAll(lab, keys, graph)) {
        const ends = new Set(answers.map((answer) => (answer.isDelivered ? answer.responder : 'nobody')))
        const isAgreed = ends.size === 1 && !ends.has('nobody')
        if (isAgreed) sum.agreed++
        if (isAgreed && ends.has(ring.root(key))) sum.true++
        if (greedyEnds.size === 1) sum.greedy++
        for (const answer of answers)
          if (answer.isDelivered) hops.push(answer.hops)
          else sum.unanswered++
      }
    }
    return {
      figures: {
        keys: options.keys,
        delivered: sum.agreed / options.keys,
        atTrueRoot: sum.true / options.keys,
        greedyDelivered: sum.greedy / options.keys,
        unanswered: sum.unanswered / (options.keys * SOURCES),
        wrongLeafSets: ring.wrongLeafSets(world.alive),
        meanHops: mean(hops),
        p99Hops: percentile(hops, 0.99),
        ...stateFigures(lab),
        ...lab.checkers.figures,
      },
      plots: [linksPlot(lab), trafficPlot(lab)],
      notes: [
        'delivered is the share of keys whose ten sources ended at one node; greedyDelivered the same for walks over links alone',
        ...lab.checkers.notes,
      ],
    }
  },
}

interface Asked {
  key: Id
  answers: ProbeResult[]
  greedyEnds: Set<Id>
}

async function askAll(lab: Lab, keys: readonly Id[], graph: ReturnType<typeof linkGraph>): Promise<Asked[]> {
  const { world, probes } = lab
  const asked: Asked[] = keys.map((key) => ({ key, answers: [], greedyEnds: new Set() }))
  for (const { key, answers, greedyEnds } of asked)
    for (const source of world.sample(world.alive, SOURCES)) {
      void probes.send(source, key, false, SEND_TIMEOUT_MS).then((answer) => answers.push(answer))
      greedyEnds.add(greedyWalk(graph, source.id, key).end)
    }
  const isDone = (): boolean =>
    asked.every(({ answers }) => answers.length >= Math.min(SOURCES, world.alive.length))
  const untilMs = world.nowMs + 2 * SEND_TIMEOUT_MS
  while (!isDone() && world.nowMs < untilMs) await lab.run(100, 'asking')
  return asked
}
