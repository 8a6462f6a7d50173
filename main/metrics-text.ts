// What a node tells a Prometheus server, in its text format (version 0.0.4): figures of this node alone, no addresses and no ids.
//
//   # HELP banyan_sessions Sessions with other nodes.
//   # TYPE banyan_sessions gauge
//   banyan_sessions 12

import { type OverlayStatus } from './overlay/api.ts'

export interface ProcessFacts {
  startedWallMs: number
  cpuSeconds: number
  residentBytes: number
}

/** One figure; or one per label value. */
type Samples = number | Record<string, number>

interface Metric {
  name: string
  type: 'gauge' | 'counter'
  help: string
  /** The label's name, where there are several samples. */
  label?: string
  read: (status: OverlayStatus, facts: ProcessFacts) => Samples
}

const STAGES = ['stopped', 'joining', 'alone', 'joined'] as const

const METRICS: readonly Metric[] = [
  {
    name: 'banyan_stage',
    type: 'gauge',
    help: '1 for the stage the node is in.',
    label: 'stage',
    read: ({ stage }) => Object.fromEntries(STAGES.map((each) => [each, each === stage ? 1 : 0])),
  },
  gauge('banyan_sessions', 'Sessions with other nodes.', ({ sessions }) => sessions.length),
  {
    name: 'banyan_session_round_trip_seconds',
    type: 'gauge',
    help: 'Round-trip times of the sessions.',
    label: 'quantile',
    read: ({ sessions }) => quantiles(sessions.map(({ rttMs }) => rttMs / 1000)),
  },
  gauge('banyan_leaf_set_nodes', 'Nodes in the leaf set.', ({ leafSetSize }) => leafSetSize),
  gauge('banyan_routing_table_nodes', 'Nodes in the routing table.', ({ tableSize }) => tableSize),
  gauge('banyan_replicas', 'Records kept for others.', ({ replicas }) => replicas.count),
  gauge('banyan_replica_bytes', 'Bytes of them.', ({ replicas }) => replicas.bytes),
  gauge('banyan_replica_quota_bytes', 'Bytes that they may take.', ({ replicas }) => replicas.quotaBytes),
  gauge('banyan_topics', 'Topic trees the node is in.', ({ topics }) => topics.length),
  counter('banyan_sent_packets_total', 'Datagrams sent.', ({ traffic }) => traffic.sentPackets),
  counter('banyan_sent_bytes_total', 'Bytes of them.', ({ traffic }) => traffic.sentBytes),
  counter('banyan_received_packets_total', 'Datagrams received.', ({ traffic }) => traffic.receivedPackets),
  counter('banyan_received_bytes_total', 'Bytes of them.', ({ traffic }) => traffic.receivedBytes),
  {
    name: 'banyan_dropped_total',
    type: 'counter',
    help: 'Datagrams and messages thrown away, by reason.',
    label: 'reason',
    read: ({ dropped }) => dropped,
  },
  gauge('banyan_router_port_open', '1 where a router has opened a port.', ({ portMapping }) =>
    portMapping?.state === 'mapped' ? 1 : 0,
  ),
  gauge(
    'banyan_second_port',
    'The second UDP port of a volunteer; 0 where there is none.',
    ({ wellKnownPort }) => wellKnownPort ?? 0,
  ),
  gauge('banyan_lan_nodes', 'Nodes found on the local network.', ({ lan }) => lan?.found ?? 0),
  gauge('process_start_time_seconds', 'Start of the process, Unix time.', (_status, { startedWallMs }) =>
    Math.round(startedWallMs / 1000),
  ),
  counter('process_cpu_seconds_total', 'CPU time used.', (_status, { cpuSeconds }) => cpuSeconds),
  gauge('process_resident_memory_bytes', 'Memory used.', (_status, { residentBytes }) => residentBytes),
]

export function metricsText(status: OverlayStatus, facts: ProcessFacts): string {
  return METRICS.map((metric) => linesOf(metric, metric.read(status, facts))).join('')
}

function gauge(name: string, help: string, read: Metric['read']): Metric {
  return { name, type: 'gauge', help, read }
}

function counter(name: string, help: string, read: Metric['read']): Metric {
  return { name, type: 'counter', help, read }
}

function linesOf({ name, type, help, label = 'kind' }: Metric, samples: Samples): string {
  const head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
  if (typeof samples === 'number') return `${head}${name} ${samples}\n`
  const lines = Object.entries(samples).map(
    ([value, sample]) => `${name}{${label}="${escaped(value)}"} ${sample}\n`,
  )
  return head + lines.join('')
}

/** Reasons may hold what a stranger has sent. */
function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
}

function quantiles(values: number[]): Record<string, number> {
  if (values.length === 0) return {}
  const sorted = values.sort((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return { '0.5': at(0.5), '0.9': at(0.9), '1': at(1) }
}
