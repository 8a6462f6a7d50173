// Are the defaults of the unicast trees the right ones? One world after another from the same seed and of the same size, each
// with one parameter other than the default:
//
//   copies        of a probe, per round
//   firstLink     each copy over a link drawn anew, or all over one and the same
//   detours       the dead-end budget
//   rangeDigits   one record for all ids that open with the same digits, instead of one per node
//
// Every world is measured as `reach` does, and then with the trees alone: one attempt, no dead-end budget. Those show what
// a parameter of the trees is worth where budget and retry would hide it. With --kill, once more right after the deaths.

import { ROUTING_DEFAULTS } from '../../main/overlay/routing/routing.ts'
import { UNICAST_DEFAULTS } from '../../main/overlay/unicast/unicast.ts'
import { MAX_DETOURS } from '../../main/overlay/wire/routed-message.ts'
import { type NodeOptions } from '../../main/overlay/node.ts'
import { type Experiment, type Figures, type Outcome, type Plot } from './experiment.ts'
import { Lab } from './lab.ts'
import { measureIdle, stateFigures, upkeepFigures } from './network-state.ts'
import { variantSends } from './variant-sends.ts'

interface Variant {
  axis: Axis
  /** Where it stands on its axis; of what has no number, 0. */
  x: number
  /** What the names of its figures open with, as copies3Delivered does. */
  name: string
  isDefault?: boolean
  nodeOptions: Partial<NodeOptions>
}

const AXES = ['copies', 'firstLink', 'detours', 'rangeDigits'] as const
type Axis = (typeof AXES)[number]

const MEASURED = [
  'delivered',
  'bareDelivered',
  'killedDelivered',
  'killedBareDelivered',
  'meanHops',
  'recordsPerNodeMean',
  'recordsPerNodeMax',
  'upkeepBytesPerSecond',
] as const
type Measured = Record<(typeof MEASURED)[number], number> & { common: Figures; problems: Figures }

interface Row {
  variant: Variant
  measured: Measured
}

/** What no network may show, of what the checkers count. */
const PROBLEMS = ['loops', 'deliveredTwice', 'boundViolations', 'recordViolations', 'overlayErrors'] as const

/** With none, only whoever is linked to its whole leaf set still looks around. */
const COPIES = [0, 1, 2, 3, 4, 5, 6, 7, 8]
/** No message carries more than the wire format lets it. */
const DETOURS = [0, 1, 2, 4, 8, MAX_DETOURS]
/** One digit makes 16 ranges; four, 65,536, about as many as a middling network has nodes. */
const RANGE_DIGITS = [1, 2, 3, 4]

const VARIANTS: readonly Variant[] = [
  ...COPIES.map((copies) => trees('copies', copies, { copies }, copies === UNICAST_DEFAULTS.copies)),
  { ...trees('firstLink', 0, { isFirstLinkRandom: false }), name: 'firstLinkFixed' },
  ...DETOURS.map((detours): Variant => ({
    axis: 'detours',
    x: detours,
    name: `detours${detours}`,
    isDefault: detours === ROUTING_DEFAULTS.detours,
    nodeOptions: { routing: { ...ROUTING_DEFAULTS, detours } },
  })),
  ...RANGE_DIGITS.map((rangeDigits) => trees('rangeDigits', rangeDigits, { rangeDigits })),
]

interface Drawn {
  title: string
  unit: string
  lines: { label: string; of: (measured: Measured) => number }[]
}

const DRAWN: readonly Drawn[] = [
  {
    title: 'Delivered',
    unit: '%',
    lines: [
      { label: 'usual', of: (each) => 100 * each.delivered },
      { label: 'bare', of: (each) => 100 * each.bareDelivered },
      { label: 'killed', of: (each) => 100 * each.killedDelivered },
      { label: 'killed, bare', of: (each) => 100 * each.killedBareDelivered },
    ],
  },
  { title: 'Hops', unit: 'mean hops', lines: [{ label: 'hops', of: (each) => each.meanHops }] },
  {
    title: 'Records per node',
    unit: 'records',
    lines: [
      { label: 'mean', of: (each) => each.recordsPerNodeMean },
      { label: 'most', of: (each) => each.recordsPerNodeMax },
    ],
  },
  { title: 'Upkeep', unit: 'B/s', lines: [{ label: 'upkeep', of: (each) => each.upkeepBytesPerSecond }] },
]

export const variants: Experiment = {
  name: 'variants',
  about: 'probe copies, first links, dead-end budget, records per range: what each is worth and costs',
  async run(lab) {
    const rows: Row[] = []
    let byDefault: Measured | undefined
    for (const variant of VARIANTS) {
      // What stands for the default on several axes is one and the same world.
      const measured: Measured = (variant.isDefault && byDefault) || (await measure(lab, variant.nodeOptions))
      if (variant.isDefault) byDefault = measured
      rows.push({ variant, measured })
    }
    return outcomeOf(rows, byDefault!)
  },
}

