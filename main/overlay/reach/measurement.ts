// One measurement of one address family, from questions to findings. Each step asks no more than it has to:
//
//   1  four peers of different owners: where do you see me?               -> translated or not, mapping
//   2  meanwhile three peers, for a stranger of theirs to knock                -> filtering, whether strangers get in
//   3  where it is translated: up to four new mappings, one after another  -> how ports are given out
//   4  where strangers do not get in, or the mapping depends on something: three peers, to knock from another port, and that
//      port: where do you see me?                                          -> filtering, mapping
//
// Whoever is asked may lie or be silent. Agreement is needed for where we are (sightings.ts), a knock that came from a host that
// nothing was sent to needs no belief, and a knock that did not come counts only where several peers say it was sent.

import { type AddressFamily, familyOf, ownerRangeOf } from '../base/ip-ranges.ts'
import { type Dependence, type PortAssignment, type ReachEvidence, type ReachFindings } from '../api.ts'
import { type Surroundings } from '../base/surroundings.ts'
import {
  type Address,
  type DatagramSocket,
  formatAddress,
  type OpenSocket,
  sameAddress,
} from '../ports/datagram-socket.ts'
import { type Random } from '../ports/random.ts'
import { type KnockRequests } from './knock-requests.ts'
import { type Observer, type Observers } from './observers.ts'
import { type Observing, type Seen } from './observing.ts'
import { type FreshMapping, judgePorts } from './port-steps.ts'
import { type ReachSocket } from './reach-socket.ts'
import { agreedAddress, judgeMapping, verdictOn } from './sightings.ts'

export interface MeasurementTools {
  readonly around: Surroundings
  readonly socket: ReachSocket
  readonly observing: Observing
  readonly observers: Observers
  readonly knocks: KnockRequests
  readonly openSocket: OpenSocket | undefined
}

/** Chosen: one may lie, one may be silent, and two must agree. */
const OBSERVERS = 4
/** Chosen: at 5 % loss all of three knocks are lost once in eight thousand times. */
const KNOCKS = 3
/** Chosen: some peers have no stranger at hand, or are over their limits. */
const MAX_ASKS = 6
const FRESH_MAPPINGS = 4
/** The first may be spent on finding out who answers, and a lost packet costs one. */
const FRESH_SOCKETS = 6
/** Chosen: a router that let somebody in may have been set up anew since. */
export const CALL_LIFE_MS = 3_600_000

/**
 * Undefined where too few can be asked, or what they say does not agree. `onEarly` hears within a second or so what matters most
 * for connecting, mapping and ports; the filter takes the waiting for knocks that do not come.
 */
export async function measureReach(
  tools: MeasurementTools,
  family: AddressFamily,
  onEarly: (findings: ReachFindings) => void,
): Promise<ReachFindings | undefined> {
  return new Measurement(tools, family, onEarly).run()
}

