// What is a route offset worth? The idea's author claims that copies with offsets 0, +1, -1, +2, -2 travel different routes
// and end at different neighbours. Three rounds on one settled network, five copies each, one attempt a copy:
//
//   messages      to a random key, from a random node, each with another offset
//   probes        as UNICAST_JOIN: to the node's own id, each with another offset and over another first link
//   first links   to a random key, all with offset 0, each over another first link: what the probes owe to that alone

import { idFromBytes, type Id, type NodeId } from '../../main/overlay/base/id.ts'
import { RingIndex } from '../../main/overlay/base/ring-index.ts'
import { type Host } from '../world/world.ts'
import { type Experiment, type Figures, type Plot } from './experiment.ts'
import { type Lab } from './lab.ts'
import { stateFigures } from './network-state.ts'
import { type Copy, type CopyWish, OffsetCopies, sharedInterior } from './offset-copies.ts'
import { mean, percentile } from './statistics.ts'

const OFFSETS = [0, 1, -1, 2, -2] as const
/** Messages on their way at once, so that a large network is not idle and a small one not flooded. */
const NODES_PER_MESSAGE = 40

/** One message in its copies. */
interface Sent {
  key: Id
  copies: Copy[]
}

interface Round {
  /** First letters of its figures. */
  name: '' | 'probe' | 'firstLink'
  label: string
  wishesOf(lab: Lab, from: Host): CopyWish[]
}

const ROUNDS: readonly Round[] = [
  {
    name: '',
    label: 'messages, by offset',
    wishesOf: ({ world }) => {
      const key = idFromBytes(world.random.bytes(32))
      return OFFSETS.map((offset) => ({ key, offset }))
    },
  },
  {
    name: 'probe',
    label: 'probes, by offset and first link',
    wishesOf: (lab, from) =>
      firstLinks(lab, from).map((via, i) => ({ key: from.id, offset: OFFSETS[i]!, via })),
  },
  {
    name: 'firstLink',
    label: 'messages, by first link alone',
    wishesOf: (lab, from) => {
      const key = idFromBytes(lab.world.random.bytes(32))
      return firstLinks(lab, from).map((via) => ({ key, offset: 0, via }))
    },
  },
]

export const offset: Experiment = {
  name: 'offset',
  about: 'copies with route offsets: do they end at different neighbours, over different nodes',
  async run(lab) {
    await lab.grow()
    const state = stateFigures(lab)
    const ring = new RingIndex()
    for (const { id } of lab.world.alive) ring.add(id)
    const copies = new OffsetCopies(lab)
    const rounds: { round: Round; sent: Sent[] }[] = []
    for (const round of ROUNDS) rounds.push({ round, sent: await sendRound(lab, copies, round) })
    const [messages, probes] = rounds.map(({ sent }) => sent) as [Sent[], Sent[]]
    const hops = arrivedOf(messages).map((copy) => copy.hops)
    const figures = {
      keys: lab.options.keys,
      delivered: deliveredShare(messages),
      meanHops: mean(hops),
      p99Hops: percentile(hops, 0.99),
      differentEnds: mean(messages.map(differentEnds)),
      probeDelivered: deliveredShare(probes),
      ...endFigures(ring, '', messages),
      ...endFigures(ring, 'probe', probes),
      ...sharedFigures(rounds),
      ...state,
      ...lab.checkers.figures,
    }
    return {
      figures,
      plots: [...endPlots(figures), hopsPlot(messages, probes), sharedPlot(rounds)],
      notes: [
        'endsRight is the share of copies that ended at the true n-th ring neighbour of the key’s root (probeEndsRight: of the node itself), of all that were sent',
        'sharedInterior is, of the nodes between the ends of two copies’ ways, the share that lies on both (Dice), over all pairs of copies with any; probe... for probes, firstLink... where copies differ in the first link alone',
        'delivered counts copies, each with one attempt; differentEnds is how many different nodes they ended at, for each that was answered',
        ...lab.checkers.notes,
      ],
    }
  },
}

async function sendRound(lab: Lab, copies: OffsetCopies, round: Round): Promise<Sent[]> {
  const { world, options } = lab
  const all: Sent[] = []
  const batch = Math.max(1, Math.round(world.alive.length / NODES_PER_MESSAGE))
  while (all.length < options.keys) {
    const count = Math.min(batch, options.keys - all.length)
    const wishes = Array.from({ length: count }, () => {
      const from = world.pick(world.alive)
      return round.wishesOf(lab, from).map((wish) => ({ from, wish }))
    })
    const ended = await copies.sendAll(wishes.flat())
    let at = 0
    for (const each of wishes)
      all.push({ key: each[0]?.wish.key ?? '', copies: ended.slice(at, (at += each.length)) } as Sent)
  }
  return all
}

