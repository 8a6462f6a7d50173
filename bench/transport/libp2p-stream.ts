// Bulk over libp2p: one Yamux stream in Noise over TCP, without discovery of any kind.

import { loadPeer } from './peer-packages.ts'
import { type Outgoing, Signal, type StreamKind, type StreamTask } from './stream-sides.ts'

interface Stream {
  send(bytes: Uint8Array): boolean
  onDrain(): Promise<void>
  addEventListener(event: 'message', listener: (event: { data: { byteLength: number } }) => void): void
}

export interface Libp2p {
  handle(protocol: string, handler: (stream: Stream) => void): Promise<void>
  dialProtocol(address: unknown, protocol: string): Promise<Stream>
  dial(address: unknown): Promise<unknown>
  getMultiaddrs(): unknown[]
}

const PROTOCOL = '/bulk/1'
const ANSWER = new Uint8Array(1)

export const libp2pStream: StreamKind = {
  async listen(_task, arrived) {
    const node = await startLibp2p(['/ip4/127.0.0.1/tcp/0'])
    await node.handle(PROTOCOL, (stream) =>
      stream.addEventListener('message', ({ data }) =>
        arrived(data.byteLength, () => void stream.send(ANSWER)),
      ),
    )
    return String(node.getMultiaddrs()[0])
  },

  async connect(_task: StreamTask, address: string): Promise<Outgoing> {
    const node = await startLibp2p([])
    const { multiaddr } = await loadPeer<{ multiaddr(text: string): unknown }>('@multiformats/multiaddr')
    const stream = await node.dialProtocol(multiaddr(address), PROTOCOL)
    const answered = new Signal()
    stream.addEventListener('message', () => answered.raise())
    return {
      write: (chunk) => (stream.send(chunk) ? undefined : stream.onDrain()),
      answer: () => answered.wait(),
      sent: () => ({ bytes: 0, packets: 0 }),
    }
  },
}

/** A node without discovery of any kind; `more` are options of its own. */
export async function startLibp2p(listen: string[], more: object = {}): Promise<Libp2p> {
  const { createLibp2p } = await loadPeer<{ createLibp2p(options: object): Promise<Libp2p> }>('libp2p')
  const { tcp } = await loadPeer<{ tcp(): unknown }>('@libp2p/tcp')
  const { noise } = await loadPeer<{ noise(): unknown }>('@chainsafe/libp2p-noise')
  const { yamux } = await loadPeer<{ yamux(): unknown }>('@chainsafe/libp2p-yamux')
  return createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    ...more,
  })
}
