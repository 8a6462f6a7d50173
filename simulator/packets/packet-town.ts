// Where computers stand and how they are plugged in: servers on the open Internet, homes behind NAT boxes, some of those
// behind a carrier's box besides. Everything is drawn from one seed in the order in which computers move in.
//
//   server:  socket - line - Internet
//   home:    socket(s) - NAT box - line - Internet
//   carried: socket(s) - NAT box - line - carrier's NAT box - Internet

import { type EventQueue } from '../kernel/event-queue.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'
import { AccessLine, type LineModel } from '../net/access-line.ts'
import { type NatBehaviour } from '../net/nat-behaviour.ts'
import { NatBox } from '../net/nat-box.ts'
import { type PacketNetwork } from '../net/packet-network.ts'
import { type Uplink } from '../net/receivers.ts'
import { FIRST_DYNAMIC_PORT, SimulatedSocket } from '../net/simulated-socket.ts'
import { drawHomeLine, SERVER_LINE } from './line-kinds.ts'
import { CARRIER_NAT, drawNat } from './nat-kinds.ts'

/** Where one computer is plugged in. */
export interface Place {
  socket: SimulatedSocket
  /** "server", or the kind of the home's box, with "+carrier" where there is one above it. */
  kind: string
  box: NatBox | undefined
}

export interface TownParts {
  queue: EventQueue
  random: SeededRandom
  network: PacketNetwork
  /** Share of computers behind NAT; the first so many are servers in any case. */
  nat: number
  servers: number
}

interface Home {
  box: NatBox
  kind: string
  computers: number
}

/** Of 20,000 DSL lines 10 % had several computers active at a time (Maier et al. 2011). */
const SHARED_HOMES = 0.1
/** Assumed: carriers of mobile and of young providers; no measurement of all lines is known to us. */
const CARRIED_HOMES = 0.15
const HOMES_PER_CARRIER = 32

export class PacketTown {
  readonly boxes: NatBox[] = []
  readonly #parts: TownParts
  readonly #homes: Home[] = []
  #carrier: { box: NatBox; homes: number } | undefined
  #computers = 0
  #sites = 0
  readonly #siteOfHost = new Map<string, number>()

  constructor(parts: TownParts) {
    this.#parts = parts
  }

  /** The next computer. */
  moveIn(): Place {
    const { random, nat, servers } = this.#parts
    const isTranslated = this.#computers++ >= servers && random.unit() < nat
    if (!isTranslated) return this.#server()
    const home = this.#homes.length > 0 && random.unit() < SHARED_HOMES ? this.#anyHome() : this.#newHome()
    const host = `192.168.1.${2 + home.computers++}`
    return { socket: this.#open(host, home.box), kind: home.kind, box: home.box }
  }

  /** The site of an address of the open Internet, a number that only it has; undefined for all others. */
  siteOf(host: string): number | undefined {
    return this.#siteOfHost.get(host)
  }

  #server(): Place {
    const host = this.#publicHost()
    return {
      socket: this.#open(host, this.#line(host, this.#parts.network, SERVER_LINE)),
      kind: 'server',
      box: undefined,
    }
  }

  #anyHome(): Home {
    return this.#homes[this.#parts.random.below(this.#homes.length)]!
  }

  #newHome(): Home {
    const { random, network } = this.#parts
    const { name, behaviour } = drawNat(random)
    const isCarried = random.unit() < CARRIED_HOMES
    const carrier = isCarried ? this.#carrierWithRoom() : undefined
    const host = carrier ? `100.64.0.${1 + carrier.homes++}` : this.#publicHost()
    const line = this.#line(host, carrier?.box ?? network, drawHomeLine(random))
    const kind = carrier ? `${name}+carrier` : name
    const home = { box: this.#box(host, line, behaviour), kind, computers: 0 }
    this.#homes.push(home)
    return home
  }

  #carrierWithRoom(): { box: NatBox; homes: number } {
    if (!this.#carrier || this.#carrier.homes >= HOMES_PER_CARRIER)
      this.#carrier = { box: this.#box(this.#publicHost(), this.#parts.network, CARRIER_NAT), homes: 0 }
    return this.#carrier
  }

  #box(outsideHost: string, uplink: Uplink, behaviour: NatBehaviour): NatBox {
    const { queue, network } = this.#parts
    // A box draws ports while traffic flows; who moves in where must not depend on that.
    const random = new SeededRandom(this.#parts.random.below(2 ** 32))
    const box = new NatBox({ queue, random, uplink, outsideHost, behaviour, drops: network.drops })
    this.boxes.push(box)
    return box
  }

  #line(host: string, uplink: Uplink, model: LineModel): AccessLine {
    const { queue, network } = this.#parts
    return new AccessLine({ queue, uplink, host, model, drops: network.drops })
  }

  #open(host: string, uplink: Uplink): SimulatedSocket {
    const { random } = this.#parts
    const port = FIRST_DYNAMIC_PORT + random.below(65_536 - FIRST_DYNAMIC_PORT)
    return SimulatedSocket.open({ host, port }, uplink)
  }

  /** RFC 2544's range for measurements; neighbours in number are in different /24 networks, as strangers are. */
  #publicHost(): string {
    const site = this.#sites++
    const host = `198.${18 + ((site >> 8) & 1)}.${site & 255}.${1 + (site >> 9)}`
    this.#siteOfHost.set(host, site)
    return host
  }
}
