// Between the socket and the endpoint: it takes out the datagrams that belong to no session (wire/packet-reach.ts), and
// remembers which hosts something was sent to, because only an arrival from any other host proves that strangers get in. Where a
// call comes from one, that is proof already: in a small network, where everybody knows everybody, there may be no other.

import { type Bytes } from '../base/bytes.ts'
import { type AddressFamily, familyOf, kindOfHost } from '../base/ip-ranges.ts'
import { RecentMap } from '../base/recent-map.ts'
import { type Clock } from '../ports/clock.ts'
import { type Address, type DatagramSocket, formatAddress, sameAddress } from '../ports/datagram-socket.ts'
import { PACKET_INITIATION } from '../wire/packet.ts'
import { PACKET_KNOCK, PACKET_OBSERVE } from '../wire/packet-reach.ts'

/** Chosen: twice what RFC 4787 REQ-5 recommends that a translator remembers (5 minutes). */
const CONTACT_MS = 600_000
/** Chosen: some ten times the peers of a node. Past them the longest unused are forgotten, and may pass for strangers. */
const MAX_CONTACTS = 8_192
/** Chosen: a row of packets to one host is noted once in so long. */
const NOTE_MS = 30_000

/** Chosen: contacts that were found by a socket of their own; past them the longest unused gives way. */
const MAX_DOORS = 16

export type StrayListener = (datagram: Bytes, from: Address) => void

export class ReachSocket implements DatagramSocket {
  readonly #inner: DatagramSocket
  readonly #clock: Clock
  readonly #contacts: RecentMap<string, true>
  #last = { host: '', atMs: -Infinity }
  readonly #strangerMs = { ipv4: -Infinity, ipv6: -Infinity }
  /** By remote address, the longest unused first: sockets that our NAT has let one peer in by (port-search.ts). */
  readonly #doors = new Map<string, DatagramSocket>()
  #arrive: StrayListener = () => undefined
  /** A second port of this computer, and who came in by it last. */
  #second: DatagramSocket | undefined
  readonly #secondCallers: RecentMap<string, true>
  #onStray: StrayListener = () => undefined
  #onStranger: (family: AddressFamily) => void = () => undefined

  constructor(inner: DatagramSocket, clock: Clock) {
    this.#inner = inner
    this.#clock = clock
    this.#secondCallers = new RecentMap(clock, { lifeMs: CONTACT_MS, limit: MAX_CONTACTS })
    this.#contacts = new RecentMap(clock, { lifeMs: CONTACT_MS, limit: MAX_CONTACTS })
  }

  get local(): Address {
    return this.#inner.local
  }

  localAddresses(): Address[] {
    return this.#inner.localAddresses()
  }

  largestDatagram(to: Address): number {
    return this.#inner.largestDatagram(to)
  }

  send(datagram: Uint8Array, to: Address): void {
    const nowMs = this.#clock.nowMs()
    if (to.host !== this.#last.host || nowMs - this.#last.atMs > NOTE_MS) {
      this.#last = { host: to.host, atMs: nowMs }
      this.#contacts.set(to.host, true)
    }
    this.#doorTo(to).send(datagram, to)
  }

  /** What goes to that address leaves by this socket from now on, and what comes from there is handed up. It is ours to close. */
  adopt(socket: DatagramSocket, remote: Address): void {
    const key = formatAddress(remote)
    void this.#doors.get(key)?.close()
    this.#doors.delete(key)
    this.#doors.set(key, socket)
    socket.onDatagram((datagram, from) => {
      if (sameAddress(from, remote)) this.#arrive(datagram, from)
    })
    const [oldest] = this.#doors.keys()
    if (this.#doors.size <= MAX_DOORS) return
    void this.#doors.get(oldest!)!.close()
    this.#doors.delete(oldest!)
  }

  /** Another port that leads here: who comes in by it is answered by it. It is ours to close. */
  listenAlso(socket: DatagramSocket): void {
    this.#second = socket
    socket.onDatagram((datagram, from) => {
      this.#secondCallers.set(formatAddress(from), true)
      this.#arrive(datagram, from)
    })
  }

  #doorTo(to: Address): DatagramSocket {
    if (this.#doors.size === 0 && !this.#second) return this.#inner
    const key = formatAddress(to)
    if (this.#second && this.#secondCallers.get(key)) {
      this.#secondCallers.set(key, true)
      return this.#second
    }
    const door = this.#doors.get(key)
    if (!door) return this.#inner
    this.#doors.delete(key)
    this.#doors.set(key, door)
    return door
  }

  /** Whether something was sent to the host since a translator may have forgotten. */
  hasContacted(host: string): boolean {
    return this.#contacts.get(host) !== undefined
  }

  onDatagram(receiver: (datagram: Bytes, from: Address) => void): void {
    this.#arrive = (datagram, from) => {
      const kind = datagram[0]!
      if (kind === PACKET_INITIATION) this.#called(from)
      if (kind >= PACKET_OBSERVE && kind <= PACKET_KNOCK) this.#onStray(datagram, from)
      else receiver(datagram, from)
    }
    this.#inner.onDatagram((datagram, from) => {
      if (this.#second) this.#secondCallers.delete(formatAddress(from))
      this.#arrive(datagram, from)
    })
  }

  /** When somebody called last from a host that nothing was sent to; -Infinity where nobody has. */
  strangerMs(family: AddressFamily): number {
    return this.#strangerMs[family]
  }

  /** Told of the first such call of each family, and of the next after `forgetStrangers`. One listener. */
  onStranger(listener: (family: AddressFamily) => void): void {
    this.#onStranger = listener
  }

  /** The computer is elsewhere now. */
  forgetStrangers(): void {
    this.#strangerMs.ipv4 = this.#strangerMs.ipv6 = -Infinity
  }

  /** One listener. The bytes are valid during the call only. */
  onStray(listener: StrayListener): void {
    this.#onStray = listener
  }

  async close(): Promise<void> {
    await Promise.all([...this.#doors.values(), this.#inner, this.#second].map((socket) => socket?.close()))
  }

  /** Of all datagrams these alone come from strangers in the course of things, and they are few. */
  #called({ host }: Address): void {
    if (kindOfHost(host) !== 'public' || this.hasContacted(host)) return
    const family = familyOf(host)
    const isFirst = this.#strangerMs[family] === -Infinity
    this.#strangerMs[family] = this.#clock.nowMs()
    if (isFirst) this.#onStranger(family)
  }
}
