// The command line of the simulator: every parameter, its default and its limits in one table.

interface Parameter {
  least: number
  most: number
  byDefault: number
  is: string
}

const SHARE = { least: 0, most: 1 }

const PARAMETERS = {
  nodes: { least: 2, most: 1_000_000, byDefault: 1000, is: 'how many nodes' },
  seed: { least: 0, most: 2 ** 32 - 1, byDefault: 1, is: 'the same seed gives the same history' },
  nat: { ...SHARE, byDefault: 0.85, is: 'share of nodes behind NAT' },
  punch: { ...SHARE, byDefault: 0.6, is: 'share of NAT pairs that can be punched' },
  kill: { ...SHARE, byDefault: 0, is: 'share of nodes that die right before the sends' },
  loss: { least: 0, most: 0.5, byDefault: 0.01, is: 'share of packets lost' },
  jitter: { ...SHARE, byDefault: 0.1, is: 'standard deviation of a delay, relative to it' },
  compute: {
    least: 0,
    most: 1000,
    byDefault: 0,
    is: 'ms that a message takes of two processors, which all nodes share, as in the laboratory',
  },
  bootstraps: { least: 1, most: 64, byDefault: 3, is: 'reachable nodes that every newcomer is told of' },
  clusters: { least: 0, most: 1000, byDefault: 0, is: 'regions in which nodes crowd (0: evenly spread)' },
  'one-way': { ...SHARE, byDefault: 0.05, is: 'share of radio directions that carry nothing (grid)' },
  settle: {
    least: 0,
    most: 86_400,
    byDefault: 120,
    is: 'virtual seconds between growth and measurement; 200 where links are built directly',
  },
  minutes: { least: 0.1, most: 1440, byDefault: 10, is: 'virtual minutes that churn, or a cut, lasts' },
  'median-session': { least: 1, most: 86_400, byDefault: 120, is: 'seconds (also 2m, 1h); Weibull sessions' },
  shape: { least: 0.1, most: 5, byDefault: 0.5, is: 'shape of the Weibull sessions' },
  crowd: {
    least: 0,
    most: 100,
    byDefault: 0,
    is: 'newcomers in one flash crowd, in multiples of nodes (churn)',
  },
  sends: { least: 1, most: 10_000_000, byDefault: 20_000, is: 'how many random sends' },
  keys: { least: 1, most: 1_000_000, byDefault: 2000, is: 'how many keys (roots)' },
  records: {
    least: 0,
    most: 1_000_000,
    byDefault: 0,
    is: 'how many records the network keeps (1000 in churn, partition, dht-crash; 10,000 in dht)',
  },
  replace: { ...SHARE, byDefault: 0.1, is: 'share of nodes replaced at once every 10 minutes (dht)' },
  members: { least: 2, most: 1_000_000, byDefault: 100, is: 'subscribers of a topic' },
  replicas: { least: 0, most: 2 ** 40, byDefault: 2 ** 28, is: 'bytes of others’ records a node keeps' },
  share: { ...SHARE, byDefault: 0.2, is: 'share of nodes that are hostile (adversary)' },
  overlay: { least: 0, most: 1, byDefault: 1, is: 'run the overlay too (baselines); 0 leaves it out' },
  checks: {
    ...SHARE,
    byDefault: 1,
    is: 'share of routed messages that the checkers follow; 1000 / nodes in larger networks',
  },
} as const satisfies Record<string, Parameter>

export type ParameterName = keyof typeof PARAMETERS
export const TOPOLOGIES = ['internet', 'grid', 'cables'] as const
/** auto: real joins up to 10,000 nodes, built directly above. */
export const STARTS = ['auto', 'grow', 'direct'] as const
export const CRYPTO_KINDS = ['auto', 'real', 'modelled'] as const

