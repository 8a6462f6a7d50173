// Two NATs that no forecast joins: the hard one gives every destination another port, the easy one keeps one port and lets in
// only what it was sent to. The hard side opens many sockets that each send to the easy one's address, so that many of its
// NAT's ports are open for it; the easy side sends to many of that NAT's ports, so that its own NAT is open for them. One port in
// both sets is enough, as one birthday in common is in a room of people: with 256 and 1,024 of 64,512 ports it is there 98 times
// in a hundred. Where ports are given out in a row, some sockets and the ports around the last do, whatever the NAT gave before.
//
//   hard: relayed for a while --search--> easy: probes  --answer--> hard: opens sockets, each knocks
//   whoever hears a knock: hard keeps that socket for that peer; both try the path, and the session moves (path-trials.ts)
//
// That is a burst at an address that somebody claims, so: only between people's contacts, over a session with them, three times
// the bytes that the other has sent for it at most, one search at a time, and within what the node may send to
// addresses that never answered (transport/unproven-budget.ts).

import { type ReachFindings } from '../api.ts'
import { toHex } from '../base/bytes.ts'
import { type NodeId } from '../base/id.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { isTriable } from '../base/triable.ts'
import { type Timer } from '../ports/clock.ts'
import {
  type Address,
  type DatagramSocket,
  isCircuit,
  type OpenSocket,
  sameAddress,
} from '../ports/datagram-socket.ts'
import { KNOCK_BYTES, type Knocks } from '../ports/knocks.ts'
import { type Link, type StreamLink } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { MESSAGE } from '../wire/message-types.ts'
import { decodeKnock, encodeKnock, NONCE_BYTES, PACKET_KNOCK } from '../wire/packet-reach.ts'
import { decodePortSearch, encodePortSearch, type PortSearchMessage } from '../wire/port-search.ts'
import { type PortLook } from './port-look.ts'

export interface PortSearchParts {
  findings(): ReachFindings | undefined
  /** Where others see this node, best first. */
  reflexive(): Address[]
  lookAtPorts(): Promise<PortLook | undefined>
  openSocket: OpenSocket | undefined
  knocks: Knocks
  /** From now on what goes to the address leaves by that socket, and what comes from there is ours. */
  adopt(socket: DatagramSocket, remote: Address): void
  /** Whether so many bytes may go to an address that has not answered. */
  mayCall(to: Address, bytes: number): boolean
  isContact(id: NodeId): boolean
  ownHosts(): string[]
}

/** RFC 9000 §8.1's factor, of the bytes that the other end has sent for it. */
const AMPLIFICATION = 3
/**
 * Chosen by measurement (test/overlay/reach/port-search.test.ts): 256 sockets are a quarter of a small NAT's table. Each
 * socket knocks twice, as one knock may be lost.
 */
const BY_CHANCE = { sockets: 256, probes: 1_024 }
const IN_A_ROW = { sockets: 16, probes: 64 }
const KNOCKS_PER_SOCKET = 2
/** Sockets that knock in one moment get ports next to each other, so every fourth is probed: up to 252 on, where others behind that NAT are busy. */
const STRIDE = 4
const PAST_PORTS = 4
/** RFC 4787 REQ-3a: no NAT gives a port of the system's for one above. */
const FIRST_PORT = 1_024
const PORTS = 65_536 - FIRST_PORT
/** Chosen: 128 packets of 37 bytes a second, which no line notices; a thousand take 8 s. */
const TICK_MS = 125
const PACKETS_PER_TICK = 16
/** All probes, and a round trip over a relay. */
const SEARCH_MS = 12_000
/** Chosen: what is cheaper has been tried twice by then (upgrading.ts). */
const RELAYED_FOR_MS = 4_000
/** Chosen: twice within the first minutes; then a NAT that let nobody through will not. */
const BY_PEER = { burst: 2, perSecond: 1 / 1_800 }

interface Search {
  readonly peer: NodeId
  readonly nonce: string
  readonly sockets: DatagramSocket[]
  stop(): void
}

export class PortSearch {
  readonly #around: Surroundings
  readonly #parts: PortSearchParts
  readonly #begun: PeerBudgets
  readonly #answered: PeerBudgets
  readonly #sinceMs = new Map<NodeId, number>()
  /** One at a time, on either side. */
  #search: Search | undefined

