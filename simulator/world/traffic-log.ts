// Counts what is sent: per host, per message type, and per type over time. Bytes are those of UDP payloads, as the real
// transport counts them, without IP and UDP headers.

import { MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { RoutedShares, type TypeTraffic } from './routed-shares.ts'

/** What the transport sends on its own account, above the message types. */
export const UPKEEP = {
  ack: 250,
  keepAlive: 251,
  handshake: 252,
  retransmission: 253,
  probe: 254,
  close: 255,
} as const

const NAMES = new Map<number, string>(
  [...Object.entries(UPKEEP), ...Object.entries(MESSAGE)].map(([name, type]) => [type, name]),
)
const TYPES = 256
const SLICE_MS = 5000
const FIRST_HOSTS = 1024

export { type TypeTraffic }

export class TrafficLog {
  readonly #packets = new Float64Array(TYPES)
  readonly #bytes = new Float64Array(TYPES)
  readonly #slices: (Float64Array | undefined)[] = []
  #hostPackets = new Float64Array(FIRST_HOSTS)
  #hostBytes = new Float64Array(FIRST_HOSTS)
  readonly #routed = new RoutedShares()
  /** FNV-1a, by words of four bytes, over everything noted: two runs of one seed must agree on it. */
  #trace = 0x811c9dc5

  add(atMs: number, host: number, type: number, packets: number, bytes: number): void {
    this.#packets[type]! += packets
    this.#bytes[type]! += bytes
    if (host >= this.#hostPackets.length) this.#grow(host)
    this.#hostPackets[host]! += packets
    this.#hostBytes[host]! += bytes
    const slice = Math.floor(atMs / SLICE_MS)
    const counts = (this.#slices[slice] ??= new Float64Array(TYPES))
    counts[type]! += bytes
  }

  /** A message in full: its moment, its ends, its bytes. */
  trace(atMs: number, from: number, to: number, message: Uint8Array): void {
    this.#routed.add(message)
    let hash = mix(mix(mix(this.#trace, Math.round(atMs * 1000)), from), to)
    let i = 0
    for (; i + 4 <= message.length; i += 4) hash = mix(hash, wordAt(message, i))
    for (; i < message.length; i++) hash = mix(hash, message[i]!)
    this.#trace = hash
  }

  get traceHash(): string {
    return (this.#trace >>> 0).toString(16).padStart(8, '0')
  }

  packetsOf(host: number): number {
    return this.#hostPackets[host] ?? 0
  }

  bytesOf(host: number): number {
    return this.#hostBytes[host] ?? 0
  }

  get totals(): { packets: number; bytes: number } {
    return { packets: sum(this.#packets), bytes: sum(this.#bytes) }
  }

  /** Most bytes first. */
  byType(): TypeTraffic[] {
    const all: TypeTraffic[] = []
    for (let type = 0; type < TYPES; type++) {
      if (this.#packets[type] === 0) continue
      all.push({ type: nameOf(type), packets: this.#packets[type]!, bytes: this.#bytes[type]! })
    }
    return all.sort((a, b) => b.bytes - a.bytes)
  }

  /** What of `routed` and `routedReply` each application caused so far; most bytes first. */
  byApplication(): TypeTraffic[] {
    return this.#routed.all()
  }

  /** Bytes per second of each type, one figure per slice of time. */
  overTime(): { sliceMs: number; series: Map<string, number[]> } {
    const series = new Map<string, number[]>()
    for (const { type } of this.byType())
      series.set(
        type,
        Array.from(this.#slices, (slice) => (slice?.[typeOf(type)] ?? 0) / (SLICE_MS / 1000)),
      )
    return { sliceMs: SLICE_MS, series }
  }

  #grow(host: number): void {
    const capacity = Math.max(host + 1, 2 * this.#hostPackets.length)
    const [packets, bytes] = [this.#hostPackets, this.#hostBytes]
    this.#hostPackets = new Float64Array(capacity)
    this.#hostBytes = new Float64Array(capacity)
    this.#hostPackets.set(packets)
    this.#hostBytes.set(bytes)
  }
}

/** What was sent between two readings of `byType`. */
export function trafficSince(before: readonly TypeTraffic[], now: readonly TypeTraffic[]): TypeTraffic[] {
  const old = new Map(before.map((each) => [each.type, each]))
  return now
    .map(({ type, packets, bytes }) => ({
      type,
      packets: packets - (old.get(type)?.packets ?? 0),
      bytes: bytes - (old.get(type)?.bytes ?? 0),
    }))
    .filter(({ packets }) => packets > 0)
    .sort((a, b) => b.bytes - a.bytes)
}

export function nameOf(type: number): string {
  return NAMES.get(type) ?? `message ${type}`
}

function typeOf(name: string): number {
  for (const [type, known] of NAMES) if (known === name) return type
  return Number(name.split(' ')[1])
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function mix(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x01000193)
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}
