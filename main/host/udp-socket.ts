// The DatagramSocket port over one UDP socket of the operating system.

import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { type Bytes } from '../overlay/base/bytes.ts'
import { BanyanError } from '../overlay/base/errors.ts'
import { isLoopback } from '../overlay/base/ip.ts'
import { returnBytes } from '../overlay/base/lent-bytes.ts'
import { type Address, type DatagramSocket } from '../overlay/ports/datagram-socket.ts'
import { leastInterfaceMtu } from './interface-mtu.ts'

/** What arrives while the event loop is busy has to wait somewhere; the system may grant less. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
const MAPPED_IPV4 = '::ffff:'
/** Chosen: hosts whose kind is remembered; forgotten all at once when full. */
const MAX_KNOWN_HOSTS = 4_096
/** Loopback takes all that the headers can name (RFC 768); Linux cuts its IPv6 packets at 65,536 bytes. */
const LOOPBACK_BYTES = { ipv4: 65_507, ipv6: 65_487 }
/** IP (RFC 791, RFC 8200) and UDP. */
const HEADER_BYTES = { ipv4: 28, ipv6: 48 }
/** Chosen: a laptop changes networks now and then, and a look costs a file per interface. */
const MTU_LOOK_MS = 30_000

/** Chosen: smaller ones are cut from larger pieces, or cheap to make (lent-bytes.ts). */
const RETURNED_BYTES = 32 * 1024

interface Outgoing {
  datagram: Uint8Array
  port: number
  host: string
}

export class UdpSocket implements DatagramSocket {
  readonly local: Address
  /** Datagrams that could not be sent, by reason. */
  readonly failed: Record<string, number> = {}
  readonly #socket: SocketAsPromised
  readonly #isIPv6: boolean
  readonly #isLoopbackOnly: boolean
  readonly #loopbackHosts = new Map<string, boolean>()
  readonly #flush = () => this.#sendWaiting()
  #waiting: Outgoing[] = []
  #lastSender: Address & { readonly reported: string } = { host: '', port: 0, reported: '' }
  #isClosed = false
  #interfaceMtu = { bytes: 0, untilMs: 0 }
  // One function for all sends: its only use is that without it a failure would be an 'error' event.
  readonly #sent = (error: NodeJS.ErrnoException | null) => error && this.#count(error.code)

