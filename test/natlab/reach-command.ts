// `npm run test:reach`: a mesh of real nodes, joined by cables alone. `--json` prints the figures as one line; `--nodes`,
// `--degree`, `--seed`, `--pairs`, `--idle-seconds` and `--cut-seconds` take a number each.

import { loadavg } from 'node:os'
import { SeededRandom } from '../../simulator/kernel/seeded-random.ts'
import { randomConnectedGraph } from '../../simulator/world/random-graph.ts'
import { inLab } from './lab.ts'
import { Mesh } from './mesh.ts'
import { measureReach } from './reach.ts'
import { whyNoLab } from './why-no-lab.ts'

/** As in the goals (40 nodes, degree 4, 200 pairs); the longest interval at which an idle node does anything is a minute. */
const DEFAULTS = { nodes: 40, degree: 4, seed: 1, pairs: 200, 'idle-seconds': 60, 'cut-seconds': 30 }

async function main(args: readonly string[]): Promise<void> {
  const why = whyNoLab()
  if (why) throw new Error(`the laboratory cannot be built here: ${why}`)
  const isJson = args.includes('--json')
  const wanted = numbersIn(args)
  const random = new SeededRandom(wanted.seed)
  const load = loadavg()[0] // what else kept the computer busy: times mean little where it is above the cores
  const graph = randomConnectedGraph(wanted.nodes, wanted.degree, random)
  const say = (words: string): void => void (isJson ? console.error(words) : console.log(words))
  const figures = await inLab(async (lab) => {
    const mesh = await Mesh.build(lab, graph)
    say(`${graph.nodes} nodes, ${graph.edges.length} cables, seed ${wanted.seed}; load before ${load}`)
    const { pairs, 'idle-seconds': idleSeconds, 'cut-seconds': cutSeconds } = wanted
    return measureReach(mesh, { random, pairs, idleSeconds, cutSeconds, say })
  })
  if (isJson) console.log(JSON.stringify({ ...wanted, load, ...figures }))
}

function numbersIn(args: readonly string[]): typeof DEFAULTS {
  const wanted = { ...DEFAULTS }
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const at = args.indexOf(`--${name}`)
    if (at < 0) continue
    const value = Number(args[at + 1])
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number above 0`)
    wanted[name] = value
  }
  return wanted
}

await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
