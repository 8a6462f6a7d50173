// The overlay beside other protocols: the same hosts, links that the same translators allow, the same delays and losses,
// the same pairs, the same five seconds and one retry. The overlay runs first; the others get its pairs, its dead and
// about as many links as it has. `--overlay 0` leaves it out, where only the others are asked about.

import { type Baseline } from '../baselines/baseline.ts'
import { Batman } from '../baselines/batman.ts'
import { Carrier } from '../baselines/carrier.ts'
import { Flooding } from '../baselines/flooding.ts'
import { Kademlia } from '../baselines/kademlia.ts'
import { type LinkWishes } from '../baselines/link-choice.ts'
import { type Measured, measureBaseline, type Pair } from '../baselines/measured-sends.ts'
import { R5n } from '../baselines/r5n.ts'
import { EventQueue } from '../kernel/event-queue.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'
import { type SimOptions } from '../options.ts'
import { comparisonPlots, comparisonTable, type Row } from './comparison.ts'
import { type Experiment, type Figures } from './experiment.ts'
import { type Lab } from './lab.ts'
import { SEND_TIMEOUT_MS } from './random-sends.ts'
import { measureReference, type Reference } from './reference-sends.ts'
import { maximum, mean, percentile } from './statistics.ts'

/** Links per node where the overlay does not run and so has none to compare with. */
const USUAL_LINKS = 40
/** Sends per node and second, as in `reach`. */
const SEND_RATE = 0.5
const LEAST_SENDS_MS = 5000
/** Where some have just died: before anything repairs itself. */
const KILLED_SENDS_MS = 2000
/** Each announcement of each node crosses each link: above this a second of them takes minutes. */
const MOST_BATMAN_NODES = 2000
/** With these it stays near the shortest ways, and its announcements can be counted in a minute. */
const MOST_BATMAN_LINKS = 12
const MOST_BATMAN_SENDS = 2500
/** A flood crosses every link; so many crossings are enough for two digits of the delivered share. */
const MOST_CROSSINGS = 5_000_000

export const baselines: Experiment = {
  name: 'baselines',
  about: 'the overlay beside Kademlia, R5N, B.A.T.M.A.N. and flooding, on the same hosts and pairs',
  async run(lab) {
    const isOverlayIn = lab.options.overlay !== 0
    const reference = isOverlayIn ? await measureReference(lab, sendsMs(lab.options)) : drawReference(lab)
    const rows: Row[] = [...reference.rows]
    const notes: string[] = [...reference.notes]
    let more: Figures = {}
    for (const [i, build] of BUILDERS.entries()) {
      const baseline = build(lab, new SeededRandom(lab.options.seed + 1000 * (i + 1)), reference.links)
      if (!baseline) continue
      const { row, figures } = await run(lab, baseline, reference)
      rows.push(row)
      more = { ...more, ...figures }
      notes.push(`${baseline.label}: ${baseline.describe}; ${row.sends} sends`)
    }
    if (lab.options.nodes > MOST_BATMAN_NODES)
      notes.push(
        `B.A.T.M.A.N. does not run above ${MOST_BATMAN_NODES} nodes: its upkeep grows with their square`,
      )
    return {
      figures: {
        ...reference.figures,
        ...rows.map(figuresOf).reduce((all, each) => ({ ...all, ...each }), {}),
        ...more,
      },
      plots: comparisonPlots(rows),
      notes: [...comparisonTable(rows), ...notes],
    }
  },
}

type Builder = (lab: Lab, random: SeededRandom, links: number) => Baseline | undefined

const BUILDERS: readonly Builder[] = [
  (lab, random) => new Kademlia(carrierOf(lab, random)),
  (lab, random, links) => new R5n(carrierOf(lab, random), wishesOf(lab, random, links)),
  (lab, random, links) =>
    lab.options.nodes <= MOST_BATMAN_NODES
      ? new Batman(carrierOf(lab, random), wishesOf(lab, random, Math.min(links, MOST_BATMAN_LINKS)))
      : undefined,
  (lab, random, links) => new Flooding(carrierOf(lab, random), wishesOf(lab, random, links)),
]

