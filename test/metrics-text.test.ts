import { describe, expect, it } from 'vitest'
import { metricsText } from '../main/metrics-text.ts'
import { type OverlayStatus } from '../main/overlay/api.ts'
import { type Id } from '../main/overlay/base/id.ts'

const STATUS: OverlayStatus = {
  stage: 'joined',
  id: 'ab'.repeat(32) as Id,
  addresses: [{ host: '198.51.100.7', port: 4700 }],
  sessions: [10, 20, 30, 40].map((rttMs) => ({
    id: 'cd'.repeat(32) as Id,
    address: '198.51.100.8:4700',
    rttMs,
    sentBytes: 1,
    receivedBytes: 1,
    path: 'direct' as const,
    figures: undefined,
  })),
  leafSetSize: 16,
  tableSize: 40,
  replicas: { count: 3, bytes: 900, quotaBytes: 5000 },
  topics: [],
  traffic: { sentPackets: 1, sentBytes: 2, receivedPackets: 3, receivedBytes: 4 },
  dropped: { malformed: 5, 'say "no"\\\n': 6 },
  joinProblem: '',
  portMapping: {
    state: 'mapped',
    method: 'upnp',
    external: { host: '198.51.100.7', port: 1 },
    untilWallMs: 1,
  },
}
const FACTS = { startedWallMs: 1_700_000_000_123, cpuSeconds: 1.5, residentBytes: 7 }
/** A line of the format: name, labels, value. */
const SAMPLE = /^[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"\})? -?\d+(\.\d+)?$/

describe('the figures for Prometheus', () => {
  const text = metricsText(STATUS, FACTS)

  it('are in its text format, each announced once', () => {
    const lines = text.trimEnd().split('\n')
    for (const line of lines) if (!line.startsWith('# ')) expect(line).toMatch(SAMPLE)
    const names = lines.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' ')[2])
    expect(new Set(names).size).toBe(names.length)
    for (const line of lines) if (!line.startsWith('#')) expect(names).toContain(/^[a-z_]+/.exec(line)![0])
  })

  it.each([
    'banyan_stage{stage="joined"} 1',
    'banyan_stage{stage="alone"} 0',
    'banyan_sessions 4',
    'banyan_session_round_trip_seconds{quantile="0.5"} 0.03',
    'banyan_replica_bytes 900',
    'banyan_replica_quota_bytes 5000',
    'banyan_received_bytes_total 4',
    'banyan_dropped_total{reason="malformed"} 5',
    'banyan_dropped_total{reason="say \\"no\\"\\\\\\n"} 6',
    'banyan_router_port_open 1',
    'process_start_time_seconds 1700000000',
  ])('hold %s', (line) => {
    expect(text.split('\n')).toContain(line)
  })

  it('hold no address and no id', () => {
    expect(text).not.toMatch(/198\.51|abab|cdcd/)
  })
})
