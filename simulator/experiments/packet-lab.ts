// A laboratory at packet depth: one packet world built as the options say, checkers that watch it, and somebody to
// tell how far it is.

import { UNICAST_DEFAULTS } from '../../main/overlay/unicast/unicast.ts'
import { Checkers } from '../checkers/checkers.ts'
import { type SimOptions } from '../options.ts'
import { PacketWorld } from '../packets/packet-world.ts'
import { type Progress } from './lab.ts'

const STEP_MS = 1000

export class PacketLab {
  readonly options: SimOptions
  readonly world: PacketWorld
  readonly checkers: Checkers
  readonly #report: (progress: Progress) => void
  #phase = ''

  constructor(options: SimOptions, report: (progress: Progress) => void = () => undefined) {
    this.options = options
    this.#report = report
    const { seed, nat, loss, jitter, bootstraps, clusters, replicas } = options
    this.world = new PacketWorld({
      seed,
      nat,
      loss,
      jitter,
      bootstraps,
      clusters,
      replicaQuotaBytes: replicas,
    })
    const { records: mostRecords } = UNICAST_DEFAULTS
    this.checkers = new Checkers(this.world, { share: options.checks, mostRecords })
    this.world.tapSessions((from, to, message) => this.checkers.sent(from, to, message))
  }

  /** Grown by real joins, and settled. */
  async grow(): Promise<void> {
    this.#phase = 'growing'
    await this.world.grow(this.options.nodes, () => this.#tick())
    await this.run(1000 * this.options.settle, 'settling')
  }

  async run(ms: number, phase = this.#phase): Promise<void> {
    this.#phase = phase
    const untilMs = this.world.nowMs + ms
    while (this.world.nowMs < untilMs) {
      await this.world.run(Math.min(STEP_MS, untilMs - this.world.nowMs))
      this.#tick()
    }
  }

  #tick(): void {
    this.checkers.look()
    const { nowMs: virtualMs, queue, alive } = this.world
    this.#report({ phase: this.#phase, nodes: alive.length, virtualMs, events: queue.processed })
  }
}

/** In words: everything that the figures depend on besides the code. */
export function packetParameters(options: SimOptions): string[] {
  const { experiment, nodes, seed, kill, nat, loss, jitter, bootstraps, clusters, settle, replicas } = options
  const where = clusters > 0 ? `${clusters} regions` : 'a plane'
  return [
    `experiment ${experiment}, ${nodes} nodes, seed ${seed}, kill ${100 * kill} %`,
    'depth: datagrams from the socket up, with Ed25519, Noise handshakes and sealed packets; all nodes join by the real protocol',
    `terrain: hosts on ${where}, ${100 * nat} % behind NAT boxes (simulator/packets/nat-kinds.ts), ${100 * loss} % of datagrams lost on each path, ${100 * jitter} % jitter (Gaussian), ${bootstraps} bootstrap servers; hole punching: what the transport does`,
    `timers: production; ${settle} s between growth and measurement; replica quota ${replicas} B a node`,
  ]
}
