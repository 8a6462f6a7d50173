// `npm run sim -- EXPERIMENT`: the only file of the simulator that reads the real clock, the arguments and the disk.

import fs from 'node:fs'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { adversary } from './experiments/adversary.ts'
import { baselines } from './experiments/baselines.ts'
import { churn } from './experiments/churn.ts'
import { dht } from './experiments/dht.ts'
import { dhtCrash } from './experiments/dht-crash.ts'
import { type Experiment, type Figures, type Outcome } from './experiments/experiment.ts'
import { keepAlive } from './experiments/keep-alive.ts'
import { measureKernel } from './experiments/kernel.ts'
import { Lab, parametersOf } from './experiments/lab.ts'
import { maintenance } from './experiments/maintenance.ts'
import { mesh } from './experiments/mesh.ts'
import { meshRadio } from './experiments/mesh-radio.ts'
import { meshWired } from './experiments/mesh-wired.ts'
import { packets } from './experiments/packet-depth.ts'
import { offset } from './experiments/offset.ts'
import { partition } from './experiments/partition.ts'
import { reach } from './experiments/reach.ts'
import { roots } from './experiments/roots.ts'
import { scale } from './experiments/scale.ts'
import { topic } from './experiments/topic.ts'
import { variants } from './experiments/variants.ts'
import { essentialOptions, optionsLine, parseOptions, type SimOptions, usage, UsageError } from './options.ts'
import { ProgressBar } from './progress-bar.ts'
import { htmlReport } from './report/html-report.ts'

const EXPERIMENTS: readonly Experiment[] = [
  reach,
  roots,
  scale,
  offset,
  variants,
  churn,
  partition,
  mesh,
  dht,
  dhtCrash,
  adversary,
  meshRadio,
  meshWired,
  topic,
  maintenance,
  baselines,
  packets,
  keepAlive,
]
const KERNEL = {
  name: 'kernel',
  about: 'events per second of the queue itself, beside a plain heap of objects',
}

/** The fields that every experiment prints, in their order; what an experiment does not measure is null. */
const COMMON = [
  'delivered',
  'meanHops',
  'p99Hops',
  'greedyDelivered',
  'linksPerNode',
  'recordsPerNodeMean',
  'recordsPerNodeMax',
  'packetsPerNode',
  'bytesPerNode',
]

/** Nobody waits for a simulation's next step, and marking the heap beside the work costs more than marking it in one go. */
const BATCH_COLLECTION = '--no-incremental-marking'

async function main(args: readonly string[]): Promise<void> {
  setFlagsFromString(BATCH_COLLECTION)
  const listed = [...EXPERIMENTS, KERNEL]
  if (args.includes('--help') || args.length === 0) return console.log(usage(listed))
  const options = parseOptions(
    args,
    listed.map(({ name }) => name),
  )
  const experiment = EXPERIMENTS.find(({ name }) => name === options.experiment)
  if (experiment) await runExperiment(experiment, options)
  else runKernel(options)
}

async function runExperiment(experiment: Experiment, options: SimOptions): Promise<void> {
  const say = (line: string): void => void (options.json || console.log(line))
  const startedMs = performance.now()
  const bar = new ProgressBar()
  // An experiment may build several worlds, one after another; each counts from nothing.
  let [events, before] = [0, 0]
  const lab = new Lab(options, (progress) => {
    events += progress.events >= before ? progress.events - before : progress.events
    before = progress.events
    bar.show(progress, performance.now() - startedMs)
  })
  const parameters = [...(experiment.parameters?.(options) ?? parametersOf(options)), optionsLine(options)]
  for (const parameter of parameters) say(parameter)
  const outcome = await experiment.run(lab)
  bar.clear()
  const wallSeconds = (performance.now() - startedMs) / 1000
  const cost: Figures = {
    events,
    eventsPerSecond: Math.round(events / wallSeconds),
    wallSeconds,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  }
  for (const note of outcome.notes) say(note)
  // Of an experiment that builds worlds of its own, its notes name the traces.
  const trace =
    outcome.trace ?? (lab.world.queue.processed > 0 ? lab.world.network.traffic.traceHash : undefined)
  if (trace) say(`trace ${trace}`)
  const figures = { ...lab.settledFigures, ...outcome.figures }
  if (options.report) say(`report: ${writeReport(options, parameters, { ...outcome, figures }, cost)}`)
  printJson(options, figures, cost, trace)
}

function runKernel(options: SimOptions): void {
  const measured = measureKernel(options.seed, () => performance.now())
  console.log(
    JSON.stringify({
      experiment: 'kernel',
      seed: options.seed,
      ...Object.fromEntries(measured.map(({ name, perSecond }) => [name, Math.round(perSecond)])),
    }),
  )
}

function printJson(
  options: SimOptions,
  figures: Figures,
  cost: Figures,
  trace = null as string | null,
): void {
  const { experiment, nodes, seed } = options
  const common = Object.fromEntries(COMMON.map((name) => [name, figures[name] ?? null]))
  const { events, wallSeconds, peakRssBytes, ...more } = cost
  const all = { ...common, events, wallSeconds, peakRssBytes, ...more, ...figures }
  const rounded = Object.entries(all).map(([name, value]) => [
    name,
    value === null || Number.isInteger(value) ? value : Number(value!.toPrecision(7)),
  ])
  const told = { experiment, nodes, seed, ...Object.fromEntries(rounded), trace }
  console.log(JSON.stringify({ ...told, options: essentialOptions(options) }))
}

function writeReport(options: SimOptions, parameters: string[], outcome: Outcome, cost: Figures): string {
  const folder = options.report!
  fs.mkdirSync(folder, { recursive: true })
  const file = path.join(folder, 'report.html')
  fs.writeFileSync(file, htmlReport(options.experiment, parameters, outcome, cost))
  return file
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`sim: ${error.message}`)
  process.exitCode = 2
}
