// Keeping one UDP port open on the router in front of this computer, for as long as the person wants it.
//
//          allowed, and behind a NAT                 a mapper granted it
//   off ────────────────────────────> asking ────────────────────────────> mapped
//    ^                                  ^ │ no mapper did                    │ lost, another router, other addresses
//    │ switched off, stopped            │ v                                  │
//    └─ from everywhere ──────────── waiting <──┐ <──────────────────────────┘ (asking at once)
//                                     1 min, doubling to 1 h
//
// All mappers are asked at once; the first grant wins, and one that comes later is given back, so that there is never
// more than one. A mapping is renewed at half its life (RFC 6886 §3.3); in between the router is asked now and then
// whether it still knows it, because a router that restarts forgets everything and says so to nobody who was not listening.

import { type Clock, type Timer } from '../ports/clock.ts'
import { type Address, sameAddress } from '../ports/datagram-socket.ts'
import { type Log } from '../ports/log.ts'
import {
  type MappingFailure,
  type MappingGrant,
  type PortMapper,
  type PortMappingStatus,
} from '../ports/port-mapper.ts'
import { type HeardEpoch, hasForgotten } from './router-epoch.ts'

export interface PortMappingParts {
  clock: Clock
  log: Log
  mappers: readonly PortMapper[]
  internalPort: number
  /** Whether an address of this computer is one that a router translates. */
  isTranslated: () => boolean
  /** The mapping's outer address, as soon as it is there, whenever it changes, and undefined when it is gone. */
  onExternal: (external: Address | undefined) => void
}

/** RFC 6886 §3.3 recommends it. */
const LIFETIME_MS = 7_200_000
/** A router that grants less than this would keep us busy; it is asked no more often. */
const LEAST_RENEWAL_MS = 15_000
/** Chosen: two packets on the local network, and how long a restarted router goes unnoticed at most. */
const CHECK_MS = 60_000
/** Chosen: a router that is busy or restarting is silent for a while. */
const SILENT_CHECKS = 3
/** Chosen: most that say no once say no for ever; those that restart are up again in a minute. */
const FIRST_RETRY_MS = 60_000
const LONGEST_RETRY_MS = 3_600_000
/** Told from the reason that says most to the one that says least. */
const TELLING: readonly MappingFailure[] = ['refused', 'no-ports', 'failed', 'silent', 'no-gateway']

type State =
  | { kind: 'off' }
  | { kind: 'needless' }
  | { kind: 'asking' }
  | { kind: 'waiting'; reason: MappingFailure; retryWallMs: number }
  | { kind: 'mapped'; held: Held }

interface Held {
  grant: MappingGrant
  mapper: PortMapper
  untilMs: number
  untilWallMs: number
  epoch: HeardEpoch | undefined
  silentChecks: number
}

export class PortMapping {
  readonly #parts: PortMappingParts
  #state: State = { kind: 'off' }
  /** One for whatever comes next: the end of a pause, a check, a renewal. */
  #timer: Timer | undefined
  #renewAtMs = 0
  #retryMs = FIRST_RETRY_MS
  /** What is under way belongs to a round; answers of an older one are given back. */
  #round = 0
  /** The outer port of last time, to be asked for again: friends remember it. */
  #lastPort: number | undefined
  #told: Address | undefined
  #isAllowed = false
  readonly #underWay = new Set<Promise<void>>()

  constructor(parts: PortMappingParts) {
    this.#parts = parts
  }

  get status(): PortMappingStatus {
    const state = this.#state
    if (state.kind === 'waiting')
      return { state: 'waiting', reason: state.reason, retryWallMs: state.retryWallMs }
    if (state.kind !== 'mapped') return { state: state.kind }
    const { grant, untilWallMs } = state.held
    return { state: 'mapped', method: grant.method, external: grant.external, untilWallMs }
  }