class Measurement {
  readonly #tools: MeasurementTools
  readonly #family: AddressFamily
  readonly #observers: readonly Observer[]
  readonly #onEarly: (findings: ReachFindings) => void
  readonly #evidence: ReachEvidence = {
    sightings: [],
    otherPort: '',
    strangers: { asked: 0, arrived: 0 },
    isCalledByStrangers: false,
    otherPorts: { asked: 0, arrived: 0 },
    freshPorts: [],
  }

  constructor(tools: MeasurementTools, family: AddressFamily, onEarly: (findings: ReachFindings) => void) {
    this.#tools = tools
    this.#onEarly = onEarly
    this.#family = family
    this.#observers = differentOwners(tools.observers.of(family), tools.around.random)
  }

  async run(): Promise<ReachFindings | undefined> {
    const sightings = await this.#sightings()
    const reflexive = agreedAddress(sightings)
    const judged = judgeMapping(sightings, this.#observers.length < OBSERVERS)
    if (!reflexive || judged === 'unknown') return undefined
    const isDependent = judged === 'dependent'
    const isTranslated = !this.#tools.socket.localAddresses().some((own) => sameAddress(own, reflexive))
    const early = { isTranslated, isDependent, reflexive }
    const strangers = this.#isReachedByStrangers(familyOf(reflexive.host))
    const portAssignment = isTranslated ? await this.#portAssignment(isDependent) : KEPT
    this.#onEarly(this.#findings(early, portAssignment, undefined, UNASKED))
    const isReached = await strangers
    const isSettled = isReached === true && !isDependent
    const otherPort = isSettled ? UNASKED : await this.#otherPort(sightings)
    return this.#findings(early, portAssignment, isReached, otherPort)
  }

  #findings(
    { isTranslated, isDependent, reflexive }: EarlyFindings,
    portAssignment: PortAssignment,
    isReached: boolean | undefined,
    otherPort: OtherPort,
  ): ReachFindings {
    return {
      isTranslated,
      isPublic: !isTranslated && isReached === true,
      mapping: isDependent ? dependenceOf(otherPort.isSame) : 'endpoint-independent',
      filtering: filteringOf(isReached, otherPort.isLetIn),
      portAssignment,
      reflexive,
      evidence: copyOf(this.#evidence),
      measuredAtMs: this.#tools.around.clock.nowMs(),
    }
  }

  async #sightings(): Promise<Seen[]> {
    const { observing, socket, around } = this.#tools
    const answers = await Promise.all(this.#observers.map(({ address }) => observing.ask(socket, address)))
    const seen: Seen[] = []
    for (const answer of answers) {
      if (!answer) continue
      const verdict = verdictOn(answer)
      if (verdict === 'good') seen.push(answer)
      else around.drops.count(`observed address: ${verdict}`)
    }
    this.#evidence.sightings = seen.map(({ observer, address }) => ({
      observer: formatAddress(observer),
      address: formatAddress(address),
    }))
    return seen
  }

  /** Undefined where nobody could be made to knock, and nobody has called without being asked to. */
  async #isReachedByStrangers(family: AddressFamily): Promise<boolean | undefined> {
    const { around, knocks, socket } = this.#tools
    const tally = this.#evidence.strangers
    const ask = async (observer: Observer): Promise<void> => {
      const { answer, from } = await knocks.ask(observer.link, 'stranger', socket)
      const isStranger = from !== undefined && !socket.hasContacted(from.host)
      if (isStranger) tally.arrived++
      if (isStranger || (answer?.status === 'knocked' && !from)) tally.asked++
    }
    await this.#askInRounds(tally, ask)
    if (tally.asked > 0) return tally.arrived > 0
    const isCalled = around.clock.nowMs() - socket.strangerMs(family) < CALL_LIFE_MS
    this.#evidence.isCalledByStrangers = isCalled
    return isCalled ? true : undefined
  }

  async #otherPort(sightings: readonly Seen[]): Promise<OtherPort> {
    const { knocks, socket } = this.#tools
    const tally = this.#evidence.otherPorts
    let isSame: Promise<boolean | undefined> | undefined
    const ask = async (observer: Observer): Promise<void> => {
      const { answer, from } = await knocks.ask(observer.link, 'other-port', socket)
      if (answer?.status !== 'knocked') return
      tally.asked++
      // What comes from the usual port was let in before.
      if (from !== undefined && from.port !== observer.address.port) tally.arrived++
      isSame ??= this.#isSeenTheSame(observer, answer.port, sightings)
      await isSame
    }
    await this.#askInRounds(tally, ask)
    return { isLetIn: tally.asked > 0 ? tally.arrived > 0 : undefined, isSame: await isSame }
  }

  /** Several at once, until enough knocks were sent or one has arrived; some peers cannot help, so others are asked. */
  async #askInRounds(
    tally: { asked: number; arrived: number },
    ask: (observer: Observer) => Promise<void>,
  ): Promise<void> {
    let next = 0
    while (tally.arrived === 0 && tally.asked < KNOCKS && next < MAX_ASKS) {
      const round = Array.from({ length: KNOCKS - tally.asked }, () => ask(this.#observerAt(next++)))
      await Promise.all(round)
    }
  }

  async #isSeenTheSame(
    { address }: Observer,
    port: number,
    sightings: readonly Seen[],
  ): Promise<boolean | undefined> {
    const before = sightings.find(({ observer }) => sameAddress(observer, address))
    if (!before || port === 0) return undefined
    const { observing, socket } = this.#tools
    const seen = await observing.ask(socket, { host: address.host, port })
    if (!seen) return undefined
    this.#evidence.otherPort = formatAddress(seen.address)
    return sameAddress(seen.address, before.address)
  }

  /** New mappings by new sockets; where they depend on the destination, by each socket to two. */
  async #portAssignment(isDependent: boolean): Promise<PortAssignment> {
    const { openSocket } = this.#tools
    const mappings: FreshMapping[] = []
    const most = isDependent ? 2 : 1
    for (let i = 0; openSocket && i < FRESH_SOCKETS && mappings.length < FRESH_MAPPINGS; i++)
      await withSocket(
        openSocket,
        async (socket) => void mappings.push(...(await this.#mappedBy(socket, most))),
      )
    this.#evidence.freshPorts = mappings.map(({ outside }) => outside)
    return judgePorts(mappings)
  }

  /** One peer is asked at a time: of several asked at once each is given a port, and only who answers is learned. */
  async #mappedBy(socket: DatagramSocket, most: number): Promise<FreshMapping[]> {
    const { observing, observers } = this.#tools
    socket.onDatagram((datagram, from) => observing.receive(datagram, from, socket))
    const mappings: FreshMapping[] = []
    let candidates = observers.of(this.#family)
    while (mappings.length < most) {
      const sighted = await observers.askAnew(socket, candidates)
      if (sighted?.asked.length !== 1) break
      const { observer, seen } = sighted
      candidates = candidates.filter((other) => other !== observer && observers.hasAnswered(other))
      if (verdictOn(seen) === 'good') mappings.push({ inside: socket.local.port, outside: seen.address.port })
    }
    return mappings
  }

  #observerAt(number: number): Observer {
    return this.#observers[number % this.#observers.length]!
  }
}

