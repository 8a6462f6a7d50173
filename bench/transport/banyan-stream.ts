// Bulk over Banyan's own transport: messages of one session.

import { type Link } from '../../main/overlay/transport/links.ts'
import { type EndAddress, addressOf, openEnd, targetOf } from '../../test/drive/loopback-end.ts'
import { type Outgoing, Signal, type StreamKind, type StreamTask } from './stream-sides.ts'

/** Chosen: what an application keeps in hand; more than the window of any path measured here. */
const MAX_UNACKED_BYTES = 8 * 1024 * 1024
export const ANSWER = new Uint8Array(1)

export const banyanStream: StreamKind = {
  async listen(task, arrived) {
    const endpoint = await openEnd({}, { largestDatagramBytes: task.maxDatagramBytes })
    endpoint.on({
      up: () => {},
      down: () => {},
      message: (link, message) => arrived(message.length, () => link.send(ANSWER)),
    })
    return addressOf(endpoint)
  },

  async connect(task: StreamTask, target: EndAddress): Promise<Outgoing> {
    const endpoint = await openEnd({}, { largestDatagramBytes: task.maxDatagramBytes })
    const answered = new Signal()
    endpoint.on({ up: () => {}, down: () => {}, message: () => answered.raise() })
    return outgoingOver(await endpoint.dial(targetOf(target)), answered)
  },
}

/** Messages over one link, as many as are acknowledged; `answered` is raised by what comes back. */
export function outgoingOver(link: Link, answered: Signal): Outgoing {
  const acked = new Signal()
  let unackedBytes = 0
  return {
    write(chunk) {
      unackedBytes += chunk.length
      link.send(chunk, () => {
        unackedBytes -= chunk.length
        if (unackedBytes < MAX_UNACKED_BYTES) acked.raise()
      })
      return unackedBytes < MAX_UNACKED_BYTES ? undefined : acked.wait()
    },
    answer: () => answered.wait(),
    sent: () => ({ bytes: link.traffic.sentBytes, packets: link.traffic.sentPackets }),
  }
}
