// A peer with a session of ours that says what a test wants: sealing is out of the way, and its own node is deaf and dumb.

import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Bytes, concat } from '../../../main/overlay/base/bytes.ts'
import { type Crypto, TAG_BYTES } from '../../../main/overlay/ports/crypto.ts'
import { type EndpointOptions } from '../../../main/overlay/transport/endpoint.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { PacketWriter } from '../../../main/overlay/wire/packet-codec.ts'
import { type Frame, readFrames, writeFrame } from '../../../main/overlay/wire/packet-frames.ts'
import {
  SEALED_HEADER_BYTES,
  isOddPhase,
  packetNumberOf,
  writeSealedHeader,
} from '../../../main/overlay/wire/packet.ts'
import { type Peer, World, targetOf } from './world.ts'

/** Packets under it can be read and written by anybody. */
export const openlySealing: Crypto = {
  ...hostCrypto,
  seal: (out, plaintext) => out.set(plaintext),
  open: (out, sealed) => {
    out.set(sealed.subarray(0, sealed.length - TAG_BYTES))
    return true
  },
}

export interface Heard {
  number: number
  isOddPhase: boolean
  frames: Frame[]
}

export class OpenPeer {
  readonly world: World
  /** Ours. */
  readonly bob: Peer
  readonly session: Session
  /** What our node has said since. */
  readonly heard: Heard[] = []
  /** The last packet said. */
  number = 100 // above all that was said before

  private constructor(world: World, alice: Peer, bob: Peer) {
    this.world = world
    this.bob = bob
    this.session = bob.endpoint.get(alice.identity.id)!
    alice.socket.onDatagram((datagram) => this.#hear(datagram.slice()))
    alice.socket.send = () => {}
    this.#arrive = (datagram) => bob.socket.arrive(datagram, alice.socket.local)
  }

  readonly #arrive: (datagram: Bytes) => void

  static async linked(seed: number, options?: Partial<EndpointOptions>): Promise<OpenPeer> {
    const world = new World(seed, { jitterMs: 0 })
    const alice = world.peer('10.0.0.1', { crypto: openlySealing })
    const bob = world.peer('10.0.0.2', { crypto: openlySealing, options })
    await world.until(alice.endpoint.dial(targetOf(bob)))
    await world.run(500)
    return new OpenPeer(world, alice, bob)
  }

  say(frames: Frame[], number = ++this.number, phase = 0): void {
    const out = new PacketWriter(65_000)
    for (const frame of frames) writeFrame(out, frame)
    const header = new Uint8Array(SEALED_HEADER_BYTES)
    writeSealedHeader(header, this.session.facts.ownConnectionId, number, phase)
    this.#arrive(concat(header, out.written, new Uint8Array(TAG_BYTES)))
  }

  #hear(datagram: Bytes): void {
    const number = packetNumberOf(datagram, this.heard.at(-1)?.number ?? 0)
    const frames = readFrames(datagram.subarray(SEALED_HEADER_BYTES, datagram.length - TAG_BYTES))
    this.heard.push({ number, isOddPhase: isOddPhase(datagram), frames })
  }
}
