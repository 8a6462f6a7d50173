// A laboratory: one world built as the options say, checkers that watch it, and somebody to tell how far it is.

import { type NodeOptions } from '../../main/overlay/node.ts'
import { UNICAST_DEFAULTS } from '../../main/overlay/unicast/unicast.ts'
import { Checkers } from '../checkers/checkers.ts'
import { isStartedDirectly, REAL_CRYPTO_NODES, type SimOptions } from '../options.ts'
import { Cables } from '../world/cables.ts'
import { startDirectly } from '../world/direct-start.ts'
import { Internet } from '../world/internet.ts'
import { RadioGrid } from '../world/radio-grid.ts'
import { type Terrain } from '../world/terrain.ts'
import { World } from '../world/world.ts'
import { type Figures } from './experiment.ts'
import { measureIdle, upkeepFigures } from './network-state.ts'
import { ProbeService } from './probe-service.ts'

/** What was done from that moment on. */
export interface Phase {
  name: string
  fromMs: number
}

/** How far a laboratory is; for a progress bar. */
export interface Progress {
  phase: string
  nodes: number
  virtualMs: number
  events: number
}

const STEP_MS = 1000
/** Of the time to settle, the last so much is watched. */
const WATCHED_MS = 60_000

export class Lab {
  readonly options: SimOptions
  readonly world: World
  readonly checkers: Checkers
  readonly probes: ProbeService
  readonly report: (progress: Progress) => void
  readonly #phases: Phase[] = []
  #phase = ''
  #settledFigures: Figures = {}

  /** `nodeOptions`: what of a node is to be other than in production. */
  constructor(
    options: SimOptions,
    report: (progress: Progress) => void = () => undefined,
    nodeOptions: Partial<NodeOptions> = {},
  ) {
    this.options = options
    this.report = report
    const { seed, jitter, compute: computeMs } = options
    const isCryptoModelled = hasModelledCrypto(options)
    const terrain = terrainOf(options)
    const replicaQuotaBytes = options.replicas
    this.world = new World({
      seed,
      jitter,
      computeMs,
      isCryptoModelled,
      terrain,
      replicaQuotaBytes,
      nodeOptions,
    })
    const { records: mostRecords } = nodeOptions.unicast ?? UNICAST_DEFAULTS
    this.checkers = new Checkers(this.world, { share: options.checks, mostRecords })
    this.world.network.tap((from, to, message) => this.checkers.sent(from, to, message))
    this.probes = new ProbeService(this.checkers)
  }

  /** The network as the options want it, grown and settled. */
  async grow(nodes = this.options.nodes): Promise<void> {
    this.#enter('growing')
    if (isStartedDirectly(this.options, nodes))
      await startDirectly(this.world, nodes, {
        onLinked: (linked) => this.#show('building links', linked),
        onStep: () => this.#tick(),
      })
    else await this.world.grow(nodes, () => this.#tick())
    for (const host of this.world.alive) this.probes.offer(host)
    const settleMs = 1000 * this.options.settle
    const watchedMs = Math.min(WATCHED_MS, settleMs)
    await this.run(settleMs - watchedMs, 'settling')
    if (watchedMs > 0) this.#settledFigures = upkeepFigures(await measureIdle(this, watchedMs, 'settling'))
  }

  /** What the network sent just before the experiment: per node and second, while nobody asked for anything. */
  get settledFigures(): Figures {
    return this.#settledFigures
  }

  async run(ms: number, phase = this.#phase): Promise<void> {
    this.#enter(phase)
    const untilMs = this.world.nowMs + ms
    while (this.world.nowMs < untilMs) {
      await this.world.run(Math.min(STEP_MS, untilMs - this.world.nowMs))
      this.#tick()
    }
  }

  /** In their order; one that goes on where it was interrupted is there again. */
  get phases(): readonly Phase[] {
    return this.#phases
  }

  #enter(phase: string): void {
    if (phase === this.#phase) return
    this.#phase = phase
    this.#phases.push({ name: phase, fromMs: this.world.nowMs })
  }

  #tick(): void {
    this.checkers.look()
    this.#show(this.#phase, this.world.alive.length)
  }

  #show(phase: string, nodes: number): void {
    const { nowMs: virtualMs, queue } = this.world
    this.report({ phase, nodes, virtualMs, events: queue.processed })
  }
}

function hasModelledCrypto({ crypto, nodes }: SimOptions): boolean {
  return crypto === 'modelled' || (crypto === 'auto' && nodes >= REAL_CRYPTO_NODES)
}

/** In words: everything that the figures depend on besides the code. */
export function parametersOf(options: SimOptions): string[] {
  const { experiment, nodes, seed, kill } = options
  return [
    `experiment ${experiment}, ${nodes} nodes, seed ${seed}, kill ${100 * kill} %`,
    ...sizeParameters(options),
    ...modelParameters(options),
  ]
}

/** What of it depends on the size. */
export function sizeParameters(options: SimOptions): string[] {
  const { nodes, settle, checks } = options
  const start = isStartedDirectly(options, nodes)
    ? 'links built directly, then one real join each'
    : 'all nodes join by the real protocol'
  return [
    `depth: overlay messages over modelled sessions (no datagrams); ${start}; ${settle} s between that and the measurement`,
    `signatures: ${hasModelledCrypto(options) ? 'modelled (keyed tags; forgeries fail)' : 'Ed25519'}`,
    `checkers: follow ${100 * checks} % of routed messages`,
  ]
}

/** What of it does not. */
export function modelParameters(options: SimOptions): string[] {
  const { jitter, compute, replicas } = options
  return [
    `terrain: ${terrainOf(options).describe}; jitter ${100 * jitter} % (Gaussian); loss costs a retransmission; computing ${compute === 0 ? 'takes no time' : `takes ${compute} ms a message, two processors for all`}`,
    `hole punching: modelled (a call between a punchable pair succeeds after one more round trip)`,
    `timers: production; replica quota ${replicas} B a node`,
  ]
}

function terrainOf(options: SimOptions): Terrain {
  const { seed, nodes, loss, nat, punch, bootstraps, clusters } = options
  if (options.topology === 'grid') return new RadioGrid({ seed, nodes, loss, oneWay: options['one-way'] })
  if (options.topology === 'cables') return new Cables({ seed, nodes })
  return new Internet({ seed, nat, punch, loss, bootstraps, clusters })
}