/** A world of its own, with nodes as the variant wants them. */
async function measure({ options, report }: Lab, nodeOptions: Partial<NodeOptions>): Promise<Measured> {
  const lab = new Lab({ ...options, report: undefined }, report, nodeOptions)
  await lab.grow()
  const idle = await measureIdle(lab)
  const state = stateFigures(lab)
  const alive = await variantSends(lab)
  const { world } = lab
  if (options.kill > 0) world.kill(world.sample(world.alive, Math.round(options.kill * world.alive.length)))
  const killed = options.kill > 0 ? await variantSends(lab) : alive
  const checked = lab.checkers.figures
  const upkeep = upkeepFigures(idle)
  return {
    ...alive,
    killedDelivered: killed.delivered,
    killedBareDelivered: killed.bareDelivered,
    recordsPerNodeMean: state.recordsPerNodeMean!,
    recordsPerNodeMax: state.recordsPerNodeMax!,
    upkeepBytesPerSecond: upkeep.upkeepBytesPerSecond!,
    common: { ...state, ...upkeep, ...alive },
    problems: Object.fromEntries(PROBLEMS.map((name) => [name, checked[name]!])),
  }
}

function trees(axis: Axis, x: number, changes: Partial<NodeOptions['unicast']>, isDefault = false): Variant {
  return {
    axis,
    x,
    name: `${axis}${x}`,
    isDefault,
    nodeOptions: { unicast: { ...UNICAST_DEFAULTS, ...changes } },
  }
}

function outcomeOf(rows: readonly Row[], byDefault: Measured): Outcome {
  const { problems: _problems, common, ...usual } = byDefault
  const figures: Figures = { ...common, ...usual }
  for (const { variant, measured } of rows)
    for (const figure of MEASURED)
      figures[`${variant.name}${figure[0]!.toUpperCase()}${figure.slice(1)}`] = measured[figure]
  // The default stands on two axes, and is one world.
  const worlds = [...new Set(rows.map(({ measured }) => measured))]
  for (const name of PROBLEMS)
    figures[name] = worlds.reduce((total, { problems }) => total + problems[name]!, 0)
  return {
    figures,
    plots: AXES.flatMap((axis) => axisPlots(axis, rows)),
    notes: [
      ...table(rows),
      'delivered is with one retry and the dead-end budget, bare with neither: the records alone beside greedy steps; killed... the same right after --kill of the nodes has died',
      `the figures without a name in front are the default’s (${UNICAST_DEFAULTS.copies} copies, random first links, a budget of ${ROUTING_DEFAULTS.detours}, a record per node)`,
      ...rows.flatMap(problemNotes),
    ],
  }
}

function problemNotes({ variant, measured }: Row): string[] {
  const found = Object.entries(measured.problems).filter(([, count]) => count > 0)
  return found.map(([name, count]) => `  problem: ${variant.name} showed ${name}: ${count}`)
}

function table(rows: readonly Row[]): string[] {
  const share = (value: number): string => `${(100 * value).toFixed(2)} %`.padStart(10)
  const heads = ['delivered', 'bare', 'killed', 'bare', 'hops', 'records', 'most', 'upkeep B/s']
  return [
    ['', ...heads].map((head, i) => (i === 0 ? ''.padEnd(18) : head.padStart(10))).join(' '),
    ...rows.map(({ variant: { name, isDefault }, measured }) =>
      [
        `${name}${isDefault ? ' *' : ''}`.padEnd(18),
        share(measured.delivered),
        share(measured.bareDelivered),
        share(measured.killedDelivered),
        share(measured.killedBareDelivered),
        measured.meanHops.toFixed(3).padStart(10),
        measured.recordsPerNodeMean.toFixed(2).padStart(10),
        `${measured.recordsPerNodeMax}`.padStart(10),
        measured.upkeepBytesPerSecond.toFixed(0).padStart(10),
      ].join(' '),
    ),
  ]
}

/** Of the one axis without numbers, bars; else lines against the parameter. */
function axisPlots(axis: Axis, rows: readonly Row[]): Plot[] {
  const own = rows.filter(({ variant }) => variant.axis === axis)
  if (axis !== 'firstLink') return DRAWN.map((drawn) => linesPlot(drawn, axis, own))
  const byDefault = rows.find(({ variant }) => variant.isDefault)!
  return DRAWN.map((drawn) => barsPlot(drawn, [byDefault, ...own]))
}

function linesPlot({ title, unit, lines }: Drawn, axis: Axis, rows: readonly Row[]): Plot {
  return {
    kind: 'lines',
    title: `${title} against ${axis}`,
    x: axis,
    y: unit,
    lines: lines.map(({ label, of }) => ({
      label,
      points: rows.map(({ variant, measured }) => ({ x: variant.x, y: of(measured) })),
    })),
  }
}

function barsPlot({ title, unit, lines }: Drawn, rows: readonly Row[]): Plot {
  const bars = lines.flatMap(({ label, of }) =>
    rows.map(({ variant, measured }) => ({
      label: `${variant.axis === 'firstLink' ? 'fixed' : 'random'}, ${label}`,
      value: of(measured),
    })),
  )
  return { kind: 'bars', title: `${title} with random first links, and a fixed one`, unit, bars }
}
