import { type Acknowledger } from './acknowledger.ts'
import { type Traffic } from './counters.ts'
import { type LossRecovery } from './loss-recovery.ts'
import { type SendingPath } from './sending-path.ts'
import { type SessionStreams } from './session-streams.ts'
import { type SessionFigures } from './session-trace.ts'

/** What a session knows about itself and the path in use, now. */
export function figuresOf(
  path: SendingPath,
  recovery: LossRecovery,
  traffic: Traffic,
  { keyUpdates }: { readonly keyUpdates: number },
  { account, resentPackets, datagramCounts }: SessionStreams,
): SessionFigures {
  const { sentPackets, sentBytes, receivedPackets, receivedBytes } = traffic
  const { lostPackets, lostBytes, latePackets, lostProbes } = recovery
  return {
    law: path.law,
    rttMs: path.rtt.smoothedMs,
    rttVariationMs: path.rtt.variationMs,
    leastRttMs: path.rtt.leastMs,
    windowBytes: path.congestion.windowBytes,
    backgroundWindowBytes: path.background?.windowBytes,
    bytesInFlight: path.bytesInFlight,
    pacingRate: path.congestion.pacingRate,
    packetBytes: path.packetBytes,
    blackHoles: path.blackHoles,
    keyUpdates,
    datagrams: { ...datagramCounts },
    resentPackets,
    resentBytes: account.resentBytes,
    ...{
      sentPackets,
      sentBytes,
      receivedPackets,
      receivedBytes,
      lostPackets,
      lostBytes,
      latePackets,
      lostProbes,
    },
  }
}

/** Entries in the tables that a peer can make grow. */
export type TableSizes = { sentPackets: number; receivedRanges: number } & SessionStreams['tableSizes']

export function tableSizesOf(
  { tracked }: LossRecovery,
  { received }: Acknowledger,
  { tableSizes }: SessionStreams,
): TableSizes {
  return { sentPackets: tracked, receivedRanges: received.rangeCount, ...tableSizes }
}