export type SimOptions = { readonly [Name in ParameterName]: number } & {
  readonly experiment: string
  readonly topology: (typeof TOPOLOGIES)[number]
  readonly crypto: (typeof CRYPTO_KINDS)[number]
  readonly start: (typeof STARTS)[number]
  readonly json: boolean
  /** Hostile nodes' ids are ground into one key's neighbourhood (adversary). */
  readonly eclipse: boolean
  readonly report: string | undefined
  /** Of the protocol under test; which there are, the experiment says. Empty: what ships. */
  readonly variant: string
  /** Sizes for `scale`. */
  readonly sizes: readonly number[]
  /** Names of the options that somebody typed; the others may follow the size. */
  readonly given: readonly string[]
}

/** Where an experiment means another world than the others do. */
const OWN_DEFAULTS: Record<string, Partial<SimOptions>> = {
  packets: { nodes: 100, sends: 2000 },
  partition: { minutes: 30, records: 1000 },
  churn: { records: 1000 },
  dht: { minutes: 120, records: 10_000 },
  'dht-crash': { nodes: 50, records: 1000, kill: 0.2 },
  adversary: { nodes: 300, records: 1000, sends: 1000 },
  variants: { nodes: 600, sends: 5000, kill: 0.1 },
  // Each node has to find its ring neighbours over ten hops and more: some six rounds of probes.
  'mesh-radio': { topology: 'grid', nodes: 400, loss: 0.05, settle: 480 },
  mesh: { nodes: 10_000 },
  topic: { start: 'direct' },
  'mesh-wired': { topology: 'cables', nodes: 40 },
}

export class UsageError extends Error {}

/** Below this, signatures are real unless asked otherwise. */
export const REAL_CRYPTO_NODES = 2000
/** Up to this many nodes join by the real protocol unless asked otherwise. */
export const GROWN_NODES = 10_000

/**
 * Three rounds of probes of every node, and what they leave: one to which nothing happens and that has links to its whole
 * leaf set begins them 2, 62 and 152 s after its start, each up to a fifth later (main/overlay/unicast/probing.ts).
 */
const DIRECT_SETTLE_SECONDS = 200
/** As much is followed in a large network as in one of so many nodes: reading all of it would be most of the work. */
const FULLY_CHECKED_NODES = 1000

/** Links are built directly instead of by real joins. */
export function isStartedDirectly({ start }: Pick<SimOptions, 'start'>, nodes: number): boolean {
  return start === 'direct' || (start === 'auto' && nodes > GROWN_NODES)
}

export function defaultOptions(experiment: string): SimOptions {
  return parseOptions([experiment], [experiment])
}

/** Throws UsageError with a sentence for the person who typed. */
export function parseOptions(args: readonly string[], experiments: readonly string[]): SimOptions {
  const [experiment, ...rest] = args
  if (!experiment || !experiments.includes(experiment))
    throw new UsageError(`which experiment? One of: ${experiments.join(', ')}`)
  const options: Record<string, unknown> = {
    experiment,
    topology: 'internet',
    crypto: 'auto',
    start: 'auto',
    json: false,
    eclipse: false,
    report: undefined,
    variant: '',
    sizes: [250, 1000, 4000],
  }
  for (const [name, { byDefault }] of Object.entries(PARAMETERS)) options[name] = byDefault
  Object.assign(options, OWN_DEFAULTS[experiment])
  const given: Record<string, unknown> = {}
  for (let i = 0; i < rest.length; i++) {
    const name = nameOf(rest[i]!)
    if (name === 'json' || name === 'eclipse') given[name] = true
    else given[name] = valueOf(name, rest[++i])
  }
  Object.assign(options, given)
  options.given = Object.keys(given)
  const all = options as unknown as SimOptions
  return sized(all, all.nodes)
}

/** The options for a network of that size, with those defaults that depend on it. */
export function sized(options: SimOptions, nodes: number): SimOptions {
  const checks = Math.min(1, FULLY_CHECKED_NODES / nodes)
  const settle = isStartedDirectly(options, nodes) ? DIRECT_SETTLE_SECONDS : options.settle
  const { given } = options
  return {
    ...options,
    nodes,
    ...(given.includes('checks') ? {} : { checks }),
    ...(given.includes('settle') ? {} : { settle }),
  }
}

