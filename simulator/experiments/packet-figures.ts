// What a network at packet depth holds, sends and throws away, as figures and as words.

import { PACKET_SEALED } from '../../main/overlay/wire/packet.ts'
import { type Figures } from './experiment.ts'
import { type PacketLab } from './packet-lab.ts'
import { type PacketSend } from './packet-sends.ts'
import { maximum, mean, percentile } from './statistics.ts'

const IDLE_MS = 60_000

export function packetStateFigures({ world }: PacketLab): Figures {
  const { alive } = world
  const links = alive.map((host) => host.links.size)
  const records = alive.map(({ node }) => node.unicastRecords)
  return {
    behindNat: alive.filter(({ place }) => place.box).length / alive.length,
    joined: alive.filter(({ node }) => node.status().stage === 'joined').length / alive.length,
    linksPerNode: percentile(links, 0.5),
    linksPerNodeMax: maximum(links),
    recordsPerNodeMean: mean(records),
    recordsPerNodeMax: maximum(records),
  }
}

/** What the network sends when nobody asks anything of it: UDP payloads per node and second. */
export async function measureIdlePackets(lab: PacketLab): Promise<Figures> {
  const { world } = lab
  const bytes = { sealed: 0, handshake: 0 }
  let isWatching = true
  world.network.tap((datagram) => {
    if (isWatching) bytes[(datagram[0]! & 0x7f) === PACKET_SEALED ? 'sealed' : 'handshake'] += datagram.length
  })
  const before = world.alive.map(({ place }) => ({ ...place.socket.traffic }))
  await lab.run(IDLE_MS, 'measuring upkeep')
  isWatching = false
  const perSecond = (figure: 'sentPackets' | 'sentBytes'): number[] =>
    world.alive.map(({ place }, i) => (place.socket.traffic[figure] - before[i]![figure]) / (IDLE_MS / 1000))
  const handshakeShare = bytes.handshake / Math.max(1, bytes.handshake + bytes.sealed)
  return {
    packetsPerNode: mean(perSecond('sentPackets')),
    packetsPerNodeMax: maximum(perSecond('sentPackets')),
    bytesPerNode: mean(perSecond('sentBytes')),
    bytesPerNodeMax: maximum(perSecond('sentBytes')),
    handshakeShare,
    upkeepBytesPerSecond: (1 - handshakeShare) * mean(perSecond('sentBytes')),
  }
}

export function packetSendFigures(sends: readonly PacketSend[], count: number): Figures {
  const arrived = arrivedOf(sends)
  const hops = arrived.map((each) => each.hops)
  const took = arrived.map(({ tookMs }) => tookMs)
  return {
    sends: count,
    delivered: arrived.length / count,
    meanHops: mean(hops),
    p99Hops: percentile(hops, 0.99),
    medianMs: percentile(took, 0.5),
    p99Ms: percentile(took, 0.99),
  }
}

export function arrivedOf(sends: readonly PacketSend[]): PacketSend[] {
  return sends.filter(({ isDelivered }) => isDelivered)
}

/** Handshakes that were asked for since the beginning, over all nodes, and those that came to nothing. */
export function dialFigures({ world }: PacketLab): Figures {
  const ends = summed(world.alive.map(({ links }) => links.dials.snapshot()))
  const { linked = 0, ...failed } = ends
  return { dials: linked + total(failed), failedDials: total(failed) }
}

/** Datagrams thrown away on their way since the beginning, by cause: "filtered" becomes droppedFiltered. */
export function dropFigures({ world }: PacketLab): Figures {
  const drops = world.network.drops.snapshot()
  const named = Object.entries(drops).map(([cause, count]) => [
    `dropped ${cause}`.replace(/ \w/g, capital),
    count,
  ])
  return { droppedDatagrams: total(drops), ...Object.fromEntries(named) }
}

export function placeNote({ world }: PacketLab): string {
  const counts = new Map<string, number>()
  for (const { place } of world.alive) counts.set(place.kind, (counts.get(place.kind) ?? 0) + 1)
  return `places: ${[...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')}`
}

/** What arrived and was of no use to the transport: late, repeated, for sessions that are gone. */
export function endpointNote({ world }: PacketLab): string {
  const causes = Object.entries(summed(world.alive.map(({ links }) => links.counters.dropped)))
  const words = causes.map(([cause, count]) => `${count} ${cause}`).join(', ')
  return `thrown away by endpoints: ${words || 'nothing'}`
}

/** Nothing where nothing failed. */
export function sendFailureNotes(what: string, sends: readonly PacketSend[]): string[] {
  const reasons = new Map<string, number>()
  for (const { isDelivered, how } of sends) if (!isDelivered) reasons.set(how, (reasons.get(how) ?? 0) + 1)
  if (reasons.size === 0) return []
  return [`${what}, not delivered: ${[...reasons].map(([why, count]) => `${count} x ${why}`).join(', ')}`]
}

function summed(all: readonly Figures[]): Figures {
  const sum: Figures = {}
  for (const each of all)
    for (const [name, value] of Object.entries(each)) sum[name] = (sum[name] ?? 0) + value
  return sum
}

function total(figures: Figures): number {
  return Object.values(figures).reduce((sum, value) => sum + value, 0)
}

function capital(gapAndLetter: string): string {
  return gapAndLetter[1]!.toUpperCase()
}
