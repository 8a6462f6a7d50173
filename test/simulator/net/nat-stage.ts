// A NAT box with computers inside and strangers outside, for the box's tests: what was seen from where is what they ask.

import { type Address, formatAddress } from '../../../main/overlay/ports/datagram-socket.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { type NatBehaviour, WELL_BEHAVED } from '../../../simulator/net/nat-behaviour.ts'
import { NatBox } from '../../../simulator/net/nat-box.ts'
import { PacketNetwork } from '../../../simulator/net/packet-network.ts'
import { type Uplink } from '../../../simulator/net/receivers.ts'
import { SimulatedSocket } from '../../../simulator/net/simulated-socket.ts'

export interface Computer {
  socket: SimulatedSocket
  /** Whom it heard, as it saw them, oldest first. */
  heard: string[]
}

/** Longer than any way through this stage. */
const WAY_MS = 1000

export class NatStage {
  readonly queue = new EventQueue()
  readonly net: PacketNetwork
  readonly #seed: number

  constructor(seed = 5) {
    this.#seed = seed
    this.net = new PacketNetwork(this.queue, new SeededRandom(seed), { jitterMs: 0 })
  }

  box(
    behaviour: Partial<NatBehaviour> = {},
    outsideHost = '198.18.0.1',
    uplink: Uplink = this.net,
    seed = this.#seed,
  ): NatBox {
    return new NatBox({
      queue: this.queue,
      random: new SeededRandom(seed),
      uplink,
      outsideHost,
      behaviour: { ...WELL_BEHAVED, ...behaviour },
      drops: this.net.drops,
    })
  }

  computer(host: string, port: number, uplink: Uplink = this.net): Computer {
    const socket = SimulatedSocket.open({ host, port }, uplink)
    const computer: Computer = { socket, heard: [] }
    socket.onDatagram((_datagram, from) => computer.heard.push(formatAddress(from)))
    return computer
  }

  /** Sends and waits until it has arrived, where it does. */
  async send(from: Computer, to: Address): Promise<void> {
    from.socket.send(new Uint8Array(100), to)
    await this.wait(WAY_MS)
  }

  /** The address under which one sees the other, by sending to it. */
  async seenAs(sender: Computer, by: Computer): Promise<Address> {
    const before = by.heard.length
    await this.send(sender, by.socket.local)
    if (by.heard.length !== before + 1) throw new Error('not heard')
    const [host, port] = by.heard.at(-1)!.split(':') as [string, string]
    return { host, port: Number(port) }
  }

  /** Whether something sent there now is heard. */
  async reaches(from: Computer, to: Address, listener: Computer): Promise<boolean> {
    const before = listener.heard.length
    await this.send(from, to)
    return listener.heard.length === before + 1
  }

  wait(ms: number): Promise<void> {
    return this.queue.runUntil(this.queue.nowMs + ms)
  }
}
