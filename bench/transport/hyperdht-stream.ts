// Bulk over hyperdht: Noise's secret stream over UDX, between two nodes of a network of three on loopback.

import { loadPeer } from './peer-packages.ts'
import { type Outgoing, Signal, type StreamKind, type StreamTask } from './stream-sides.ts'

interface SecretStream {
  opened: Promise<boolean>
  rawStream: { bytesTransmitted: number; packetsTransmitted: number }
  on(event: 'data' | 'error', listener: (bytes: Uint8Array) => void): void
  once(event: 'drain', listener: () => void): void
  write(bytes: Uint8Array): boolean
}

interface Server {
  publicKey: Uint8Array
  listen(): Promise<void>
}

export interface HyperNode {
  immutablePut(value: Uint8Array): Promise<{ hash: Uint8Array }>
  immutableGet(hash: Uint8Array): Promise<{ value: Uint8Array } | null>
  createServer(listener: (stream: SecretStream) => void): Server
  connect(publicKey: Uint8Array): SecretStream
  fullyBootstrapped(): Promise<void>
  destroy(): Promise<void>
}

interface Bootstrap {
  host: string
  port: number
}

export interface Testnet {
  bootstrap: Bootstrap[]
  nodes: HyperNode[]
}

/** A network of its own on 127.0.0.1: nothing is sent anywhere else. */
export async function hyperNetwork(size: number): Promise<Testnet> {
  const { default: createTestnet } = await loadPeer<{ default(size: number): Promise<Testnet> }>(
    'hyperdht/testnet.js',
  )
  return createTestnet(size)
}

/** A node that has joined. It knows that it is behind nothing, as the testnet's nodes do: there is no hole to punch. */
export async function hyperNode(bootstrap: Bootstrap[]): Promise<HyperNode> {
  const { default: DHT } = await loadPeer<{ default: new (options: object) => HyperNode }>('hyperdht')
  const node = new DHT({ bootstrap, host: '127.0.0.1', firewalled: false })
  await node.fullyBootstrapped()
  return node
}

export interface HyperTarget {
  bootstrap: Bootstrap[]
  publicKey: string
}

const NETWORK_SIZE = 3
const ANSWER = new Uint8Array(1)

export const hyperdhtStream: StreamKind = {
  async listen(_task, arrived) {
    const { bootstrap, nodes } = await hyperNetwork(NETWORK_SIZE)
    const server = nodes
      .at(-1)!
      .createServer((stream) =>
        stream.on('data', (bytes) => arrived(bytes.length, () => void stream.write(ANSWER))),
      )
    await server.listen()
    return { bootstrap, publicKey: Buffer.from(server.publicKey).toString('hex') }
  },

  async connect(_task: StreamTask, { bootstrap, publicKey }: HyperTarget): Promise<Outgoing> {
    const node = await hyperNode(bootstrap)
    const stream = node.connect(Buffer.from(publicKey, 'hex'))
    const answered = new Signal()
    stream.on('data', () => answered.raise())
    await stream.opened
    const { rawStream } = stream
    return {
      write: (chunk) =>
        stream.write(chunk) ? undefined : new Promise((resolve) => stream.once('drain', resolve)),
      answer: () => answered.wait(),
      sent: () => ({ bytes: rawStream.bytesTransmitted, packets: rawStream.packetsTransmitted }),
    }
  },
}
