// What a network holds and sends, as figures that every experiment prints.

import { type NodeId } from '../../main/overlay/base/id.ts'
import { greedyStep, type LinkGraph } from '../baselines/greedy-walk.ts'
import { trafficSince, type TypeTraffic } from '../world/traffic-log.ts'
import { type Figures, type NetworkMap, type Plot } from './experiment.ts'
import { histogramPlot } from './histogram-plot.ts'
import { type Host } from '../world/world.ts'
import { type Lab } from './lab.ts'
import { linkGraph } from './random-sends.ts'
import { maximum, mean, percentile } from './statistics.ts'

const IDLE_MS = 60_000
const LINK_BAR_WIDTH = 10
const MAX_DRAWN_LINKS = 6000

export function stateFigures(lab: Lab): Figures {
  const { alive } = lab.world
  const links = alive.map((host) => host.links.size)
  const records = alive.map(({ node }) => node.unicastRecords)
  return {
    linksPerNode: percentile(links, 0.5),
    linksPerNodeP99: percentile(links, 0.99),
    linksPerNodeMax: maximum(links),
    recordsPerNodeMean: mean(records),
    recordsPerNodeMax: maximum(records),
  }
}

export interface Idle {
  packetsPerNodeSecond: number
  bytesPerNodeSecond: number
  handshakeBytesPerNodeSecond: number
  byType: TypeTraffic[]
}

/** What the network sends when nobody asks anything of it. */
export async function measureIdle(lab: Lab, ms = IDLE_MS, phase = 'measuring upkeep'): Promise<Idle> {
  const { network } = lab.world
  network.settleCounters()
  const before = network.traffic.byType()
  await lab.run(ms, phase)
  network.settleCounters()
  const byType = trafficSince(before, network.traffic.byType())
  const perNodeSecond = (figure: 'packets' | 'bytes', only?: string): number =>
    byType
      .filter(({ type }) => only === undefined || type === only)
      .reduce((total, each) => total + each[figure], 0) /
    lab.world.alive.length /
    (ms / 1000)
  return {
    packetsPerNodeSecond: perNodeSecond('packets'),
    bytesPerNodeSecond: perNodeSecond('bytes'),
    handshakeBytesPerNodeSecond: perNodeSecond('bytes', 'handshake'),
    byType,
  }
}

/** Per node and second, while nobody sends. */
export function upkeepFigures(idle: Idle): Figures {
  return {
    packetsPerNode: idle.packetsPerNodeSecond,
    bytesPerNode: idle.bytesPerNodeSecond,
    upkeepBytesPerSecond: idle.bytesPerNodeSecond - idle.handshakeBytesPerNodeSecond,
  }
}

export function upkeepNotes(idle: Idle, when = 'while nobody sends'): string[] {
  const total = idle.byType.reduce((sum, { bytes }) => sum + bytes, 0)
  const shares = idle.byType
    .slice(0, 8)
    .map(({ type, bytes }) => `${type} ${((100 * bytes) / total).toFixed(1)} %`)
  return [`packetsPerNode and bytesPerNode are per node and second ${when} (${shares.join(', ')})`]
}

export function trafficPlot(lab: Lab): Plot {
  const { sliceMs, series } = lab.world.network.traffic.overTime()
  const lines = [...series].slice(0, 8).map(([label, values]) => ({
    label,
    points: values.map((value, slice) => ({ x: (slice * sliceMs) / 1000, y: value / 1000 })),
  }))
  const marks = lab.phases.map(({ name, fromMs }) => ({ x: fromMs / 1000, label: name }))
  return {
    kind: 'lines',
    title: 'Traffic of all nodes by type',
    x: 'virtual seconds',
    y: 'kB/s',
    lines,
    marks,
  }
}

export function linksPlot(lab: Lab): Plot {
  const links = lab.world.alive.map((host) => host.links.size)
  return histogramPlot('Links per node', links, { x: 'links', unit: 'nodes', width: LINK_BAR_WIDTH })
}

/** The unicast tree of one node: whom each other hands a message for it to, by link, by record, or else by id. */
export function treePlot(lab: Lab, root: Host): Plot {
  const { alive, network } = lab.world
  const indices = new Map(alive.map(({ id }, i) => [id, i]))
  const graph = linkGraph(lab.world)
  const nextHops = alive.map((host) => nextHop(graph, host, root.id))
  const parents = nextHops.map(({ id }) => (id === undefined ? -1 : (indices.get(id) ?? -1)))
  parents[indices.get(root.id)!] = -1
  const nodes = alive.map(({ number }) => ({
    ...network.terrain.position(number),
    isTranslated: network.terrain.isTranslated(number),
  }))
  return {
    kind: 'tree',
    title: 'The unicast tree of one node',
    tree: {
      nodes,
      parents,
      areById: nextHops.map(({ isById }) => isById),
      root: indices.get(root.id)!,
    },
  }
}

function nextHop(
  graph: LinkGraph,
  { id, node, links }: Host,
  target: NodeId,
): { id: NodeId | undefined; isById: boolean } {
  if (links.get(target)?.isOpen) return { id: target, isById: false }
  for (const way of node.unicastWays) if (way.target === target) return { id: way.link, isById: false }
  return { id: greedyStep(graph(id), id, target), isById: true }
}

/** The network from above, with some ways that messages took. Of a large one a part of the links. */
export function networkMap(lab: Lab, routes: readonly (readonly number[])[]): NetworkMap {
  const { alive, network } = lab.world
  const indices = new Map(alive.map(({ number }, i) => [number, i]))
  const links: [number, number][] = []
  for (const [i, host] of alive.entries())
    for (const link of host.links.all()) {
      const j = indices.get(link.peerHost)
      if (j !== undefined && i < j) links.push([i, j])
    }
  const stride = Math.ceil(links.length / MAX_DRAWN_LINKS)
  return {
    nodes: alive.map(({ number }) => ({
      ...network.terrain.position(number),
      isTranslated: network.terrain.isTranslated(number),
    })),
    links: links.filter((_, i) => i % stride === 0),
    routes: routes.map((route) => route.flatMap((number) => indices.get(number) ?? [])),
  }
}
