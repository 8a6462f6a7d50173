// Small versions of the experiments on fixed seeds. The bounds in the tests lie just beside what was measured when they were
// set, so that a change for the worse shows; they are no goals.

import { type NodeOptions } from '../../../main/overlay/node.ts'
import { ROUTING_DEFAULTS } from '../../../main/overlay/routing/routing.ts'
import { UNICAST_DEFAULTS } from '../../../main/overlay/unicast/unicast.ts'
import { type Experiment, type Figures } from '../../../simulator/experiments/experiment.ts'
import { Lab } from '../../../simulator/experiments/lab.ts'
import { defaultOptions, type SimOptions } from '../../../simulator/options.ts'

/** Without replicas of records, whose upkeep is most of the work and not what these experiments ask about. */
const SMALL = {
  nodes: 80,
  settle: 30,
  sends: 400,
  keys: 80,
  crypto: 'modelled',
  replicas: 0,
  seed: 11,
} as const

/** Nine of ten behind NATs that nobody can punch. */
export const HARD = { nat: 0.9, punch: 0 } as const

/** What no experiment may show, whatever happens to the nodes. */
export const SOUND = {
  loops: 0,
  deliveredTwice: 0,
  boundViolations: 0,
  recordViolations: 0,
  overlayErrors: 0,
}

/** Nodes that lay no trees and draw no map: what else a message can be delivered by. */
export const WITHOUT_TREES: Partial<NodeOptions> = {
  unicast: { ...UNICAST_DEFAULTS, copies: 0 },
  isMapping: false,
}

/** Trees are all there is to lead where the ring does not. */
export const WITHOUT_MAP: Partial<NodeOptions> = { isMapping: false }

/** Dead ends are the end, so that links and records alone deliver. */
export const WITHOUT_BUDGET: Partial<NodeOptions> = { routing: { ...ROUTING_DEFAULTS, detours: 0 } }

export async function runSmall(
  experiment: Experiment,
  changes: Partial<SimOptions> = {},
  nodeOptions: Partial<NodeOptions> = {},
): Promise<{ figures: Figures; trace: string }> {
  const lab = new Lab({ ...defaultOptions(experiment.name), ...SMALL, ...changes }, undefined, nodeOptions)
  const { figures } = await experiment.run(lab)
  return { figures, trace: lab.world.network.traffic.traceHash }
}
