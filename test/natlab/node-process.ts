// A node in a namespace, a process of its own, as an object. See lab-node.ts for the other side.

import path from 'node:path'
import { type OverlayStatus, type SendResult } from '../../main/overlay/api.ts'
import { formatAddress } from '../../main/overlay/ports/datagram-socket.ts'
import { JsonProcess } from './json-process.ts'
import { type Namespace } from './namespace.ts'
import { type Answer, type NodeCard, type NodeCommand, type NodeEvent } from './node-protocol.ts'
import { ROOT } from './root.ts'

const PROGRAM = path.join(ROOT, 'out/natlab/lab-node.js')
/** A network of its own with a puzzle that costs nothing. */
const NETWORK = 'natlab:2'
/** Many start at once, on two cores. */
const START_LIMIT_MS = 60_000
/** Longer than anything that is asked for may take; a frozen node never answers. */
const ANSWER_LIMIT_MS = 20_000
/**
 * Between attempts: after one that failed, and beside one of which nothing is heard. Both grow, lest 200 pairs that try again
 * at once be what keeps the network from carrying anything.
 */
const PAUSE_MS = { first: 100, longest: 1_000 }
const PATIENCE_MS = { first: 1_000, longest: 10_000 }
const GROWTH = 1.5

export interface NodeProcessOptions {
  namespace: Namespace
  /** The folder of its profile. */
  profile: string
  /** The UDP port; any where none is given. */
  port?: number
  bootstrap?: NodeCard[]
  /** Helps others connect. */
  isVolunteer?: boolean
}

export interface Arrival {
  atMs: number
}

let texts = 0

export class NodeProcess {
  readonly id: string
  readonly #noiseKey: string
  readonly #port: number | undefined
  readonly #process: JsonProcess<NodeCommand, NodeEvent>
  #calls = 0

  private constructor(
    process: JsonProcess<NodeCommand, NodeEvent>,
    { id, noiseKey, port }: { id: string; noiseKey: string; port: number | undefined },
  ) {
    this.#process = process
    this.id = id
    this.#noiseKey = noiseKey
    this.#port = port
  }

  /** Composed, with its socket bound, but not started. */
  static async launch(options: NodeProcessOptions): Promise<NodeProcess> {
    const { namespace, profile, port, bootstrap, isVolunteer = false } = options
    const args = ['--data', profile, '--network', NETWORK, ...(port ? ['--port', String(port)] : [])]
    if (isVolunteer) args.push('--help-others')
    const child = namespace.spawn(process.execPath, PROGRAM, ...args)
    const lines = new JsonProcess<NodeCommand, NodeEvent>(child)
    const { id, noiseKey } = await lines.need(isReady, START_LIMIT_MS, `the node in ${namespace.name}`)
    const made = new NodeProcess(lines, { id, noiseKey, port })
    if (bootstrap) made.addPeers(bootstrap)
    return made
  }

  get processId(): number {
    return this.#process.processId
  }

  addPeers(peers: NodeCard[]): void {
    this.#process.tell({ do: 'addPeers', peers })
  }