/**
 * isLetIn: whether a knock from another port of a host that something was sent to arrives. isSame: whether that port sees us
 * where the usual one does. Undefined where nobody could be made to.
 */
interface OtherPort {
  isLetIn: boolean | undefined
  isSame: boolean | undefined
}

interface EarlyFindings {
  isTranslated: boolean
  isDependent: boolean
  reflexive: Address
}

const UNASKED: OtherPort = { isLetIn: undefined, isSame: undefined }
const KEPT: PortAssignment = { kind: 'preserving' }

/** Opens one for as long as the action takes; where the system has none to give, nothing is done. */
export async function withSocket<T>(
  openSocket: OpenSocket,
  action: (socket: DatagramSocket) => Promise<T>,
): Promise<T | undefined> {
  let socket: DatagramSocket
  try {
    socket = await openSocket()
  } catch {
    return undefined // what it was for stays unknown
  }
  try {
    return await action(socket)
  } finally {
    void socket.close()
  }
}

/** What comes after is told in the findings that follow. */
function copyOf({ strangers, otherPorts, ...evidence }: ReachEvidence): ReachEvidence {
  return { ...evidence, strangers: { ...strangers }, otherPorts: { ...otherPorts } }
}

function dependenceOf(isSamePort: boolean | undefined): Dependence {
  return isSamePort ? 'address-dependent' : 'address-and-port-dependent'
}

function filteringOf(
  isReachedByStrangers: boolean | undefined,
  isOtherPortLetIn: boolean | undefined,
): Dependence | 'unknown' {
  if (isReachedByStrangers) return 'endpoint-independent'
  if (isReachedByStrangers === undefined || isOtherPortLetIn === undefined) return 'unknown'
  return isOtherPortLetIn ? 'address-dependent' : 'address-and-port-dependent'
}

/** In any order, one of each owner first: agreement of different owners is what counts. */
function differentOwners(candidates: readonly Observer[], random: Random): Observer[] {
  const left = [...candidates]
  const shuffled = candidates.map(() => left.splice(random.below(left.length), 1)[0]!)
  const owners = new Set<string>()
  const [first, others]: [Observer[], Observer[]] = [[], []]
  for (const observer of shuffled) {
    const owner = ownerRangeOf(observer.address.host)
    if (owners.has(owner)) others.push(observer)
    else first.push(observer)
    owners.add(owner)
  }
  return [...first, ...others].slice(0, OBSERVERS)
}
