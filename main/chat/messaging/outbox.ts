// Everything that is on its way to contacts: one queue per device, filled inside transactions.

import { fromHex } from '../../overlay/base/bytes.ts'
import { type VerifiedCertificate } from '../account/certificate.ts'
import { type ContactRow, type Place } from '../conversations/rows.ts'
import { type Conversations } from '../conversations/conversations.ts'
import { type ChatCore } from '../core.ts'
import { type Transaction } from '../storage/journal.ts'
import { outboxOf, sessionOf } from '../storage/keys.ts'
import { knownCertificate } from '../devices/known-certificate.ts'
import { DeviceQueue } from './device-queue.ts'
import { type Ack, TOKEN_BYTES } from './frames.ts'
import { decodeOutboxRow } from './outbox-row.ts'
import { type Payload, encodePayload } from './payloads.ts'
import { type Sealer } from './sealer.ts'

export class Outbox {
  readonly #core: ChatCore
  readonly #sealer: Sealer
  readonly #conversations: Conversations
  readonly #queues = new Map<string, Promise<DeviceQueue>>()
  readonly #ready = new Map<string, DeviceQueue>()
  /** Set by the directory: how a session with a device comes about. */
  wantSession: (peer: VerifiedCertificate) => void = () => undefined
  /** Set by the contacts: a device that has lost its session has perhaps forgotten who we are. */
  greet: (peer: VerifiedCertificate) => Promise<void> = async () => undefined

  constructor(core: ChatCore, sealer: Sealer, conversations: Conversations) {
    this.#core = core
    this.#sealer = sealer
    this.#conversations = conversations
  }

  /** For all devices of a contact, or for one of them. */
  async enqueue(
    tx: Transaction,
    contact: ContactRow,
    payload: Payload,
    options: { place?: Place; only?: string } = {},
  ): Promise<void> {
    for (const { nodeId, certificate } of contact.devices) {
      if (options.only !== undefined && options.only !== nodeId) continue
      const queue = await this.#queue(knownCertificate(this.#core.ports.crypto, fromHex(certificate)!))
      const token = this.#core.ports.random.bytes(TOKEN_BYTES)
      const plaintext = encodePayload(token, payload)
      await queue.enqueue(tx, { accountId: contact.accountId, place: options.place, token, plaintext })
    }
  }

  /** A device that was not known when they were written gets what no device of the contact has acknowledged. */
  async copyTo(tx: Transaction, contact: ContactRow, nodeId: string): Promise<void> {
    const target = contact.devices.find((device) => device.nodeId === nodeId)
    const source = contact.devices.find((device) => device.nodeId !== nodeId)
    if (!target || !source) return
    const queue = await this.#queue(knownCertificate(this.#core.ports.crypto, fromHex(target.certificate)!))
    for (const { value } of await tx.range(outboxOf(source.nodeId))) {
      const { accountId, place, token, plaintext } = decodeOutboxRow(value)
      if (place) await queue.enqueue(tx, { accountId, place, token, plaintext })
    }
  }

  /** The contact is gone, or the device: nothing waits for it any more. */
  async drop(tx: Transaction, nodeId: string): Promise<void> {
    for (const { key } of await tx.range(outboxOf(nodeId))) tx.del(key)
    tx.after(() => this.#core.inBackground('closing a queue', this.close(nodeId)))
  }

  /** What waits stays on the disk. */
  async close(nodeId: string): Promise<void> {
    const queue = this.#ready.get(nodeId)
    this.#ready.delete(nodeId)
    this.#queues.delete(nodeId)
    await queue?.stop()
  }

  forgetSession(tx: Transaction, nodeId: string): void {
    tx.del(sessionOf(nodeId))
    tx.setRow(this.#core.devices, nodeId, undefined)
  }

  /** Whether the device was in reach when its queue was opened is said afterwards, by `up`. */
  async open(peer: VerifiedCertificate): Promise<DeviceQueue> {
    const queue = await this.#queue(peer)
    queue.pump()
    return queue
  }

  up(nodeId: string): void {
    this.#ready.get(nodeId)?.up()
  }

  down(nodeId: string): void {
    this.#ready.get(nodeId)?.down()
  }

  pump(nodeId: string): void {
    this.#ready.get(nodeId)?.pump()
  }

  async acknowledged(nodeId: string, acks: readonly Ack[]): Promise<void> {
    await this.#ready.get(nodeId)?.acknowledged(acks)
  }

  async refused(nodeId: string, envelopes: readonly string[]): Promise<void> {
    const queue = this.#ready.get(nodeId)
    if (await queue?.refused(envelopes)) await this.greet(queue!.peer)
  }

  async stop(): Promise<void> {
    for (const queue of this.#ready.values()) await queue.stop()
  }

  #queue(peer: VerifiedCertificate): Promise<DeviceQueue> {
    const known = this.#queues.get(peer.nodeId)
    if (known) return known
    const host = {
      wantSession: (wanted: VerifiedCertificate) => this.wantSession(wanted),
      advance: (tx: Transaction, place: Place) => this.#conversations.advance(tx, place, 'delivered'),
    }
    const opening = DeviceQueue.open(this.#core, this.#sealer, host, peer).then((queue) => {
      this.#ready.set(peer.nodeId, queue)
      return queue
    })
    this.#queues.set(peer.nodeId, opening)
    return opening
  }
}
