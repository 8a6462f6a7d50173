// Packets of one session under its keys: closed on the way out, opened on the way in.

import { type Bytes } from '../base/bytes.ts'
import { cutBytes } from '../base/slab.ts'
import { type Crypto, type SessionKeys, TAG_BYTES } from '../ports/crypto.ts'
import {
  MAX_DATAGRAM_BYTES,
  SEALED_HEADER_BYTES,
  SEALED_OVERHEAD_BYTES,
  isOddPhase,
  writeSealedHeader,
} from '../wire/packet.ts'
import { FORGERY_LIMIT, KeyPhases } from './key-phases.ts'
import { type RoundTrip } from './round-trip.ts'

/** RFC 9001 §6.5: overtaken packets of the keys before are waited for so many probe timeouts. */
const KEEP_OLD_TIMEOUTS = 3

// One packet is opened at a time, whatever the number of sessions: what it held does not outlive the call.
const opened: Bytes = new Uint8Array(MAX_DATAGRAM_BYTES)

export interface SealingPorts {
  crypto: Crypto
  /** Packets sealed with one key; 2^20 where it is left out. */
  packetsPerKey?: number
}

export class SealedPackets {
  readonly #ports: SealingPorts
  readonly #phases: KeyPhases
  readonly #peerConnectionId: number
  #forged = 0

  constructor(ports: SealingPorts, keys: SessionKeys, peerConnectionId: number) {
    this.#ports = ports
    this.#phases = new KeyPhases(ports.crypto, keys, ports.packetsPerKey)
    this.#peerConnectionId = peerConnectionId
  }

  /** How often the keys have changed. */
  get keyUpdates(): number {
    return this.#phases.phase
  }

  /** RFC 9001 §6.6: the session has to end, for this reason. */
  get wornOutBy(): 'forged' | 'worn-out' | undefined {
    if (this.#forged >= FORGERY_LIMIT) return 'forged'
    return this.#phases.isWornOut ? 'worn-out' : undefined
  }

  /** A datagram of its own, for the socket to keep. */
  seal(frames: Uint8Array, number: number, nowMs: number): Bytes {
    const key = this.#phases.sendKey(number, nowMs)
    const datagram = cutBytes(SEALED_OVERHEAD_BYTES + frames.length)
    writeSealedHeader(datagram, this.#peerConnectionId, number, this.#phases.phase)
    const header = datagram.subarray(0, SEALED_HEADER_BYTES)
    this.#ports.crypto.seal(datagram.subarray(SEALED_HEADER_BYTES), frames, header, number, key)
    return datagram
  }

  /** The frames in it, valid until the next packet is opened; undefined where it is not authentic. */
  open(datagram: Uint8Array, number: number, rtt: RoundTrip, nowMs: number): Uint8Array | undefined {
    const { crypto } = this.#ports
    if (datagram.length > MAX_DATAGRAM_BYTES) return undefined
    const header = datagram.subarray(0, SEALED_HEADER_BYTES)
    const sealed = datagram.subarray(SEALED_HEADER_BYTES)
    const isOdd = isOddPhase(datagram)
    const key = this.#phases.receiveKey(isOdd, number, nowMs)
    if (!key || !crypto.open(opened, sealed, header, number, key)) {
      this.#forged++
      return undefined
    }
    this.#phases.opened(isOdd, number, nowMs, KEEP_OLD_TIMEOUTS * rtt.probeTimeoutMs)
    return opened.subarray(0, sealed.length - TAG_BYTES)
  }

  /** An ack in the packet opened last has named this one. Errors: malformed (key-phases.ts). */
  acked(number: number): void {
    this.#phases.acked(number)
  }

  /** The session has ended: nothing is sealed or opened any more. */
  erase(): void {
    this.#phases.erase()
  }
}
