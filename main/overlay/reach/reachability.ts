// What this node is behind, and who reaches it: read this first. For each address family a small machine:
//
//               two peers to ask, 0.5 s later                  findings
//     unknown ------------------------------> measuring ------------------------> known
//        ^                                     |     ^                              |
//        |      too few, or no agreement       |     |  own addresses changed,      |
//        +-------------------------------------+     |  peers contradict, or        |
//          (tried again at the next session,         |  an hour or two have passed  |
//           or after some minutes)                  +------------------------------+
//
// While it measures anew it goes by what it knew. Sessions tell where they see us without being asked (observed-addresses.ts);
// that is enough to notice a change, not to know what a translator does: for that questions are asked (measurement.ts).

import { type FamilyReach, type ReachFindings, type ReachStatus } from '../api.ts'
import { type NodeId } from '../base/id.ts'
import { type AddressFamily, familyOf, kindOfHost } from '../base/ip-ranges.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Timer } from '../ports/clock.ts'
import { type Address, formatAddress, type OpenSocket, sameAddress } from '../ports/datagram-socket.ts'
import { type Knocks } from '../ports/knocks.ts'
import { type Store } from '../ports/store.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { encodeKnock } from '../wire/packet-reach.ts'
import { KeepAliveMeasurement } from './keep-alive.ts'
import { KnockRequests } from './knock-requests.ts'
import { KnockService } from './knock-service.ts'
import { CALL_LIFE_MS, measureReach, type MeasurementTools } from './measurement.ts'
import { NetworkMemory } from './network-memory.ts'
import { ObservedAddresses } from './observed-addresses.ts'
import { type Observer, Observers } from './observers.ts'
import { Observing } from './observing.ts'
import { lookAtPorts, type PortLook } from './port-look.ts'
import { type PortSearchParts } from './port-search.ts'
import { reachKind } from './reach-kind.ts'
import { type ReachSocket } from './reach-socket.ts'
import { SpareSockets } from './spare-sockets.ts'

export type ReachState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'measuring'; readonly before: ReachFindings | undefined }
  | { readonly kind: 'known'; readonly findings: ReachFindings }

/** What the host gives; the node adds its own parts. */
export interface ReachPorts {
  socket: ReachSocket
  openSocket: OpenSocket | undefined
  onObservedAddress(listener: (link: Link, address: Address) => void): void
  provenAddress(id: NodeId): Address | undefined
  setKeepAliveMs(ms: number): void
  /** Whether so many bytes may go to an address that has not answered; they are charged. */
  mayCall(to: Address, bytes: number): boolean
  /** What others may try, besides the computer's own addresses. */
  advertise(seen: readonly Address[]): void
}

export interface ReachabilityParts extends ReachPorts {
  links: Links
  store: Store
  /** Nothing that was sent to anybody was answered. */
  isUnanswered(): boolean
  onChange(): void
}

const FAMILIES: readonly AddressFamily[] = ['ipv4', 'ipv6']
/** Chosen: sessions come and go in rows; one measurement for a row. The first is waited for, so it is soon. */
const SETTLE_MS = 3_000
const FIRST_SETTLE_MS = 500
/** The sessions notice within 5 s that this computer has moved (endpoint.ts), and their peers must know before they knock. */
const MOVED_SETTLE_MS = 8_000
/** Chosen: rarely, as everything that changes announces itself; and not at the same moment as all others. */
const RENEW_MS = { least: 3_600_000, most: 7_200_000 }
/** Chosen: doubled with each measurement in vain, to an hour. */
const RETRY_MS = 180_000
const MAX_RETRY_MS = 3_600_000
/** Chosen: what has just been opened anew is not opened again for each session that says so. */
const OPEN_ANEW_MS = 3_000
/** Chosen: a look costs 0.1 ms. */
const ADDRESS_LOOK_MS = 20_000

interface Family {
  readonly family: AddressFamily
  state: ReachState
  timer: { timer: Timer; dueMs: number } | undefined
  retryMs: number
  /** When to measure again though it is being measured now: what is found may be old already. */
  againMs: number
}

