// `npm run test:nat`: every ordered pair of kinds of place. `--kinds a,b` takes a part of them, `--json` prints the figures
// as one line. `--scenarios` runs conversations that something happens to instead; words after it choose those whose name holds them.

import { loadavg } from 'node:os'
import { inLab } from './lab.ts'
import { KINDS, KIND_NAMES, type KindName } from './nat-kinds.ts'
import { pairsFigures, pairsSummary, pairsTable } from './pair-report.ts'
import { type PairResult, PairsLab } from './pairs.ts'
import { type Told, runScenario, scenariosTable } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { whyNoLab } from './why-no-lab.ts'

async function main(args: readonly string[]): Promise<void> {
  const why = whyNoLab()
  if (why) throw new Error(`the NAT laboratory cannot be built here: ${why}`)
  const isJson = args.includes('--json')
  if (args.includes('--scenarios')) return tellScenarios(args, isJson)
  const kinds = wantedKinds(args).filter((name) => isPossible(name))
  const load = loadavg()[0] // what else kept the computer busy: times mean little where it is above the cores
  const pairs = await measureAll(kinds)
  const figures = pairsFigures(pairs)
  if (isJson) console.log(JSON.stringify({ ...figures, load }))
  else console.log(`\n${pairsTable(pairs, kinds)}\n\n${pairsSummary(figures)}\nLoad before: ${load}.`)
}

/** One at a time: each is a lab of its own. */
async function tellScenarios(args: readonly string[], isJson: boolean): Promise<void> {
  const part = args[args.indexOf('--scenarios') + 1]
  const isWanted = ({ name }: { name: string }): boolean =>
    part === undefined || part.startsWith('--') || name.includes(part)
  const told: Told[] = []
  for (const scenario of SCENARIOS.filter(isWanted)) {
    told.push(await runScenario(scenario))
    if (process.stderr.isTTY) process.stderr.write(`\r${told.length} scenarios`)
  }
  console.log(isJson ? JSON.stringify(told) : scenariosTable(told))
}

async function measureAll(kinds: KindName[]): Promise<PairResult[]> {
  const pairs = kinds.flatMap((_, turn) =>
    kinds.map((from, index) => ({ from, to: kinds[(index + turn) % kinds.length]! })),
  )
  const results: PairResult[] = []
  await inLab(async (lab) => {
    const pairsLab = await PairsLab.build(lab, kinds)
    await pairsLab.measure(pairs, (result) => {
      results.push(result)
      if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${pairs.length} pairs`)
    })
  })
  return results
}

function wantedKinds(args: readonly string[]): KindName[] {
  const given = args[args.indexOf('--kinds') + 1]
  if (!args.includes('--kinds') || given === undefined) return [...KIND_NAMES]
  return given.split(',').map((name) => {
    if (!Object.hasOwn(KINDS, name)) throw new Error(`no kind ${name}; there are ${KIND_NAMES.join(', ')}`)
    return name as KindName
  })
}

function isPossible(name: KindName): boolean {
  const why = KINDS[name].whyMissing?.()
  if (why) console.error(`${name} is left out: ${why}`)
  return why === undefined
}

await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
