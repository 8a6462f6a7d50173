// Computers joined by cables alone: no Internet, no router, each can talk to those at the other end of its cables and to
// nobody else. Whoever wants to reach another must be carried by those in between, and they are nodes of Banyan.

import { type Edge, type Graph } from '../../simulator/world/random-graph.ts'
import { type Lab } from './lab.ts'
import { type Namespace } from './namespace.ts'
import { NodeProcess } from './node-process.ts'

const PORT = 4_000

export interface Sent {
  packets: number
  bytes: number
}

export class Mesh {
  readonly graph: Graph
  readonly nodes: readonly NodeProcess[]
  readonly #namespaces: readonly Namespace[]

  private constructor(graph: Graph, namespaces: readonly Namespace[], nodes: readonly NodeProcess[]) {
    this.graph = graph
    this.#namespaces = namespaces
    this.nodes = nodes
  }

  /** Cables laid and nodes composed, none of them started. */
  static async build(lab: Lab, graph: Graph): Promise<Mesh> {
    const namespaces = Array.from({ length: graph.nodes }, (_, node) => lab.namespace(`node-${node}`))
    graph.edges.forEach((edge, index) => layCable(lab, namespaces, edge, index))
    const launch = (namespace: Namespace, node: number): Promise<NodeProcess> =>
      NodeProcess.launch({ namespace, profile: `${lab.folder}/profile-${node}`, port: PORT })
    const nodes = await Promise.all(namespaces.map(launch))
    introduceNeighbours(graph, nodes)
    return new Mesh(graph, namespaces, nodes)
  }

  /** Unplugged: both ends see that the carrier is gone. */
  unplug([one, other]: Edge): void {
    this.#namespaces[one]!.ip(`link set ${interfaceTo(other)} down`)
  }

  plugIn([one, other]: Edge): void {
    this.#namespaces[one]!.ip(`link set ${interfaceTo(other)} up`)
  }

  /** What all nodes have sent, as their interfaces count it: with Ethernet headers, and with ARP. */
  sent(): Sent {
    const sum = { packets: 0, bytes: 0 }
    for (const namespace of this.#namespaces)
      for (const { packets, bytes } of sentByInterface(namespace)) {
        sum.packets += packets
        sum.bytes += bytes
      }
    return sum
  }
}

/**
 * How nodes learn who is at the other end of a cable: by a bootstrap entry for each, as long as they do not find each
 * other by themselves. The only place that would have to change then.
 */
function introduceNeighbours({ edges }: Graph, nodes: readonly NodeProcess[]): void {
  edges.forEach(([one, other], index) => {
    const [addressOfOne, addressOfOther] = addressesOn(index)
    nodes[one]!.addPeers([nodes[other]!.cardAt(addressOfOther)])
    nodes[other]!.addPeers([nodes[one]!.cardAt(addressOfOne)])
  })
}

function layCable(lab: Lab, namespaces: readonly Namespace[], [one, other]: Edge, index: number): void {
  const ends = [
    { at: namespaces[one]!, interface: interfaceTo(other) },
    { at: namespaces[other]!, interface: interfaceTo(one) },
  ] as const
  lab.connect(...ends)
  const addresses = addressesOn(index)
  ends.forEach((end, side) => end.at.ip(`address add ${addresses[side]}/30 dev ${end.interface}`))
}

function interfaceTo(node: number): string {
  return `to${node}`
}

/** Each cable is a network of its own, and no two are in one /24. */
function addressesOn(index: number): [string, string] {
  const network = `45.${100 + Math.floor(index / 250)}.${index % 250}`
  return [`${network}.1`, `${network}.2`]
}

function sentByInterface(namespace: Namespace): Sent[] {
  const shown = JSON.parse(namespace.run('ip', '-json', '-statistics', 'link', 'show')) as {
    ifname: string
    stats64: { tx: Sent }
  }[]
  return shown.filter(({ ifname }) => ifname !== 'lo').map(({ stats64 }) => stats64.tx)
}