  /** The moment it began. */
  async start(): Promise<number> {
    this.#process.tell({ do: 'start' })
    return (await this.#process.need(isStarted, START_LIMIT_MS, 'starting')).atMs
  }

  /** When it first had peers; undefined where that did not come in time. */
  async joined(timeoutMs: number): Promise<number | undefined> {
    return (await this.#process.find(isJoined, timeoutMs))?.atMs
  }

  /** `card`: as an invitation would hold it. */
  keepInTouch(id: string, card?: NodeCard): void {
    this.#process.tell({ do: 'keepInTouch', id, ...(card && { card }) })
  }

  forget(id: string): void {
    this.#process.tell({ do: 'forget', id })
  }

  /** Where others may look for it now. */
  async presentCard(): Promise<NodeCard> {
    const { addresses } = await this.status()
    return { id: this.id, noiseKey: this.#noiseKey, addresses: addresses.map(formatAddress) }
  }

  /** As a bootstrap entry would name it, before it has been started; its port must have been chosen. */
  cardAt(host: string): NodeCard {
    if (this.#port === undefined)
      throw new Error('only a node with a port of its own can be named in advance')
    return { id: this.id, noiseKey: this.#noiseKey, addresses: [`${host}:${this.#port}`] }
  }

  async send(to: NodeProcess, text: string): Promise<SendResult> {
    const answer = await this.#ask((call) => ({ do: 'send', call, to: to.id, text }))
    return answer && 'sent' in answer ? answer.sent : { kind: 'failed', reason: 'timeout' }
  }

  async status(): Promise<OverlayStatus> {
    const answer = await this.#ask((call) => ({ do: 'status', call }))
    if (!answer || !('status' in answer))
      throw new Error(
        `no status of ${this.id.slice(0, 8)}, asked ${this.#calls} times\n${this.#process.words}`,
      )
    return answer.status
  }

  /** Links crossed on the way of a routed message; undefined where it does not get there. */
  async countHops(to: NodeProcess): Promise<number | undefined> {
    const answer = await this.#ask((call) => ({ do: 'countHops', call, to: to.id }))
    return answer && 'hops' in answer ? answer.hops : undefined
  }

  /**
   * Says something until it has arrived, as an application would: again when an attempt fails or takes long. The result
   * tells when the first copy arrived; undefined where none did in time. `leastBytes`: how long it is to be;
   * `firstPatienceMs`: how long the first attempt may take.
   */
  async say(
    to: NodeProcess,
    timeoutMs: number,
    { leastBytes = 0, firstPatienceMs = PATIENCE_MS.first } = {},
  ): Promise<Arrival | undefined> {
    const text = `text ${++texts}`.padEnd(leastBytes, '.')
    const untilMs = performance.now() + timeoutMs
    const arrival = to.#message(this.id, text, timeoutMs)
    const isOver = arrival.then(() => 'over' as const)
    let pauseMs = PAUSE_MS.first
    let patienceMs = firstPatienceMs
    while (performance.now() < untilMs) {
      const isSent = this.send(to, text).then(({ kind }) => kind)
      const outcome = await Promise.race([isSent, isOver, after(patienceMs)])
      if (outcome === 'over' || outcome === 'delivered') break
      if (outcome === 'waiting') patienceMs = Math.min(patienceMs * GROWTH, PATIENCE_MS.longest)
      else {
        await after(pauseMs)
        pauseMs = Math.min(pauseMs * GROWTH, PAUSE_MS.longest)
      }
    }
    return arrival
  }

  /** It does nothing any more, and nobody is told: as a computer that hangs. */
  freeze(): void {
    this.#process.signal('SIGSTOP')
  }

  /** It goes on where it was frozen. */
  thaw(): void {
    this.#process.signal('SIGCONT')
  }

  kill(): void {
    this.#process.signal('SIGKILL')
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }

  async #message(from: string, text: string, timeoutMs: number): Promise<Arrival | undefined> {
    const isThis = (event: NodeEvent): event is NodeEvent & { event: 'message' } =>
      event.event === 'message' && event.from === from && event.text === text
    const found = await this.#process.find(isThis, timeoutMs)
    return found && { atMs: found.atMs }
  }

  #ask(commandOf: (call: number) => NodeCommand): Promise<Answer | undefined> {
    const call = ++this.#calls
    this.#process.tell(commandOf(call))
    const isAnswer = (event: NodeEvent): event is Answer => event.event === 'answer' && event.call === call
    return this.#process.find(isAnswer, ANSWER_LIMIT_MS)
  }
}

function isReady(event: NodeEvent): event is NodeEvent & { event: 'ready' } {
  return event.event === 'ready'
}

function isStarted(event: NodeEvent): event is NodeEvent & { event: 'started' } {
  return event.event === 'started'
}

function isJoined(event: NodeEvent): event is NodeEvent & { event: 'joined' } {
  return event.event === 'joined'
}

function after(ms: number): Promise<'waiting'> {
  return new Promise((resolve) => setTimeout(() => resolve('waiting'), ms))
}
