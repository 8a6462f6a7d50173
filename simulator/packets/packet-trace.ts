import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { type Address } from '../../main/overlay/ports/datagram-socket.ts'
import { type PacketNetwork } from '../net/packet-network.ts'

/** FNV-1a over every datagram of the open Internet: its moment, its ends, its bytes. Two runs of one seed agree on it. */
export class PacketTrace {
  #hash = 0x811c9dc5

  constructor(network: PacketNetwork, nowMs: () => number) {
    network.tap((datagram, from, to) => this.#note(nowMs(), datagram, from, to))
  }

  get words(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  #note(atMs: number, datagram: Bytes, from: Address, to: Address): void {
    let hash = mix(this.#hash, Math.round(atMs * 1000))
    for (const { host, port } of [from, to]) {
      for (let i = 0; i < host.length; i++) hash = mix(hash, host.charCodeAt(i))
      hash = mix(hash, port)
    }
    for (let i = 0; i < datagram.length; i++) hash = mix(hash, datagram[i]!)
    this.#hash = hash
  }
}

function mix(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x01000193)
}
