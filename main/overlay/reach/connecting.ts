// Links to peers that cannot simply be dialled. To everybody above it is the transport's door; behind it a dial is a race:
//
//   at once        the addresses that are known                                            (public, mapped, same LAN, IPv6)
//   after a start  a rendezvous: both ends knock at the same moment, and what opens is dialled              (hole punching)
//   with it        a circuit through a volunteer that the peer is reserved at, where one is named                 (relay)
//
// All of them feed one dial of the transport, so that the first answer is the session and there is no second one.
// A session over a circuit is moved to a direct path later, while it goes on (upgrading.ts).

import { type PathKind } from '../api.ts'
import { BoundedMap } from '../base/bounded-map.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { inTime } from '../base/in-time.ts'
import { kindOfHost } from '../base/ip-ranges.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Address, isCircuit, sameAddress } from '../ports/datagram-socket.ts'
import { type Knocks } from '../ports/knocks.ts'
import { type RelayPaths } from '../ports/relays.ts'
import { type DialTarget, type Link, type LinkEvents, type Links } from '../transport/links.ts'
import { type PeerRecord } from '../wire/peer-record.ts'
import { Punching } from './punching.ts'
import { type Carrier, Rendezvous, type RendezvousParts } from './rendezvous.ts'

/** Chosen: most direct answers have come by then; who waits for a relay notices little. */
const HEAD_START_MS = 200
/** Of several volunteers that a peer names, so many are asked: they may be as gone as the peer. */
const MAX_SERVERS = 2
/** Vain dials of routing's upkeep must not become a stream of calls; a person's own are few. */
const CALLS_BURST = 32
const CALLS_PER_SECOND = 1
const MAX_REMEMBERED_CALLS = 256
/** As long as a dial takes, less the time to use what is found. */
const LOOK_MS = 200
const LOOKS = 20

export interface ConnectingParts extends Omit<RendezvousParts, 'punching'> {
  knocks: Knocks
  relays: RelayPaths | undefined
}

export class Connecting implements Links {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #calls: TokenBucket
  /** Volunteers that expect calls for peers, of the last dials. */
  readonly #servers = new BoundedMap<NodeId, readonly PeerRecord[]>(MAX_REMEMBERED_CALLS)
  /** Peers whose sessions are about to get another circuit. */
  readonly #renewing = new Set<NodeId>()
  /** What peers have named to be tried, of the last calls. */
  readonly #named = new BoundedMap<NodeId, readonly Address[]>(MAX_REMEMBERED_CALLS)
  /** When the dials under way began. */
  readonly #startsMs = new Map<NodeId, number>()
  #rendezvous: Rendezvous | undefined
  #relays: RelayPaths | undefined

  constructor(around: Surroundings, links: Links) {
    this.#around = around
    this.#links = links
    this.#calls = new TokenBucket(CALLS_BURST, CALLS_PER_SECOND, around.clock.nowMs())
  }

