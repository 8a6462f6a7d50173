// The transport's figures of a session, as the node health view is told them.

import { type Health } from '../../../preload/contract.ts'
import { type SessionStatus } from '../../overlay/api.ts'

type Figures = NonNullable<Health['sessions'][number]['figures']>

export function sessionFigures(figures: NonNullable<SessionStatus['figures']>): Figures {
  const { law, rttVariationMs, leastRttMs, windowBytes, bytesInFlight, pacingRate, packetBytes } = figures
  const { sentPackets, receivedPackets, resentPackets, resentBytes } = figures
  // What arrived after all was not lost, and what only asked for the size of packets is no sign of a bad path.
  const lostPackets = figures.lostPackets - figures.latePackets - figures.lostProbes
  return {
    ...{ law, rttVariationMs, leastRttMs, bytesInFlight, packetBytes },
    ...{ sentPackets, receivedPackets, lostPackets, resentPackets, resentBytes },
    windowBytes: Math.round(windowBytes),
    pacingBytesPerSecond: pacingRate === undefined ? null : Math.round(pacingRate * 1_000),
  }
}
