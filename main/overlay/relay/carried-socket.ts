// The socket below the endpoint, which knows circuits. To the transport a circuit is an address like any other: what is sent
// there is wrapped and goes to the relay, what the relay brings is handed up as if it came from there. Where this node is
// the relay, what belongs to one end is passed on to the other, and the transport never sees it.
//
//   endpoint --send(packet, 100::r:c)--> wrapped --> relay's address
//   relay's address --> carried packet --own circuit---> unwrapped, from 100::r:c --> endpoint
//                                      \--passing leg--> the other end's circuit id --> the other end's address
//
// Who sends is told by the address of the session he has with us, as that session has proven it, and by a circuit id that
// only he was told: neither alone moves anything. What goes out goes to proven addresses only.
//
// Rejected: circuits as datagram frames in the two sessions with the relay. Each packet would be sealed, opened, sealed and
// opened again on its way and wait for two congestion windows below its own, and a full packet would not fit in another.

import { type Bytes } from '../base/bytes.ts'
import { DropCounts } from '../base/drop-counts.ts'
import { returnBytes } from '../base/lent-bytes.ts'
import { cutBytes } from '../base/slab.ts'
import { type Clock } from '../ports/clock.ts'
import {
  type Address,
  type DatagramSocket,
  circuitAddress,
  isCircuit,
  sameAddress,
} from '../ports/datagram-socket.ts'
import { type Link } from '../transport/links.ts'
import {
  CARRIED_HEADER_BYTES,
  carriesPacket,
  circuitIdOf,
  isCarried,
  writeCarriedHeader,
} from '../wire/carried-packet.ts'

/** Somebody at the other end of a session with us, which may be renewed: the relay of a circuit, or one of its ends. */
export interface Party {
  readonly link: Pick<Link, 'provenAddress' | 'probe'>
}

/** At the relay: what may pass between two ends. */
export interface Passage {
  /** Takes so many bytes from what the circuit may carry; false where that is used up. */
  admits(bytes: number): boolean
}

/** One end of a circuit that ends here. */
interface OwnEnd {
  readonly kind: 'own'
  readonly circuitId: number
  readonly address: Address
  readonly relay: Party
  /** Since when something was sent and nothing came; undefined where it came. */
  unansweredMs: number | undefined
  askedMs: number
}

/** One end of a circuit that passes here. */
interface Leg {
  readonly kind: 'leg'
  readonly circuitId: number
  readonly party: Party
  readonly passage: Passage
  other: Leg | undefined
}

/**
 * Chosen: what is unanswered for so long may be unanswered because our NAT has given us another port, which the relay only
 * believes of the session with it. So that one says something.
 */
const UNANSWERED_MS = 300
const CIRCUIT_TEXT = '100:'
/** More than circuits ever are open at once: a number comes again when its last holder is long gone. */
const NUMBERS = 2 ** 32

export class CarriedSocket implements DatagramSocket {
  readonly drops = new DropCounts()
  /** Carried for others, once in each direction through the socket. */
  readonly passed = { packets: 0, bytes: 0 }
  readonly #inner: DatagramSocket
  readonly #clock: Clock
  readonly #ends = new Map<number, OwnEnd | Leg>() // by circuit id
  readonly #own = new Map<string, OwnEnd>() // by host
  readonly #relayNumbers = new WeakMap<Party, number>()
  #relays = 0
  #circuits = 0
  #receiver: ((datagram: Bytes, from: Address) => void) | undefined

  constructor(inner: DatagramSocket, clock: Clock) {
    this.#inner = inner
    this.#clock = clock
  }

  get local(): Address {
    return this.#inner.local
  }

  localAddresses(): Address[] {
    return this.#inner.localAddresses()
  }

  /** Whether the relay's way to the other end carries it is for path MTU discovery to find, as everywhere. */
  largestDatagram(to: Address): number {
    const relay = this.#own.get(to.host)?.relay.link.provenAddress
    return relay ? this.#inner.largestDatagram(relay) - CARRIED_HEADER_BYTES : this.#inner.largestDatagram(to)
  }

  send(datagram: Uint8Array, to: Address): void {
    if (!to.host.startsWith(CIRCUIT_TEXT)) return this.#inner.send(datagram, to)
    const end = this.#own.get(to.host)
    if (end) return this.#sendOver(end, datagram)
    if (isCircuit(to)) return this.drops.count('circuit closed')
    this.#inner.send(datagram, to)
  }