  /** From now on there is more than the known addresses. */
  use(parts: ConnectingParts): void {
    const { knocks, relays } = parts
    const rendezvous = new Rendezvous(this.#around, {
      ...parts,
      punching: new Punching(this.#around, knocks),
    })
    this.#rendezvous = rendezvous
    this.#relays = relays
    relays?.onSignal((source, observed, call, server) =>
      rendezvous.answer(call, { neighbour: server, source, observed }),
    )
    relays?.onCircuitGone((address, peer) => this.#circuitGone(address, peer))
  }

  get self(): PeerRecord {
    return this.#links.self
  }

  get(id: NodeId): Link | undefined {
    return this.#links.get(id)
  }

  all(): Iterable<Link> {
    return this.#links.all()
  }

  on(events: LinkEvents): void {
    this.#links.on(events)
  }

  /** Where a peer has said that it is, for both to try at the same time. */
  met(id: NodeId, named: readonly Address[]): void {
    this.#named.set(id, named)
  }

  pathOf({ address, peer }: Link): PathKind {
    if (address && isCircuit(address)) return 'relayed'
    const named = this.#named.get(peer.id)
    if (!named || !address) return 'direct'
    const isKnown = [...named, ...peer.addresses].some((known) => sameAddress(known, address))
    return isKnown ? 'punched' : 'predicted'
  }

  async dial(asked: DialTarget): Promise<Link> {
    const { id } = asked
    const target = { ...asked, addresses: likeliestFirst(asked.addresses, this.self.addresses) }
    const direct = this.#links.dial(target)
    if (id === undefined || !this.#rendezvous) return direct
    // Whoever refuses us will not be talked round by another way; who is not there may be reached by one.
    const early = direct.catch((error: unknown) => {
      if (codeOf(error) !== 'unreachable') throw error
      return undefined
    })
    const link = await inTime(this.#around.timers, this.#headStartMs(id, direct), early)
    if (link) return link
    const isForPerson = target.servers !== undefined
    if (target.servers && target.servers.length > 0) this.#servers.set(id, target.servers)
    if (!isForPerson && !this.#calls.take(1, this.#around.clock.nowMs())) return direct
    return this.#firstOf([direct, ...this.#otherWays({ ...target, id })])
  }

  /** Of the first dial of several to one peer. */
  #headStartMs(id: NodeId, direct: Promise<Link>): number {
    const nowMs = this.#around.clock.nowMs()
    const startMs = this.#startsMs.get(id)
    if (startMs !== undefined) return Math.max(0, startMs + HEAD_START_MS - nowMs)
    this.#startsMs.set(id, nowMs)
    const over = (): void => void this.#startsMs.delete(id)
    direct.then(over, over)
    return HEAD_START_MS
  }

  #otherWays(target: KnownTarget): Promise<Link>[] {
    const overRoute = this.#byRendezvous(target, this.#rendezvous!.overRoute(target.id))
    const relays = this.#relays
    // A volunteer's help is for people: the overlay's own links are many, and it lives with those it can have.
    if (!relays || !target.servers) return [overRoute]
    const servers = serversFor(target.id, target.servers, relays)
    if (servers.length === 0) return [overRoute, this.#byCircuit(target, this.#ownServer(relays), relays)]
    return [overRoute, ...servers.flatMap((server) => this.#byServer(target, server, relays))]
  }

  /** A way to the peer through one of the volunteers that may have a session with it. Errors: those of a circuit. */
  async newCircuit(id: NodeId): Promise<Address> {
    this.#renewing.add(id)
    return this.#circuitThrough(id).finally(() => this.#renewing.delete(id))
  }

  async #circuitThrough(id: NodeId): Promise<Address> {
    const relays = this.#relays
    const servers = relays ? serversFor(id, this.#servers.get(id) ?? [], relays) : []
    let failure: unknown = new BanyanError('unreachable', 'no volunteer is known')
    for (const server of servers)
      try {
        await this.#links.dial(server)
        return await relays!.circuitTo(server.id, id)
      } catch (error) {
        failure = error // the next may have a session with the peer
      }
    throw failure
  }

  closeCircuit(address: Address): void {
    this.#relays?.closeCircuit(address)
  }

  #byServer(target: KnownTarget, server: PeerRecord, relays: RelayPaths): Promise<Link>[] {
    const isLinked = this.#links.dial(server)
    const carry: Carrier = async (call) => {
      await isLinked
      return relays.signal(server.id, target.id, call)
    }
    const linked = isLinked.then(() => server.id)
    return [this.#byRendezvous(target, carry), this.#byCircuit(target, linked, relays)]
  }

  async #byCircuit(target: KnownTarget, server: Promise<NodeId>, relays: RelayPaths): Promise<Link> {
    const address = await relays.circuitTo(await server, target.id)
    try {
      const link = await this.#links.dial({ ...target, addresses: [address], isExpected: true })
      if (!link.address || !sameAddress(link.address, address)) relays.closeCircuit(address) // another way was faster
      return link
    } catch (error) {
      relays.closeCircuit(address)
      throw error
    }
  }

  /** Who speaks over it would find out after seconds; but a session that is about to get another circuit lives on. */
  #circuitGone(address: Address, peer: NodeId): void {
    if (this.#renewing.has(peer)) return
    const link = this.#links.get(peer)
    if (link?.address && sameAddress(link.address, address)) link.close('circuit gone')
  }

  /** A volunteer that expects calls for us, as soon as there is one: a node that has just started is still looking. */
  #ownServer(relays: RelayPaths): Promise<NodeId> {
    return new Promise((resolve, reject) => {
      const look = (looksLeft: number): void => {
        const [own] = relays.reservations
        if (own) resolve(own.id)
        else if (looksLeft === 0) reject(new BanyanError('unreachable', 'no volunteer is known'))
        else this.#around.timers.after(LOOK_MS, () => look(looksLeft - 1))
      }
      look(LOOKS)
    })
  }

  async #byRendezvous(target: KnownTarget, carry: Carrier): Promise<Link> {
    const dials: Promise<Link>[] = []
    const dial = (addresses: readonly Address[]): void => {
      if (dials.length === 0) this.met(target.id, addresses)
      const link = this.#links.dial({ ...target, addresses, isExpected: true })
      link.catch(() => undefined) // awaited below, or of no more use
      dials.push(link)
    }
    await this.#rendezvous!.call(target.id, carry, dial)
    return this.#firstOf(dials)
  }

  /** The first that succeeds; where none does, the error of the first. */
  #firstOf(ways: readonly Promise<Link>[]): Promise<Link> {
    return Promise.any(ways).catch(async () => ways[0]!)
  }
}

/** Those that expect calls for us may happen to have a session with the peer: in a small network they do. */
function serversFor(peer: NodeId, named: readonly PeerRecord[], { reservations }: RelayPaths): PeerRecord[] {
  const known = [...named, ...reservations].filter(({ id }) => id !== peer)
  return [...new Map(known.map((server) => [server.id, server])).values()].slice(0, MAX_SERVERS)
}

/** One after another is called, so the order is time: a LAN's address first where the peer is on ours, and last elsewhere. */
function likeliestFirst(addresses: readonly Address[], own: readonly Address[]): Address[] {
  const outside = addresses.filter(({ host }) => kindOfHost(host) === 'public')
  const inside = addresses.filter((address) => !outside.includes(address))
  const isNear = outside.length === 0 || outside.some(({ host }) => own.some((each) => each.host === host))
  return isNear ? [...inside, ...outside] : [...outside, ...inside]
}

type KnownTarget = DialTarget & { id: NodeId }
