// Bulk over Banyan's own transport by way of a volunteer in a process of its own: messages of one session whose packets
// all pass the relay.

import { MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { type EndAddress, addressOf, targetOf } from '../../test/drive/loopback-end.ts'
import { type RelayEnd, openRelayEnd } from '../../test/drive/relay-end.ts'
import { ANSWER, outgoingOver } from './banyan-stream.ts'
import { type Starter } from './measured-process.ts'
import { type Outgoing, Signal, type StreamKind, type StreamTask } from './stream-sides.ts'

/** No limit that a measurement would notice. */
const GENEROUS = { helpOthers: true, bytesPerSecond: 100e9, bytesPerMonth: 1e15, circuits: 64 }

/** Another end of the overlay, by the volunteer. */
interface Callee {
  id: string
  noiseKey: string
}

export async function serveAsRelay(_task: unknown, starter: Starter): Promise<void> {
  const { endpoint, relays } = await openRelayEnd()
  relays.setHelp(GENEROUS)
  starter.post(addressOf(endpoint))
}

export const relayedStream: StreamKind = {
  async listen(task, arrived) {
    const end = await openRelayEnd()
    end.endpoint.on({
      up: () => {},
      down: () => {},
      message: (link, message) => {
        if (message[0]! < MESSAGE.relayReserve || message[0]! > MESSAGE.relayOffer)
          arrived(message.length, () => link.send(ANSWER))
      },
    })
    const relay = await linkedRelay(end, task)
    await end.relays.reserve(relay)
    const { id, noiseKey } = end.endpoint.self
    return { id, noiseKey: Buffer.from(noiseKey).toString('hex') } satisfies Callee
  },

  async connect(task: StreamTask, callee: Callee): Promise<Outgoing> {
    const end = await openRelayEnd()
    const relay = await linkedRelay(end, task)
    const answered = new Signal()
    const id = callee.id as typeof relay
    end.endpoint.on({
      up: () => {},
      down: () => {},
      message: ({ peer }) => {
        if (peer.id === id) answered.raise()
      },
    })
    const address = await end.relays.circuitTo(relay, id)
    const noiseKey = Uint8Array.from(Buffer.from(callee.noiseKey, 'hex'))
    return outgoingOver(await end.endpoint.dial({ id, noiseKey, addresses: [address] }), answered)
  },
}

async function linkedRelay({ endpoint }: RelayEnd, { relay }: StreamTask) {
  const { peer } = await endpoint.dial(targetOf(relay as EndAddress))
  return peer.id
}