export class Reachability {
  readonly #around: Surroundings
  readonly #parts: ReachabilityParts
  readonly #tools: MeasurementTools
  readonly #service: KnockService
  readonly #observed: ObservedAddresses
  readonly #memory: NetworkMemory
  readonly #keepAlive: KeepAliveMeasurement | undefined
  readonly #families: readonly Family[]
  readonly #looks: Partial<Record<AddressFamily, Promise<PortLook | undefined>>> = {}
  #openedAnewMs = -Infinity
  #own = ''
  readonly #spare: SpareSockets | undefined
  #isRunning = false

  constructor(around: Surroundings, parts: ReachabilityParts) {
    const { socket } = parts
    this.#spare = parts.openSocket && new SpareSockets(parts.openSocket)
    const openSocket = this.#spare?.open
    this.#around = around
    this.#parts = parts
    const observing = new Observing(around)
    const knocks = new KnockRequests(around, observing)
    const observers = new Observers(around, parts.links, observing)
    this.#tools = { around, socket, observing, observers, knocks, openSocket }
    this.#service = new KnockService(around, { ...parts, openSocket, observing })
    this.#observed = new ObservedAddresses(around)
    const memory = (this.#memory = new NetworkMemory(around, parts.store))
    const candidates = (): Observer[] =>
      FAMILIES.map((family) => observers.of(family)).find(({ length }) => length > 1) ?? []
    const apply = (ms: number): void => parts.setKeepAliveMs(ms)
    this.#keepAlive =
      openSocket &&
      new KeepAliveMeasurement(around, {
        observing,
        observers,
        knocks,
        memory,
        openSocket,
        candidates,
        apply,
      })
    this.#families = FAMILIES.map((family) => ({
      family,
      state: { kind: 'unknown' },
      timer: undefined,
      retryMs: RETRY_MS,
      againMs: Infinity,
    }))
    socket.onStray((datagram, from) => observing.receive(datagram, from, socket))
    socket.onStranger((family) => this.#onStranger(family))
    parts.onObservedAddress((link, address) => this.#onObserved(link, address))
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#spare?.stop()
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return [...this.#service.handlers(), ...this.#tools.knocks.handlers()]
  }

  async start(): Promise<void> {
    await this.#memory.load()
    this.#isRunning = true
    this.#own = this.#ownAddresses()
    this.#keepAlive?.start()
    this.#around.timers.every(
      () => ADDRESS_LOOK_MS * (0.9 + 0.2 * this.#around.random.unit()),
      () => this.#lookAtAddresses(),
    )
    this.linkUp()
  }

  /** There may be enough to ask now. */
  linkUp(): void {
    for (const each of this.#families) if (each.state.kind === 'unknown') this.#soon(each, FIRST_SETTLE_MS)
  }

  state(family: AddressFamily): ReachState {
    return this.#of(family).state
  }

  /** The last findings of the family, also while it is measured anew. */
  findings(family: AddressFamily): ReachFindings | undefined {
    return findingsOf(this.#of(family).state)
  }

  /** The addresses outside at which peers of different owners see this node, best first: none that a single one claims. */
  reflexive(): Address[] {
    const found = FAMILIES.flatMap((family) => [
      this.#observed.agreed(family),
      this.findings(family)?.reflexive,
    ])
    const known: Address[] = []
    for (const address of found)
      if (address && !known.some((each) => sameAddress(each, address))) known.push(address)
    return known
  }

  /** Whether strangers are proven to reach this node: the volunteers are of these. */
  get isReachedByStrangers(): boolean {
    const sinceMs = this.#around.clock.nowMs() - CALL_LIFE_MS
    return this.#families.some(({ family }) => {
      const kind = this.#kindOf(family)
      // A port that was mapped lets them in at another address than the one that was knocked at.
      return kind === 'public' || kind === 'open' || this.#parts.socket.strangerMs(family) > sinceMs
    })
  }

  /**
   * The ports that the translator gives to new sockets at this moment: what a sequential one gives next is a step further.
   * Undefined where nobody could be asked.
   */
  async lookAtPorts(family: AddressFamily): Promise<PortLook | undefined> {
    const { openSocket, observing, observers } = this.#tools
    if (!openSocket) return undefined
    // Calls to one peer by several ways are made at once, and each look takes some of the ports it foretells.
    const known = this.findings(family)?.portAssignment
    const isKnown = known?.kind === 'sequential'
    const look = (this.#looks[family] ??= lookAtPorts(
      { observing, observers, openSocket },
      family,
      isKnown ? known : undefined,
    ))
    return look.finally(() => delete this.#looks[family])
  }

  /** What a search for ports needs of it. */
  get searchParts(): Omit<PortSearchParts, 'isContact'> {
    const { socket, mayCall } = this.#parts
    return {
      findings: () => this.findings('ipv4'),
      reflexive: () => this.reflexive().filter(({ host }) => familyOf(host) === 'ipv4'),
      lookAtPorts: () => this.lookAtPorts('ipv4'),
      openSocket: this.#tools.openSocket,
      knocks: this.knocks,
      adopt: (spare, remote) => socket.adopt(spare, remote),
      mayCall,
      ownHosts: () => socket.localAddresses().map(({ host }) => host),
    }
  }

  /** For who wants to be let in, or to let somebody in. */
  get knocks(): Knocks {
    const { observing, socket } = this.#tools
    return {
      knock: (nonce, to) => socket.send(encodeKnock(nonce), to),
      onKnock: (nonce, knocked) => observing.onKnock(nonce, knocked),
    }
  }

  get status(): ReachStatus {
    return {
      ipv4: this.#statusOf('ipv4'),
      ipv6: this.#statusOf('ipv6'),
      keepAliveMs: this.#keepAlive?.measuredMs,
    }
  }

  #of(family: AddressFamily): Family {
    return this.#families.find((each) => each.family === family)!
  }

  #kindOf(family: AddressFamily): FamilyReach['kind'] {
    return reachKind(this.findings(family), family === 'ipv4' && this.#parts.isUnanswered())
  }

  #statusOf(family: AddressFamily): FamilyReach {
    const { state } = this.#of(family)
    const isMeasuring = state.kind === 'measuring'
    return { kind: this.#kindOf(family), isMeasuring, findings: findingsOf(state) }
  }

  #onObserved(link: Link, address: Address): void {
    const change = this.#observed.add(link, address)
    if (change === 'moved' && this.#own === this.#ownAddresses()) this.#onBindingLost()
    if (change === 'ignored' || change === 'same' || !this.#isRunning) return
    for (const each of this.#families) if (this.#isContradicted(each)) this.#soon(each, SETTLE_MS)
  }

  /** What the translator has forgotten of one session it has most likely forgotten of all. */
  #onBindingLost(): void {
    this.#keepAlive?.bindingLost()
    const nowMs = this.#around.clock.nowMs()
    if (nowMs - this.#openedAnewMs < OPEN_ANEW_MS) return
    this.#openedAnewMs = nowMs
    for (const link of this.#parts.links.all()) link.probe()
  }

  /** By two owners: what one says alone changes nothing. */
  #isContradicted({ family, state }: Family): boolean {
    if (state.kind !== 'known') return false
    const agreed = this.#observed.agreed(family)
    if (!agreed) return false
    const { reflexive, mapping } = state.findings
    if (agreed.host !== reflexive.host) return true
    const isPortTelling = mapping === 'endpoint-independent' && this.#agreeOnPort(family, agreed)
    return isPortTelling && agreed.port !== reflexive.port
  }

  #agreeOnPort(family: AddressFamily, agreed: Address): boolean {
    const same = this.#observed.sightings(family).filter(({ address }) => sameAddress(address, agreed))
    return same.length > 1
  }

  /** It settles what no knock could. */
  #onStranger(family: AddressFamily): void {
    const each = this.#of(family)
    if (each.state.kind === 'known' && each.state.findings.filtering === 'unknown')
      this.#soon(each, SETTLE_MS)
    this.#parts.onChange()
  }

  #lookAtAddresses(): void {
    const own = this.#ownAddresses()
    // Between two networks there is none for a while.
    if (own === this.#own || own === '') return
    this.#own = own
    this.#observed.clear()
    this.#parts.advertise([])
    this.#parts.socket.forgetStrangers()
    for (const each of this.#families) this.#soon(each, MOVED_SETTLE_MS)
  }

  #ownAddresses(): string {
    return this.#tools.socket.localAddresses().map(formatAddress).sort().join()
  }

  /** One timer for each family: what comes first counts. What comes while it measures counts afterwards. */
  #soon(each: Family, delayMs: number): void {
    if (!this.#isRunning) return
    const dueMs = this.#around.clock.nowMs() + delayMs
    if (each.state.kind === 'measuring') return void (each.againMs = Math.min(each.againMs, dueMs))
    if (each.timer && each.timer.dueMs <= dueMs) return
    each.timer?.timer.cancel()
    each.timer = { timer: this.#around.timers.after(delayMs, () => void this.#measure(each)), dueMs }
  }

  async #measure(each: Family): Promise<void> {
    each.timer = undefined
    const before = findingsOf(each.state)
    if (this.#tools.observers.of(each.family).length < 2) return this.#ended(each, before)
    each.state = { kind: 'measuring', before }
    this.#parts.onChange()
    const onEarly = (early: ReachFindings): void => this.#onEarly(each, early)
    const findings = await measureReach(this.#tools, each.family, onEarly)
    // Where nobody can be made to knock, there may be strangers later: the network grows.
    const isWhole = findings !== undefined && findings.filtering !== 'unknown'
    if (isWhole) each.retryMs = RETRY_MS
    if (!findings) this.#around.drops.count('reach measured in vain')
    this.#ended(each, findings ?? before, !isWhole)
    if (findings) this.#onFindings(findings)
  }

  /** For who knows nothing yet, half of it is news. */
  #onEarly(each: Family, early: ReachFindings): void {
    if (findingsOf(each.state)) return
    each.state = { kind: 'measuring', before: early }
    this.#parts.onChange()
  }

  #ended(each: Family, findings: ReachFindings | undefined, isInVain = false): void {
    each.state = findings ? { kind: 'known', findings } : { kind: 'unknown' }
    this.#parts.onChange()
    const { random, clock } = this.#around
    if (each.againMs < Infinity) {
      this.#soon(each, Math.max(0, each.againMs - clock.nowMs()))
      each.againMs = Infinity
    } else if (isInVain) {
      this.#soon(each, each.retryMs * (1 + random.unit()))
      each.retryMs = Math.min(2 * each.retryMs, MAX_RETRY_MS)
    } else if (findings) this.#soon(each, RENEW_MS.least + (RENEW_MS.most - RENEW_MS.least) * random.unit())
  }

  /** A translator that gives every peer another port is not found at any of them. */
  #advertise(): void {
    const isKept = (family: AddressFamily): boolean =>
      this.findings(family)?.isTranslated === true &&
      this.findings(family)!.mapping === 'endpoint-independent'
    this.#parts.advertise(this.reflexive().filter(({ host }) => isKept(familyOf(host))))
  }

  #onFindings({ isTranslated, reflexive }: ReachFindings): void {
    this.#advertise()
    if (!isTranslated || kindOfHost(reflexive.host) !== 'public') return
    const own = this.#tools.socket.localAddresses()
    this.#keepAlive?.inNetwork(this.#memory.nameOf(own, reflexive.host))
  }
}

function findingsOf(state: ReachState): ReachFindings | undefined {
  if (state.kind === 'known') return state.findings
  return state.kind === 'measuring' ? state.before : undefined
}
