// What a session knows of the path its packets leave by. All of it is begun anew where the peer turns up at another host
// (RFC 9000 §9.4), and found again where the peer returns.

import { type Address } from '../ports/datagram-socket.ts'
import { type Random } from '../ports/random.ts'
import { DATAGRAM_BYTES } from '../wire/packet.ts'
import { BackgroundTraffic } from './congestion/background-traffic.ts'
import { type CongestionControl } from './congestion/congestion-control.ts'
import { DeliveryRate } from './congestion/delivery-rate.ts'
import { type CongestionLaw, congestionControl } from './congestion/laws.ts'
import { LossEpisode } from './congestion/loss-episode.ts'
import { type SentFrame, type SentPacket } from './congestion/sent-packet.ts'
import { Pacer } from './pacer.ts'
import { PathMtu, isFull } from './path-mtu.ts'
import { RoundTrip } from './round-trip.ts'
import { type UnprovenBudget } from './unproven-budget.ts'

/** What a person waits for. */
const DEFAULT_LAW: CongestionLaw = 'bbr'

export interface PathPorts {
  random: Random
  /** What may go to addresses that have not answered. */
  unproven: UnprovenBudget
  /** Which law the bytes we send obey; DEFAULT_LAW where it is left out. */
  congestionLaw?: CongestionLaw
  /** What the socket sends in one piece towards an address, in bytes. */
  largestDatagram(to: Address): number
}

/** A path of which nothing is known yet. */
export function newPath(to: Address, ports: PathPorts): SendingPath {
  const { congestionLaw = DEFAULT_LAW, random, largestDatagram } = ports
  const congestion = congestionControl(congestionLaw, DATAGRAM_BYTES, random)
  return new SendingPath(congestion, largestDatagram(to), congestionLaw)
}

export class SendingPath {
  readonly law: CongestionLaw
  readonly congestion: CongestionControl
  readonly rtt = new RoundTrip()
  readonly delivery = new DeliveryRate()
  readonly episode = new LossEpisode()
  readonly pacer = new Pacer(DATAGRAM_BYTES)
  /** Sent by it, and neither acknowledged nor called lost. */
  bytesInFlight = 0
  /** From the first byte of it on. */
  background: BackgroundTraffic | undefined
  readonly #largestBytes: number
  #mtu: PathMtu | undefined // from the first full packet on: most sessions only talk

  /** `congestion` begins with packets of 1,200 bytes; `largestBytes` is what the socket sends in one piece. */
  constructor(congestion: CongestionControl, largestBytes: number, law = DEFAULT_LAW) {
    this.law = law
    this.congestion = congestion
    this.#largestBytes = largestBytes
  }

  /** The size of a full packet. */
  get packetBytes(): number {
    return this.#mtu?.packetBytes ?? DATAGRAM_BYTES
  }

  /** How often the path stopped carrying what it did. */
  get blackHoles(): number {
    return this.#mtu?.blackHoles ?? 0
  }

  /** What keeps a packet of so many bytes from leaving. */
  heldBy(bytes: number, nowMs: number): 'window' | 'pacing' | undefined {
    if (this.bytesInFlight + bytes > this.congestion.windowBytes) return 'window'
    return this.pacer.maySend(this.congestion.pacingRate, nowMs) ? undefined : 'pacing'
  }

  /** Whether background may leave, of which some waits. */
  mayBackgroundLeave(nowMs: number): boolean {
    this.background ??= new BackgroundTraffic(this.packetBytes, this.rtt, nowMs)
    return this.background.maySend(this.packetBytes)
  }

  /** The size of a probe that goes before the next packet, where the window is wide enough for it at all. */
  get mtuProbeBytes(): number | undefined {
    const bytes = this.#mtu?.dueBytes
    return bytes !== undefined && bytes <= this.congestion.windowBytes ? bytes : undefined
  }

  /** That probe leaves now. The frame stands for it in the packet. */
  mtuProbeSent(nowMs: number): SentFrame {
    return this.#mtu!.probeSent(nowMs)
  }

  /** A packet that asks for an ack has left. */
  packetSent(bytes: number, nowMs: number): void {
    if (!this.#mtu && !isFull(bytes, DATAGRAM_BYTES)) return
    this.#mtu ??= new PathMtu(this.#largestBytes, (packetBytes) => {
      this.congestion.setPacketBytes(packetBytes)
      this.background?.setPacketBytes(packetBytes)
      this.pacer.setPacketBytes(packetBytes)
    })
    this.#mtu.packetSent(bytes, nowMs)
  }

  packetAcked(bytes: number): void {
    this.#mtu?.packetAcked(bytes)
  }

  packetsLost(packets: readonly SentPacket[], nowMs: number): void {
    this.#mtu?.packetsLost(packets, nowMs)
  }
}