/** As many different ones as there are copies, as far as the node has them. */
function firstLinks({ world }: Lab, { links }: Host): NodeId[] {
  const open = [...links.all()].filter(({ isOpen }) => isOpen).map(({ peer }) => peer.id)
  return world.sample(open, OFFSETS.length)
}

/** As LeafSet.rootOf means it: the key's own node is no neighbour of itself. */
function trueEnd(ring: RingIndex, key: Id, n: number): NodeId | undefined {
  const isOther = (id: Id): boolean => id !== key
  const root = ring.closest(key, isOther)
  return root && ring.beside(root, n, isOther)
}

function endFigures(ring: RingIndex, prefix: Round['name'], sent: readonly Sent[]): Figures {
  const figures: Figures = {}
  for (const n of OFFSETS) {
    const isRight = sent.flatMap(({ key, copies }) =>
      copies
        .filter((copy) => copy.offset === n)
        .map((copy) => (copy.end !== undefined && copy.end === trueEnd(ring, key, n) ? 1 : 0)),
    )
    figures[prefix === '' ? `endsRight${nameOf(n)}` : `${prefix}EndsRight${nameOf(n)}`] = mean(isRight)
  }
  return figures
}

function sharedFigures(rounds: readonly { round: Round; sent: Sent[] }[]): Figures {
  return Object.fromEntries(
    rounds.map(({ round: { name }, sent }) => [
      name === '' ? 'sharedInterior' : `${name}SharedInterior`,
      mean(sharedPairs(sent).map(({ shared }) => shared)),
    ]),
  )
}

/** Of each pair of a message's answered copies: how far apart their places among the copies are, and what they share. */
function sharedPairs(sent: readonly Sent[]): { apart: number; shared: number }[] {
  return sent.flatMap(({ copies }) =>
    copies.flatMap((a, i) =>
      copies.slice(i + 1).flatMap((b) => {
        const shared = a.end && b.end ? sharedInterior(a, b) : undefined
        return shared === undefined ? [] : [{ apart: Math.abs(a.offset - b.offset), shared }]
      }),
    ),
  )
}

function deliveredShare(sent: readonly Sent[]): number {
  return arrivedOf(sent).length / sent.reduce((total, { copies }) => total + copies.length, 0)
}

function arrivedOf(sent: readonly Sent[]): Copy[] {
  return sent.flatMap(({ copies }) => copies.filter(({ end }) => end !== undefined))
}

function differentEnds({ copies }: Sent): number {
  const ends = copies.flatMap(({ end }) => end ?? [])
  return ends.length === 0 ? 0 : new Set(ends).size / ends.length
}

function nameOf(n: number): string {
  return n === 0 ? '0' : `${n > 0 ? 'Plus' : 'Minus'}${Math.abs(n)}`
}

function signed(n: number): string {
  return n > 0 ? `+${n}` : `${n}`
}

function endPlots(figures: Figures): Plot[] {
  const bars = (prefix: string): { label: string; value: number }[] =>
    OFFSETS.map((n) => ({ label: signed(n), value: 100 * figures[`${prefix}${nameOf(n)}`]! }))
  return [
    {
      kind: 'bars',
      title: 'Messages that ended at the n-th neighbour of the root',
      unit: '%',
      x: 'n',
      bars: bars('endsRight'),
    },
    {
      kind: 'bars',
      title: 'Probes that ended at the n-th neighbour of the origin',
      unit: '%',
      x: 'n',
      bars: bars('probeEndsRight'),
    },
  ]
}

function hopsPlot(messages: readonly Sent[], probes: readonly Sent[]): Plot {
  const line = (
    label: string,
    sent: readonly Sent[],
  ): { label: string; points: { x: number; y: number }[] } => ({
    label,
    points: [...OFFSETS]
      .sort((a, b) => a - b)
      .map((n) => ({
        x: n,
        y: mean(arrivedOf(sent).flatMap((copy) => (copy.offset === n ? [copy.hops] : []))),
      })),
  })
  return {
    kind: 'lines',
    title: 'Hops by offset',
    x: 'offset',
    y: 'mean hops',
    lines: [line('messages', messages), line('probes', probes)],
  }
}

function sharedPlot(rounds: readonly { round: Round; sent: Sent[] }[]): Plot {
  const lines = rounds.map(({ round: { label }, sent }) => {
    const pairs = sharedPairs(sent)
    const distances = [...new Set(pairs.map(({ apart }) => apart))].sort((a, b) => a - b)
    const points = distances.map((x) => ({
      x,
      y: 100 * mean(pairs.filter(({ apart }) => apart === x).map(({ shared }) => shared)),
    }))
    return { label, points }
  })
  return {
    kind: 'lines',
    title: 'Nodes between the ends that two copies have in common',
    x: 'offsets apart',
    y: '%',
    lines,
  }
}
