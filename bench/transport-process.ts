// The process behind transport.ts: one side of one measurement, by role.

import { acceptSessions, callOneByOne } from './transport/accept-sides.ts'
import { banyanStream } from './transport/banyan-stream.ts'
import { banyanBroadcast, gossipsubBroadcast } from './transport/broadcast-sides.ts'
import { banyanCallers, banyanNetwork, hyperdhtCallers, hyperdhtNetwork } from './transport/connect-sides.ts'
import { hyperdhtStream } from './transport/hyperdht-stream.ts'
import { libp2pStream } from './transport/libp2p-stream.ts'
import { Starter } from './transport/measured-process.ts'
import { banyanRecords, hyperdhtRecords } from './transport/record-sides.ts'
import { relayedStream, serveAsRelay } from './transport/relayed-stream.ts'
import { type StreamKind, receiveStream, sendStream } from './transport/stream-sides.ts'

type Role = (args: never, starter: Starter) => Promise<void>

const receiver =
  (kind: StreamKind): Role =>
  (task, starter) =>
    receiveStream(kind, task, starter)
const sender =
  (kind: StreamKind): Role =>
  (task, starter) =>
    sendStream(kind, task, starter)

const ROLES: Record<string, Role> = {
  'banyan-receiver': receiver(banyanStream),
  'banyan-sender': sender(banyanStream),
  'hyperdht-receiver': receiver(hyperdhtStream),
  'hyperdht-sender': sender(hyperdhtStream),
  'libp2p-receiver': receiver(libp2pStream),
  'libp2p-sender': sender(libp2pStream),
  'relayed-receiver': receiver(relayedStream),
  'relayed-sender': sender(relayedStream),
  relay: serveAsRelay,
  'banyan-network': banyanNetwork,
  'banyan-callers': banyanCallers,
  'hyperdht-network': hyperdhtNetwork,
  'hyperdht-callers': hyperdhtCallers,
  'banyan-records': banyanRecords,
  'hyperdht-records': hyperdhtRecords,
  acceptor: acceptSessions,
  callers: callOneByOne,
  'banyan-broadcast': banyanBroadcast,
  'gossipsub-broadcast': gossipsubBroadcast,
}

const [role, args] = process.argv.slice(2)
await ROLES[role!]!(JSON.parse(args!) as never, new Starter())