  private constructor(socket: SocketAsPromised, local: Address) {
    this.#socket = socket
    this.local = local
    this.#isIPv6 = local.host.includes(':')
    this.#isLoopbackOnly = isLoopback(local.host)
    socket.socket.on('error', (error: NodeJS.ErrnoException) => this.#count(error.code))
  }

  /**
   * `host` is a numeric address; "0.0.0.0" takes all of IPv4, "::" all of IPv6 and IPv4. Port 0 takes any.
   * Errors: port-in-use, unsupported (no such address here).
   */
  static async bind(host: string, port: number): Promise<UdpSocket> {
    const type = host.includes(':') ? 'udp6' : 'udp4'
    // Hosts are numeric, so there is nothing to look up; the default would defer every single send for it.
    const lookup = (
      name: string,
      _options: unknown,
      done: (error: null, address: string, family: number) => void,
    ) => done(null, name, type === 'udp6' ? 6 : 4)
    const socket = DgramAsPromised.createSocket({ type, lookup: lookup as never })
    try {
      const bound = await socket.bind(port, host)
      growReceiveBuffer(socket)
      return new UdpSocket(socket, { host: bound.address, port: bound.port })
    } catch (cause) {
      await socket.close().catch(() => {}) // it may not have come as far as to need it
      const code = (cause as NodeJS.ErrnoException).code
      if (code === 'EADDRINUSE') throw new BanyanError('port-in-use', `UDP port ${port} is taken`, { cause })
      throw new BanyanError('unsupported', `cannot bind ${host} port ${port}: ${code}`, { cause })
    }
  }

  localAddresses(): Address[] {
    const { host, port } = this.local
    if (host !== '0.0.0.0' && host !== '::') return [this.local]
    return Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter((info) => isUsable(info) && (this.#isIPv6 || info.family === 'IPv4'))
      .map((info) => ({ host: info.address, port }))
  }

  /**
   * Node has no way to set Don't Fragment, so what exceeds the links of this computer would be sent in fragments, and lost
   * with each of them. Linux sets it by itself on what fits the path as it knows it (IP_PMTUDISC_WANT, its default).
   */
  largestDatagram(to: Address): number {
    const family = to.host.includes(':') ? 'ipv6' : 'ipv4'
    return this.#isLoopbackHost(to.host) ? LOOPBACK_BYTES[family] : this.#linkMtu() - HEADER_BYTES[family]
  }

  send(datagram: Uint8Array, to: Address): void {
    if (this.#isClosed) return
    if (this.#isLoopbackOnly && !this.#isLoopbackHost(to.host)) return this.#count('not-loopback')
    const isIPv6 = to.host.includes(':')
    if (isIPv6 && !this.#isIPv6) return this.#count('no-ipv6')
    const host = this.#isIPv6 && !isIPv6 ? MAPPED_IPV4 + to.host : to.host
    if (this.#waiting.push({ datagram, port: to.port, host }) === 1) queueMicrotask(this.#flush)
  }

  onDatagram(receiver: (datagram: Bytes, from: Address) => void): void {
    this.#socket.socket.on('message', (message, { address, port }) => {
      // A plain view: Buffer's own slice() does not copy, and the core relies on copies.
      const datagram = new Uint8Array(message.buffer as ArrayBuffer, message.byteOffset, message.length)
      receiver(datagram, this.#senderOf(address, port))
    })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#sendWaiting() // goodbyes, as a rule
    await this.#socket.close()
  }

  #linkMtu(): number {
    const nowMs = performance.now()
    if (nowMs >= this.#interfaceMtu.untilMs)
      this.#interfaceMtu = { bytes: leastInterfaceMtu(), untilMs: nowMs + MTU_LOOK_MS }
    return this.#interfaceMtu.bytes
  }

  #isLoopbackHost(host: string): boolean {
    const known = this.#loopbackHosts.get(host)
    if (known !== undefined) return known
    if (this.#loopbackHosts.size >= MAX_KNOWN_HOSTS) this.#loopbackHosts.clear()
    const is = isLoopback(host)
    this.#loopbackHosts.set(host, is)
    return is
  }

  /**
   * All that one turn has to say leaves in a row at its end. One by one, with the sealing of the next in between, each
   * would find the receiver asleep again, and waking it is part of the sender's own system call: batches of 16 took 13 %
   * less time per packet on loopback.
   */
  #sendWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { datagram, port, host } of waiting)
      try {
        this.#socket.socket.send(datagram, port, host, this.#whenSent(datagram))
      } catch (error) {
        this.#count((error as NodeJS.ErrnoException).code) // a port of 0, from a record somebody made up
      }
  }

  #whenSent(datagram: Uint8Array): (error: NodeJS.ErrnoException | null) => void {
    if (datagram.length < RETURNED_BYTES) return this.#sent
    return (error) => {
      this.#sent(error)
      returnBytes(datagram)
    }
  }

  /** Packets come in rows from one sender: one address for a row. */
  #senderOf(reported: string, port: number): Address {
    if (this.#lastSender.port !== port || this.#lastSender.reported !== reported) {
      const host = reported.startsWith(MAPPED_IPV4) ? reported.slice(MAPPED_IPV4.length) : reported
      this.#lastSender = { host, port, reported }
    }
    return this.#lastSender
  }

  #count(reason: string | undefined): void {
    const name = reason ?? 'unknown'
    this.failed[name] = (this.failed[name] ?? 0) + 1
  }
}

/** Link-local IPv6 addresses mean something only together with an interface, which a record cannot name. */
function isUsable(info: NetworkInterfaceInfo): boolean {
  return !info.internal && !info.address.toLowerCase().startsWith('fe80:')
}

function growReceiveBuffer(socket: SocketAsPromised): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
  } catch {
    return // the system's own size it is, then; more is lost under load and sent again
  }
}