async function run(
  lab: Lab,
  baseline: Baseline,
  { pairs, killed, links }: Reference,
): Promise<{ row: Row; figures: Figures }> {
  const asked = pairs.slice(0, mostSends(lab.options, baseline.name, links))
  const overMs = (sendsMs(lab.options) * asked.length) / pairs.length
  const limits = { timeoutMs: SEND_TIMEOUT_MS, overMs }
  const measured = await measureBaseline(baseline, asked, limits, killed)
  const { nowMs: virtualMs, processed: events } = baseline.carrier.network.queue
  lab.report({ phase: baseline.label, nodes: lab.options.nodes, virtualMs, events })
  const more = Object.entries(baseline.more?.(asked.length) ?? {})
  return {
    row: rowOf(baseline, measured),
    figures: Object.fromEntries(more.map(([name, value]) => [baseline.name + name, value])),
  }
}

function rowOf({ name, label }: Baseline, measured: Measured): Row {
  const arrived = measured.outcomes.flatMap((outcome) => (outcome.isDelivered ? [outcome] : []))
  const hops = arrived.map((each) => each.hops)
  const times = arrived.map(({ tookMs }) => tookMs)
  return {
    name,
    label,
    sends: measured.outcomes.length,
    delivered: arrived.length / measured.outcomes.length,
    meanHops: mean(hops),
    p99Hops: percentile(hops, 0.99),
    medianMs: percentile(times, 0.5),
    packetsPerSend: measured.packetsPerSend,
    bytesPerSend: measured.bytesPerSend,
    upkeepPackets: measured.upkeep.packetsPerNodeSecond,
    upkeepBytes: measured.upkeep.bytesPerNodeSecond,
    entries: mean(measured.entries),
    entriesMax: maximum(measured.entries),
  }
}

function figuresOf({ name, label: _label, ...row }: Row): Figures {
  const entries = Object.entries(row).map(([key, value]) => [
    `${name}${key[0]!.toUpperCase()}${key.slice(1)}`,
    value,
  ])
  return Object.fromEntries(entries) as Figures
}

/** Without the overlay: random pairs and random dead. */
function drawReference({ options, world }: Lab): Reference {
  const hosts = Array.from({ length: options.nodes }, (_, host) => host)
  const killed = world.sample(hosts, Math.round(options.kill * options.nodes))
  const dead = new Set(killed)
  const alive = hosts.filter((host) => !dead.has(host))
  const pairs = Array.from({ length: options.sends }, () => world.sample(alive, 2) as unknown as Pair)
  return { pairs, killed, links: USUAL_LINKS, rows: [], figures: {}, notes: [] }
}

function carrierOf({ options, world }: Lab, random: SeededRandom): Carrier {
  return new Carrier({
    queue: new EventQueue(),
    random,
    terrain: world.network.terrain,
    jitter: options.jitter,
    nodes: options.nodes,
    isRadio: options.topology === 'grid',
  })
}

/** A radio has all the neighbours that it hears, however many. */
function wishesOf({ options, world }: Lab, random: SeededRandom, links: number): LinkWishes {
  const degree = options.topology === 'grid' ? options.nodes : links
  return { terrain: world.network.terrain, nodes: options.nodes, degree, random }
}

function mostSends({ nodes, sends }: SimOptions, name: string, links: number): number {
  if (name === 'flooding') return Math.min(sends, Math.ceil(MOST_CROSSINGS / (nodes * links)))
  return name === 'batman' ? Math.min(sends, MOST_BATMAN_SENDS) : sends
}

function sendsMs({ sends, nodes, kill }: SimOptions): number {
  if (kill > 0) return KILLED_SENDS_MS
  return Math.max(LEAST_SENDS_MS, (1000 * sends) / (SEND_RATE * nodes))
}