/** Every option that figures can depend on, those that the experiment does not ask for too. */
export function essentialOptions({
  json: _json,
  report: _report,
  given: _given,
  ...options
}: SimOptions): Partial<SimOptions> {
  return options
}

export function optionsLine(options: SimOptions): string {
  const words = Object.entries(essentialOptions(options)).map(([name, value]) => {
    const shown = Array.isArray(value) ? value.join(' ') : String(value)
    return `${name} ${shown || '-'}`
  })
  return `options: ${words.join(', ')}`
}

export function usage(experiments: readonly { name: string; about: string }[]): string {
  const lines = ['npm run sim -- EXPERIMENT [options]', '', 'experiments:']
  for (const { name, about } of experiments) lines.push(`  ${name.padEnd(14)}${about}`)
  lines.push('', 'options:')
  for (const [name, { byDefault, is }] of Object.entries(PARAMETERS))
    lines.push(`  --${name.padEnd(15)}${is} (${byDefault})`)
  lines.push(`  --topology       ${TOPOLOGIES.join(', ')}`)
  lines.push(
    `  --crypto         ${CRYPTO_KINDS.join(', ')}: real signatures below ${REAL_CRYPTO_NODES} nodes`,
  )
  lines.push(
    `  --start          ${STARTS.join(', ')}: real joins up to ${GROWN_NODES} nodes, built directly above`,
  )
  lines.push('  --variant        of the protocol under test (mesh), or what hostile nodes do (adversary)')
  lines.push('  --eclipse        hostile ids lie in one key’s neighbourhood (adversary)')
  lines.push('  --sizes          network sizes for scale, as 250,1000,4000')
  lines.push('  --json           nothing but the last line', '  --report DIR     writes report.html there')
  return lines.join('\n')
}

function nameOf(word: string): string {
  const name = word.startsWith('--') ? word.slice(2) : ''
  const known = [
    ...Object.keys(PARAMETERS),
    'topology',
    'crypto',
    'start',
    'json',
    'eclipse',
    'report',
    'variant',
    'sizes',
  ]
  if (!known.includes(name)) throw new UsageError(`unknown option ${word}; try --help`)
  return name
}

function valueOf(name: string, text: string | undefined): unknown {
  if (text === undefined || text.startsWith('--')) throw new UsageError(`--${name} needs a value`)
  if (name === 'report' || name === 'variant') return text
  if (name === 'topology') return oneOf(name, text, TOPOLOGIES)
  if (name === 'crypto') return oneOf(name, text, CRYPTO_KINDS)
  if (name === 'start') return oneOf(name, text, STARTS)
  if (name === 'sizes') return text.split(',').map((size) => numberOf('nodes', size))
  return numberOf(name as ParameterName, text)
}

function oneOf(name: string, text: string, allowed: readonly string[]): string {
  if (!allowed.includes(text)) throw new UsageError(`--${name} is one of ${allowed.join(', ')}, not ${text}`)
  return text
}

const UNITS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600 }
const WHOLE = new Set([
  'overlay',
  'nodes',
  'seed',
  'bootstraps',
  'clusters',
  'sends',
  'keys',
  'records',
  'members',
])

function numberOf(name: ParameterName, text: string): number {
  const { least, most } = PARAMETERS[name]
  const [, digits, unit] = /^([0-9]*\.?[0-9]+)([smh]?)$/.exec(text) ?? []
  const value = Number(digits) * (name === 'median-session' ? UNITS[unit ?? '']! : unit ? NaN : 1)
  if (!(value >= least && value <= most))
    throw new UsageError(`--${name} is a number from ${least} to ${most}, not ${text}`)
  if (WHOLE.has(name) && !Number.isInteger(value)) throw new UsageError(`--${name} is a whole number`)
  return value
}