  onDatagram(receiver: (datagram: Bytes, from: Address) => void): void {
    this.#receiver = receiver
    this.#inner.onDatagram((datagram, from) => {
      // Nobody is there: who says so has forged it, to be taken for somebody who comes through a relay.
      if (isCircuit(from)) this.drops.count('forged circuit address')
      else if (isCarried(datagram)) this.#carried(datagram, from)
      else receiver(datagram, from)
    })
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  /** An end of a circuit through this relay: packets go to and come from the address. Undefined where the id is in use. */
  open(circuitId: number, relay: Party): Address | undefined {
    if (this.#ends.has(circuitId)) return undefined
    const address = circuitAddress(this.#numberOf(relay), this.#nextCircuit())
    const end: OwnEnd = {
      kind: 'own',
      circuitId,
      address,
      relay,
      unansweredMs: undefined,
      askedMs: -Infinity,
    }
    this.#ends.set(circuitId, end)
    this.#own.set(address.host, end)
    return address
  }

  /** As the relay: what one end sends goes to the other. Both ids are new (`isFree`). */
  join(
    a: { circuitId: number; party: Party },
    b: { circuitId: number; party: Party },
    passage: Passage,
  ): void {
    const legA: Leg = { kind: 'leg', ...a, passage, other: undefined }
    const legB: Leg = { kind: 'leg', ...b, passage, other: legA }
    legA.other = legB
    this.#ends.set(a.circuitId, legA)
    this.#ends.set(b.circuitId, legB)
  }

  isFree(circuitId: number): boolean {
    return !this.#ends.has(circuitId)
  }

  /** An end of ours or, as the relay, one of the two; the other is closed by its own id. */
  shut(circuitId: number): void {
    const end = this.#ends.get(circuitId)
    this.#ends.delete(circuitId)
    if (end?.kind === 'own') this.#own.delete(end.address.host)
  }

  #sendOver(end: OwnEnd, datagram: Uint8Array): void {
    const relay = directAddressOf(end.relay)
    if (!relay) return this.drops.count('no way to the relay')
    this.#mind(end)
    const carried = cutBytes(CARRIED_HEADER_BYTES + datagram.length)
    writeCarriedHeader(carried, end.circuitId)
    carried.set(datagram, CARRIED_HEADER_BYTES)
    returnBytes(datagram)
    this.#inner.send(carried, relay)
  }

  #mind(end: OwnEnd): void {
    const nowMs = this.#clock.nowMs()
    end.unansweredMs ??= nowMs
    if (nowMs - Math.max(end.unansweredMs, end.askedMs) < UNANSWERED_MS) return
    end.askedMs = nowMs
    end.relay.link.probe()
  }

  #carried(datagram: Bytes, from: Address): void {
    if (!carriesPacket(datagram)) return this.drops.count('carried nonsense')
    const end = this.#ends.get(circuitIdOf(datagram))
    if (!end) return this.drops.count('carried without a circuit')
    const owner = directAddressOf(end.kind === 'own' ? end.relay : end.party)
    if (!owner || !sameAddress(owner, from)) return this.drops.count('carried from elsewhere')
    if (end.kind === 'leg') return this.#pass(end, datagram)
    end.unansweredMs = undefined
    this.#receiver?.(datagram.subarray(CARRIED_HEADER_BYTES), end.address)
  }

  /** To another address than it came from, but never more than came, nor to anybody who has not proven his address. */
  #pass({ other, passage }: Leg, datagram: Bytes): void {
    const to = other && directAddressOf(other.party)
    if (!to) return this.drops.count('no way to the other end')
    if (datagram.length > this.#inner.largestDatagram(to)) return this.drops.count('carried too large')
    if (!passage.admits(datagram.length)) return this.drops.count('carried over quota')
    const onward = cutBytes(datagram.length)
    onward.set(datagram)
    writeCarriedHeader(onward, other.circuitId)
    this.passed.packets++
    this.passed.bytes += datagram.length
    this.#inner.send(onward, to)
  }

  #nextCircuit(): number {
    this.#circuits = (this.#circuits + 1) % NUMBERS
    return this.#circuits
  }

  #numberOf(relay: Party): number {
    const known = this.#relayNumbers.get(relay)
    if (known !== undefined) return known
    this.#relays = (this.#relays + 1) % NUMBERS
    this.#relayNumbers.set(relay, this.#relays)
    return this.#relays
  }
}

/** Where the party is, unless its own session comes through a relay: circuits do not run in circuits. */
function directAddressOf({ link }: Party): Address | undefined {
  const { provenAddress } = link
  return provenAddress && !isCircuit(provenAddress) ? provenAddress : undefined
}
