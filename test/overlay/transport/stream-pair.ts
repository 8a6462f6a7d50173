// Two nodes with a link between them, of which the second notes what the streams it is sent bring.

import { type Endpoint } from '../../../main/overlay/transport/endpoint.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { type Stream } from '../../../main/overlay/transport/stream.ts'
import { type PathModel } from '../../../simulator/net/path-model.ts'
import { type Peer, World } from './world.ts'

/** A stream as its acceptor saw it. */
export interface Accepted {
  stream: Stream
  text: string
  bytes: number
  /** The first byte. */
  first: number
  /** "end", "reset CODE", "closed", or nothing yet. */
  ending: string
  onData: () => void
}

export interface Reaction {
  data?: (own: Accepted) => void
  end?: (own: Accepted) => void
}

/** Accepts every stream of an endpoint; the list grows as they come. */
export function accepting(endpoint: Endpoint, reaction: Reaction = {}): Accepted[] {
  const accepted: Accepted[] = []
  const accept = (stream: Stream) => {
    const own: Accepted = { stream, text: '', bytes: 0, first: -1, ending: '', onData: () => {} }
    own.onData = () => reaction.data?.(own)
    accepted.push(own)
    stream.on({
      data: (bytes) => {
        if (own.bytes === 0) own.first = bytes[0]!
        own.bytes += bytes.length
        if (own.bytes < 1_000) own.text += new TextDecoder().decode(bytes)
        own.onData()
      },
      end: () => {
        own.ending += 'end'
        reaction.end?.(own)
      },
      reset: (code) => (own.ending += `reset ${code}`),
      closed: () => (own.ending += 'closed'),
    })
  }
  endpoint.on({ up: () => {}, down: () => {}, message: () => {}, stream: (_link, stream) => accept(stream) })
  return accepted
}

export async function streamPair(
  reaction: Reaction = {},
  model: Partial<PathModel> = { delayMs: 20, jitterMs: 0 },
): Promise<{ world: World; alice: Peer; bob: Peer; link: Session; back: Session; accepted: Accepted[] }> {
  const world = new World(30)
  const { alice, bob } = await world.connected()
  world.net.setModel(model)
  const accepted = accepting(bob.endpoint, reaction)
  const link = alice.endpoint.get(bob.identity.id)!
  return { world, alice, bob, link, back: bob.endpoint.get(alice.identity.id)!, accepted }
}
