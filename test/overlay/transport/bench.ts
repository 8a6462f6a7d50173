// The stage for bulk transfers: computers at both ends of one access line, and flows that send as much as it takes.

import { type CongestionLaw } from '../../../main/overlay/transport/congestion/laws.ts'
import { Endpoint } from '../../../main/overlay/transport/endpoint.ts'
import { type Link, type StreamLink } from '../../../main/overlay/transport/links.ts'
import { type Urgency } from '../../../main/overlay/transport/urgency.ts'
import { AccessLine } from '../../../simulator/net/access-line.ts'
import { SimulatedSocket } from '../../../simulator/net/simulated-socket.ts'
import { openlySealing } from './open-peer.ts'
import { World, testNetwork } from './world.ts'

export interface Line {
  megabits: number
  rttMs: number
  lossRate: number
}

const SENDER = '10.0.0.1'
const MESSAGE = new Uint8Array(64_000)

/** A line of so many Mbit/s, its round trip, and computers at both ends. */
export class Bench {
  readonly world: World
  readonly line: AccessLine
  /** Bytes per millisecond. */
  readonly rate: number
  #next = 1

  constructor(line: Line, bufferMs = line.rttMs) {
    const { megabits, rttMs, lossRate } = line
    this.rate = megabits * 125
    this.world = new World(1, { delayMs: rttMs / 2, jitterMs: 0, minDelayMs: 0, lossRate })
    const bitsPerSecond = megabits * 1e6
    this.line = new AccessLine({
      queue: this.world.queue,
      uplink: this.world.net,
      host: SENDER,
      drops: this.world.net.drops,
      model: {
        upBitsPerSecond: bitsPerSecond,
        downBitsPerSecond: bitsPerSecond,
        bufferBytes: this.rate * bufferMs,
        mtuBytes: 1500,
      },
    })
  }

  /** Sends as much as the line takes from now on. */
  async flow(law: CongestionLaw, urgency?: Urgency): Promise<Flow> {
    const { link, endpoint } = await this.pair(law)
    const flow = new Flow(() => this.world.queue.nowMs)
    endpoint.on({
      up: () => {},
      down: () => {},
      message: (_link, message) => flow.arrived(message.length),
    })
    flow.start(link, urgency)
    return flow
  }

  /** A link over the line, and the endpoint at its far end. */
  async pair(law: CongestionLaw): Promise<{ link: StreamLink; endpoint: Endpoint }> {
    const number = this.#next++
    const from = this.#endpoint(SimulatedSocket.open({ host: SENDER, port: number }, this.line), law)
    const socket = this.world.net.open(`10.0.1.${number}`)
    const { endpoint, identity } = this.#endpoint(socket, law)
    const { id, noiseKey } = identity
    const target = { id, noiseKey: noiseKey.publicKey, addresses: [socket.local] }
    return { link: await this.world.until(from.endpoint.dial(target)), endpoint }
  }

  #endpoint(socket: SimulatedSocket, congestionLaw: CongestionLaw) {
    const { world } = this
    const identity = world.identity()
    const endpoint = new Endpoint({
      socket,
      clock: world.clock,
      random: world.random,
      crypto: openlySealing,
      log: { log: () => {} },
      network: testNetwork,
      identity,
      options: options(congestionLaw),
    })
    endpoint.start()
    return { endpoint, identity }
  }
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function options(congestionLaw: CongestionLaw) {
  return { keepAliveMs: 25_000, congestionLaw }
}

/** A transfer without end: another message is written for each that has arrived. */
export class Flow {
  readonly #nowMs: () => number
  #receivedBytes = 0
  #sinceMs = 0
  #link: Link | undefined

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Smoothed, in milliseconds. */
  get rttMs(): number {
    return this.#link!.rttMs
  }

  start(link: Link, urgency?: Urgency): void {
    this.#link = link
    const next = () => link.send(MESSAGE, (isDelivered) => isDelivered && next(), urgency)
    for (let i = 0; i < 128; i++) next()
    this.restart()
  }

  restart(): void {
    this.#receivedBytes = 0
    this.#sinceMs = this.#nowMs()
  }

  arrived(bytes: number): void {
    this.#receivedBytes += bytes
  }

  /** Bytes of messages per millisecond since the start. */
  get rate(): number {
    return this.#receivedBytes / (this.#nowMs() - this.#sinceMs)
  }
}
