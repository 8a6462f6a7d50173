// The overlay as the chat's parts reach it: there before the overlay is, and still there when it could not be started.
// Until then everything waits as if the network were away, which is what it is. What was wished for is wished again of the
// next overlay, where the first one could not be started.

import {
  type OverlayApi,
  type OverlayEvents,
  type OverlayStatus,
  type PublishResult,
  type SendResult,
  type DhtRecord,
} from '../../overlay/api.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type Id, type NodeId } from '../../overlay/base/id.ts'
import { type Address } from '../../overlay/ports/datagram-socket.ts'
import { type Log } from '../../overlay/ports/log.ts'
import { type HelpSettings } from '../../overlay/ports/relays.ts'
import { type DialTarget } from '../../overlay/transport/links.ts'

export class OverlayDoor {
  readonly #log: Log
  readonly #events: Partial<OverlayEvents>[] = []
  readonly #inTouch = new Map<NodeId, DialTarget | undefined>()
  readonly #peers: DialTarget[] = []
  readonly #topics = new Set<Id>()
  #help: HelpSettings | undefined
  #replicaBytes: number | undefined
  #overlay: OverlayApi | undefined
  #settled!: () => void
  /** Resolves when there is an overlay, or none is to be had. */
  readonly settled: Promise<void>
  /** Why there is none, in words; empty otherwise. */
  problem = ''

  constructor(log: Log) {
    this.#log = log
    this.settled = new Promise((resolve) => (this.#settled = resolve))
  }

  on(events: Partial<OverlayEvents>): void {
    this.#events.push(events)
    this.#overlay?.on(events)
  }

  attach(overlay: OverlayApi): void {
    this.#overlay = overlay
    this.problem = ''
    for (const events of this.#events) overlay.on(events)
    if (this.#help) overlay.setHelp(this.#help)
    if (this.#replicaBytes !== undefined) overlay.setReplicaQuota(this.#replicaBytes)
    overlay.addPeers(this.#peers.splice(0))
    for (const [id, hint] of this.#inTouch) overlay.keepInTouch(id, hint)
    for (const topic of this.#topics) overlay.subscribe(topic)
    this.#settled()
  }

  fail(problem: string): void {
    this.problem = problem
    this.#settled()
  }

  detach(): OverlayApi | undefined {
    const overlay = this.#overlay
    this.#overlay = undefined
    return overlay
  }

  get addresses(): readonly Address[] {
    return this.#overlay?.self.addresses ?? []
  }

  status(): OverlayStatus | undefined {
    return this.#overlay?.status()
  }

  setHelp(help: HelpSettings): void {
    this.#help = help
    this.#overlay?.setHelp(help)
  }

  setReplicaQuota(bytes: number): void {
    this.#replicaBytes = bytes
    this.#overlay?.setReplicaQuota(bytes)
  }

  addPeers(targets: DialTarget[]): void {
    if (this.#overlay) this.#overlay.addPeers(targets)
    else this.#peers.push(...targets)
  }

  keepInTouch(id: NodeId, hint?: DialTarget): void {
    this.#inTouch.set(id, hint)
    this.#overlay?.keepInTouch(id, hint)
  }

  forget(id: NodeId): void {
    this.#inTouch.delete(id)
    this.#overlay?.forget(id)
  }

  subscribe(topic: Id): void {
    this.#topics.add(topic)
    this.#overlay?.subscribe(topic)
  }

  leave(topic: Id): void {
    this.#topics.delete(topic)
    this.#overlay?.leave(topic)
  }

  async send(to: NodeId, payload: Uint8Array): Promise<SendResult> {
    try {
      return (await this.#overlay?.send(to, payload)) ?? { kind: 'failed', reason: 'closed' }
    } catch (error) {
      this.#log.log('warn', 'chat', 'sending failed', { error: String(error) })
      return { kind: 'failed', reason: 'closed' }
    }
  }

  async publish(topic: Id, payload: Uint8Array): Promise<PublishResult> {
    try {
      return (await this.#overlay?.publish(topic, payload)) ?? { kind: 'failed', reason: 'closed' }
    } catch (error) {
      this.#log.log('warn', 'chat', 'publishing failed', { error: String(error) })
      return { kind: 'failed', reason: 'closed' }
    }
  }

  /** Errors: unreachable, timeout. */
  async put(record: DhtRecord): Promise<number> {
    if (!this.#overlay) throw new BanyanError('unreachable', 'there is no network yet')
    return this.#overlay.put(record)
  }

  /** Errors: unreachable, timeout. */
  async get(key: Id): Promise<DhtRecord | undefined> {
    if (!this.#overlay) throw new BanyanError('unreachable', 'there is no network yet')
    return this.#overlay.get(key)
  }
}