  constructor(around: Surroundings, parts: PortSearchParts) {
    this.#around = around
    this.#parts = parts
    this.#begun = new PeerBudgets(around.clock, BY_PEER.burst, BY_PEER.perSecond)
    this.#answered = new PeerBudgets(around.clock, BY_PEER.burst, BY_PEER.perSecond)
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [[MESSAGE.portSearch, (link, body) => this.#onMessage(link, body)]]
  }

  /** This link still runs through a volunteer. */
  relayed(link: StreamLink): void {
    const { id } = link.peer
    const nowMs = this.#around.clock.nowMs()
    const sinceMs = this.#sinceMs.get(id)
    if (sinceMs === undefined) return void this.#sinceMs.set(id, nowMs)
    if (nowMs - sinceMs < RELAYED_FOR_MS || this.#search || !this.#isHard || !this.#parts.isContact(id))
      return
    if (this.#begun.admits(id)) void this.#begin(link)
  }

  linkDown(id: NodeId): void {
    this.#sinceMs.delete(id)
    if (this.#search?.peer === id) this.#search.stop()
  }

  get #isHard(): boolean {
    const findings = this.#parts.findings()
    return findings !== undefined && findings.mapping !== 'endpoint-independent' && !!this.#parts.openSocket
  }

  // --- the side behind the hard NAT ---

  async #begin(link: StreamLink): Promise<void> {
    const search = this.#open(link.peer.id, toHex(this.#around.random.bytes(NONCE_BYTES)))
    const { portAssignment, reflexive } = this.#parts.findings()!
    const isRow = portAssignment.kind === 'sequential'
    const look = isRow ? await this.#parts.lookAtPorts() : undefined
    if (this.#search !== search || (isRow && look?.ports.kind !== 'sequential')) return search.stop()
    const step = look?.ports.kind === 'sequential' ? look.ports.delta : 0
    const address = look?.last ?? reflexive
    const { probes } = isRow ? IN_A_ROW : BY_CHANCE
    const message = { isAnswer: false, nonce: search.nonce, address, step }
    link.send(encodePortSearch(message, paidFor(probes)))
  }

  /** The other probes; now every socket of ours knocks. */
  async #onAnswer(link: StreamLink, { nonce, address: remote, bytes }: Received): Promise<void> {
    const search = this.#search
    if (search?.nonce !== nonce || search.peer !== link.peer.id || search.sockets.length > 0)
      return this.#drop('answer to no question')
    if (!this.#isTriable(remote)) return this.#drop('an address that is none of ours')
    const most = Math.floor((AMPLIFICATION * bytes) / KNOCK_BYTES / KNOCKS_PER_SOCKET)
    const isRow = this.#parts.findings()?.portAssignment.kind === 'sequential'
    const count = Math.min(most, (isRow ? IN_A_ROW : BY_CHANCE).sockets)
    const hears = (socket: DatagramSocket) => (datagram: Uint8Array, from: Address) => {
      if (!isKnock(datagram, nonce) || !sameAddress(from, remote) || this.#search !== search) return
      search.sockets.splice(search.sockets.indexOf(socket), 1)
      search.stop()
      this.#parts.adopt(socket, remote)
      link.tryPaths([remote])
    }
    await this.#openSockets(search, count, hears)
    const knock = (i: number): void => this.#knockBy(search.sockets[i % count], nonce, remote)
    this.#inTicks(search, link, KNOCKS_PER_SOCKET * search.sockets.length, knock)
  }

  async #openSockets(
    search: Search,
    count: number,
    hears: (socket: DatagramSocket) => (datagram: Uint8Array, from: Address) => void,
  ): Promise<void> {
    for (let i = 0; i < count && this.#search === search; i++) {
      const socket = await this.#parts.openSocket!().catch(() => undefined)
      if (!socket) return // the system has no more: fewer will do
      if (this.#search !== search) return void socket.close()
      search.sockets.push(socket)
      socket.onDatagram(hears(socket))
    }
  }

  #knockBy(socket: DatagramSocket | undefined, nonce: string, to: Address): void {
    if (socket && this.#mayKnock(to)) socket.send(encodeKnock(nonce), to)
  }

  // --- the side behind the easy NAT ---

  #onRequest(link: StreamLink, { nonce, address, step, bytes }: Received): void {
    const { id } = link.peer
    const findings = this.#parts.findings()
    const [own] = this.#parts.reflexive()
    if (!isOverCircuit(link)) return this.#drop('the path is direct')
    if (!this.#parts.isContact(id)) return this.#drop('by a stranger')
    if (findings?.mapping !== 'endpoint-independent' || !own || this.#search) return this.#drop('cannot')
    if (!this.#isTriable({ ...address, port: address.port || 1 }))
      return this.#drop('an address that is none of ours')
    if (!this.#answered.admits(id)) return this.#drop('too often')
    const search = this.#open(id, nonce)
    const { probes, sockets } = step === 0 ? BY_CHANCE : IN_A_ROW
    const message = { isAnswer: true, nonce, address: own, step: 0 }
    link.send(encodePortSearch(message, paidFor(KNOCKS_PER_SOCKET * sockets)))
    const most = Math.min(probes, Math.floor((AMPLIFICATION * bytes) / KNOCK_BYTES))
    const ports = step === 0 ? this.#anyPorts(most) : portsInRow(address.port, step, most)
    const forget = this.#parts.knocks.onKnock(nonce, (from) => {
      if (from.host !== address.host) return
      this.#parts.knocks.knock(nonce, from) // so the other knows by which of its sockets
      link.tryPaths([from])
    })
    this.#inTicks(search, link, ports.length, (i) => {
      const to = { host: address.host, port: ports[i]! }
      if (this.#mayKnock(to)) this.#parts.knocks.knock(nonce, to)
    })
    this.#around.timers.after(SEARCH_MS, forget)
  }

  #anyPorts(count: number): number[] {
    const ports = new Set<number>()
    while (ports.size < count) ports.add(FIRST_PORT + this.#around.random.below(PORTS))
    return [...ports]
  }

  // --- both ---

  #onMessage(link: Link, body: Reader): void {
    const received = decodePortSearch(body)
    if (!('tryPaths' in link)) return this.#drop('no session of ours')
    if (received.isAnswer) void this.#onAnswer(link as StreamLink, received)
    else this.#onRequest(link as StreamLink, received)
  }

  #open(peer: NodeId, nonce: string): Search {
    const sockets: DatagramSocket[] = []
    const timer = this.#around.timers.after(SEARCH_MS, () => search.stop())
    const search: Search = {
      peer,
      nonce,
      sockets,
      stop: () => {
        timer.cancel()
        for (const socket of sockets.splice(0)) void socket.close()
        if (this.#search === search) this.#search = undefined
      },
    }
    this.#search = search
    return search
  }

  #inTicks(search: Search, link: StreamLink, count: number, send: (i: number) => void): void {
    let sent = 0
    const tick = (): Timer | undefined => {
      if (this.#search !== search || !isOverCircuit(link)) return undefined
      for (const last = Math.min(count, sent + PACKETS_PER_TICK); sent < last; sent++) send(sent)
      return sent < count ? this.#around.timers.after(TICK_MS, tick) : undefined
    }
    tick()
  }

  #mayKnock(to: Address): boolean {
    const isWithin = this.#parts.mayCall(to, KNOCK_BYTES)
    if (!isWithin) this.#drop('more than one network gets')
    return isWithin
  }

  #isTriable(address: Address): boolean {
    return isTriable(address, this.#parts.ownHosts())
  }

  #drop(reason: string): void {
    this.#around.drops.count(`port search: ${reason}`)
  }
}

function isOverCircuit({ address }: Link): boolean {
  return address !== undefined && isCircuit(address)
}

type Received = PortSearchMessage & { bytes: number }

/** The length of a message that pays for so many knocks. */
function paidFor(knocks: number): number {
  return Math.ceil((knocks * KNOCK_BYTES) / AMPLIFICATION) + MESSAGE_OVERHEAD
}

/** More than everything but the zeros takes. */
const MESSAGE_OVERHEAD = 32

function portsInRow(last: number, step: number, count: number): number[] {
  const ports = Array.from({ length: count }, (_, i) => last + (i * STRIDE - PAST_PORTS) * step)
  return ports.filter((port) => port >= FIRST_PORT && port < FIRST_PORT + PORTS)
}

function isKnock(datagram: Uint8Array, nonce: string): boolean {
  try {
    return datagram[0] === PACKET_KNOCK && decodeKnock(datagram) === nonce
  } catch {
    return false // malformed: from anybody at that port
  }
}
