import { OverlayNode, type NodeParts } from './overlay/node.ts'
import { type Endpoint } from './overlay/transport/endpoint.ts'

/** A node together with the socket's end that carries its links: both start and stop as one. */
export class SocketNode extends OverlayNode {
  readonly #endpoint: Endpoint

  constructor(endpoint: Endpoint, parts: Omit<NodeParts, 'links' | 'transport'>) {
    super({ ...parts, links: endpoint, transport: endpoint.counters })
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