  /** The person's switch. */
  allow(isAllowed: boolean): void {
    if (!isAllowed) return void this.stop()
    if (this.#isAllowed) return
    this.#isAllowed = true
    if (this.#underWay.size === 0) return this.#begin()
    // what is being given back must be gone before it is asked for again
    void Promise.all(this.#underWay).then(() => {
      if (this.#isAllowed && this.#state.kind === 'off') this.#begin()
    })
  }

  /** Other addresses, so perhaps another router: what was mapped at the last one dies of itself there. */
  networkChanged(): void {
    if (this.#state.kind === 'off') return
    this.#retryMs = FIRST_RETRY_MS
    this.#begin()
  }

  /** Resolves when the router has taken back what it gave, also what was still under way, or the mappers' own time is over. */
  async stop(): Promise<void> {
    this.#isAllowed = false
    const state = this.#state
    this.#become({ kind: 'off' })
    this.#tell(undefined)
    if (state.kind === 'mapped') this.#follow(state.held.mapper.unmap(state.held.grant))
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
    await Promise.all(this.#parts.mappers.map((mapper) => mapper.settle?.()))
  }

  #begin(): void {
    const state = this.#state
    if (this.#parts.isTranslated()) {
      this.#become({ kind: 'asking' })
      return this.#askAll()
    }
    this.#become({ kind: 'needless' })
    this.#tell(undefined)
    if (state.kind === 'mapped') this.#follow(state.held.mapper.unmap(state.held.grant))
  }

  #askAll(): void {
    const round = this.#round
    const denials: MappingFailure[] = []
    const { mappers, internalPort } = this.#parts
    const wish = { internalPort, externalPort: this.#lastPort ?? internalPort, lifetimeMs: LIFETIME_MS }
    const over = (reason: MappingFailure): void => {
      if (denials.push(reason) === mappers.length && round === this.#round) this.#denied(denials)
    }
    if (mappers.length === 0) return this.#denied(['no-gateway'])
    for (const mapper of mappers)
      this.#follow(
        mapper.map(wish).then((answer) => {
          if (answer.kind === 'denied') return over(answer.reason)
          if (round !== this.#round) return this.#giveBack(mapper, answer.grant)
          this.#granted(mapper, answer.grant) // a new round: the others come too late
        }),
      )
  }

  /** Late, so it is not wanted, unless it is the very mapping that is in use: then taking it back would close it. */
  #giveBack(mapper: PortMapper, grant: MappingGrant): void {
    const isInUse =
      this.#state.kind === 'mapped' && sameAddress(this.#state.held.grant.external, grant.external)
    if (!isInUse) this.#follow(mapper.unmap(grant))
  }

  #follow(work: Promise<void>): void {
    this.#underWay.add(work)
    void work.finally(() => this.#underWay.delete(work))
  }

  #granted(mapper: PortMapper, grant: MappingGrant): void {
    const { clock, log } = this.#parts
    const nowMs = clock.nowMs()
    const { external, lifetimeMs, epochSeconds } = grant
    const isNews = this.#told === undefined || !sameAddress(this.#told, external)
    if (isNews)
      log.log('info', 'reach', 'the router opened a port', { method: grant.method, port: external.port })
    this.#retryMs = FIRST_RETRY_MS
    this.#lastPort = external.port
    this.#renewAtMs = nowMs + Math.max(LEAST_RENEWAL_MS, lifetimeMs / 2)
    this.#become({
      kind: 'mapped',
      held: {
        grant,
        mapper,
        untilMs: nowMs + lifetimeMs,
        untilWallMs: clock.wallMs() + lifetimeMs,
        epoch: epochSeconds === undefined ? undefined : { epochSeconds, atMs: nowMs },
        silentChecks: 0,
      },
    })
    this.#tell(external)
    this.#lookLater()
  }

  #denied(reasons: readonly MappingFailure[]): void {
    const { clock, log } = this.#parts
    const reason = TELLING.find((each) => reasons.includes(each)) ?? 'failed'
    log.log('debug', 'reach', 'the router opens no port', { reason })
    this.#become({ kind: 'waiting', reason, retryWallMs: clock.wallMs() + this.#retryMs })
    this.#tell(undefined)
    this.#timer = clock.after(this.#retryMs, () => this.#begin())
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS)
  }

  #lookLater(): void {
    const nowMs = this.#parts.clock.nowMs()
    const delayMs = Math.max(0, Math.min(CHECK_MS, this.#renewAtMs - nowMs))
    this.#timer = this.#parts.clock.after(delayMs, () => this.#follow(this.#look()))
  }

  async #look(): Promise<void> {
    if (this.#state.kind !== 'mapped') return
    const { held } = this.#state
    if (this.#parts.clock.nowMs() >= this.#renewAtMs) return this.#renew(held)
    const round = this.#round
    const answer = await held.mapper.check(held.grant)
    if (round !== this.#round) return
    if (answer.kind === 'silent') return this.#silent(held)
    held.silentChecks = 0
    const isMoved = answer.externalHost !== held.grant.external.host
    const isForgotten = answer.isHeld === false || this.#isForgotten(held, answer.epochSeconds)
    if (isMoved || isForgotten)
      return this.#lost(isMoved ? 'it has another address' : 'it has forgotten the port')
    this.#lookLater()
  }

  #isForgotten(held: Held, epochSeconds: number | undefined): boolean {
    if (epochSeconds === undefined) return false
    const now = { epochSeconds, atMs: this.#parts.clock.nowMs() }
    const isForgotten = held.epoch !== undefined && hasForgotten(held.epoch, now)
    held.epoch = now
    return isForgotten
  }

  #silent(held: Held): void {
    if (++held.silentChecks >= SILENT_CHECKS) return this.#lost('it does not answer any more')
    this.#lookLater()
  }

  /** At the router that gave it; another is asked only once that one fails. */
  async #renew(held: Held): Promise<void> {
    const round = this.#round
    const { internalPort, external } = held.grant
    const wish = { internalPort, externalPort: external.port, lifetimeMs: LIFETIME_MS }
    const answer = await held.mapper.map(wish)
    if (round !== this.#round) {
      // switched off meanwhile: the router has just been asked to keep it all the same
      if (answer.kind === 'granted') this.#giveBack(held.mapper, answer.grant)
      return
    }
    if (answer.kind === 'granted') return this.#granted(held.mapper, answer.grant)
    const leftMs = held.untilMs - this.#parts.clock.nowMs()
    if (leftMs <= 2 * LEAST_RENEWAL_MS) return this.#lost('it would not renew the port')
    this.#renewAtMs = this.#parts.clock.nowMs() + Math.max(LEAST_RENEWAL_MS, leftMs / 2)
    this.#lookLater()
  }

  #lost(why: string): void {
    this.#parts.log.log('info', 'reach', `the router is asked for a port anew: ${why}`)
    this.#begin()
  }

  #become(state: State): void {
    this.#round++
    this.#timer?.cancel()
    this.#timer = undefined
    this.#state = state
  }

  #tell(external: Address | undefined): void {
    const before = this.#told
    this.#told = external
    if (before === external || (before && external && sameAddress(before, external))) return
    this.#parts.onExternal(external)
  }
}
