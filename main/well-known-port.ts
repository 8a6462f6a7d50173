// Some networks let UDP out to a few ports alone. A volunteer that strangers reach at its own address listens on one of these
// as well, so that it is there for who is behind such a network; its record names it last. On most systems that takes
// rights that a program of a person's has not: then nothing is opened, it is said once, and tried no more.

import { type Clock, type Timer } from './overlay/ports/clock.ts'
import { type DatagramSocket } from './overlay/ports/datagram-socket.ts'
import { type Log } from './overlay/ports/log.ts'

/** HTTP/3, STUN, NTP, DNS: those that are let out most often first; the last two are likeliest to be in use. */
const PORTS = [443, 3_478, 123, 53]
/** Whoever listens there already needs no other. */
export function isWellKnown(port: number): boolean {
  return PORTS.includes(port)
}

/** Chosen: helping begins when strangers are proven to reach this node, which takes some seconds. */
const LOOK_MS = 10_000

export interface WellKnownPortParts {
  clock: Clock
  log: Log
  /** Whether this node helps, at an address that is its own. */
  isWanted(): boolean
  /** Errors: those of the system, which may be many. */
  bind(port: number): Promise<DatagramSocket>
  onOpen(socket: DatagramSocket): void
}

export class WellKnownPort {
  readonly #parts: WellKnownPortParts
  #timer: Timer | undefined
  #port: number | undefined

  constructor(parts: WellKnownPortParts) {
    this.#parts = parts
  }

  /** 0 where none could be opened; undefined where none was wanted yet. */
  get port(): number | undefined {
    return this.#port
  }

  start(): void {
    this.#timer = this.#parts.clock.after(LOOK_MS, () => {
      if (this.#parts.isWanted()) void this.#open()
      else this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  async #open(): Promise<void> {
    const { bind, onOpen, log } = this.#parts
    for (const port of PORTS) {
      const socket = await bind(port).catch(() => undefined) // taken, or not ours to take
      if (!socket) continue
      if (!this.#timer) return void socket.close() // stopped meanwhile
      this.#port = port
      log.log('info', 'reach', `also listening on UDP port ${port}, for networks that let out little else`)
      return onOpen(socket)
    }
    this.#port = 0
    log.log(
      'info',
      'reach',
      'no well-known UDP port could be opened; some networks cannot reach this volunteer',
    )
  }
}
