import { OverlayNode, type NodeParts } from './overlay/node.ts'
import { type Address, type OpenSocket } from './overlay/ports/datagram-socket.ts'
import { type ReachSocket } from './overlay/reach/reach-socket.ts'
import { type CarriedSocket } from './overlay/relay/carried-socket.ts'
import { type Endpoint } from './overlay/transport/endpoint.ts'

/** What the endpoint sends through, from the network up. */
export interface NodeSockets {
  reached: ReachSocket
  carried: CarriedSocket
  openSocket: OpenSocket | undefined
}

export interface SocketNodeParts extends Omit<NodeParts, 'links' | 'transport' | 'reach' | 'carried'> {
  /** Without them the node dials at known addresses alone, and finds nothing out. */
  sockets?: NodeSockets
}

/** A node together with the socket's end that carries its links: both start and stop as one. */
export class SocketNode extends OverlayNode {
  readonly #endpoint: Endpoint

  constructor(endpoint: Endpoint, { sockets, ...parts }: SocketNodeParts) {
    const reach = sockets && {
      socket: sockets.reached,
      openSocket: sockets.openSocket,
      onObservedAddress: endpoint.onObservedAddress.bind(endpoint),
      provenAddress: (id: Parameters<Endpoint['get']>[0]) => endpoint.get(id)?.provenAddress,
      mayCall: endpoint.mayCall.bind(endpoint),
      advertise: (seen: readonly Address[]) => endpoint.advertise('seen', seen),
      setKeepAliveMs: (ms: number) => void (endpoint.keepAliveMs = ms),
    }
    super({ ...parts, links: endpoint, transport: endpoint.counters, reach, carried: sockets?.carried })
    this.#endpoint = endpoint
  }

  override async start(): Promise<void> {
    this.#endpoint.start()
    await super.start()
  }

  override async stop(): Promise<void> {
    await super.stop()
    await this.#endpoint.stop() // also where the node never ran
  }

  /** What was said last arrives first. */
  protected override part(): Promise<void> {
    return this.#endpoint.stop()
  }
}
