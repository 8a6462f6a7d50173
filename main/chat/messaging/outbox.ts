// Everything that is on its way to contacts: one queue per device, filled inside transactions.

import { fromHex } from '../../overlay/base/bytes.ts'
import { type Timer } from '../../overlay/ports/clock.ts'
import { type VerifiedCertificate } from '../account/certificate.ts'
import { type ContactRow, type DeviceEntry, type Place } from '../conversations/rows.ts'
import { type Conversations } from '../conversations/conversations.ts'
import { type ChatCore } from '../core.ts'
import { KEPT_MS } from '../devices/prekey-keeper.ts'
import { type Transaction } from '../storage/journal.ts'
import { outboxOf, sessionOf } from '../storage/keys.ts'
import { knownCertificate } from '../devices/known-certificate.ts'
import { DeviceQueue } from './device-queue.ts'
import { type Ack } from './frames.ts'
import { decodeOutboxRow } from './outbox-row.ts'
import { type Payload, decodePayload } from './payloads.ts'
import { type Sealer } from './sealer.ts'

const TIDY_MS = 24 * 3600 * 1000
/** As long as a private prekey is kept: what was sealed for it then cannot be opened any more. */
const SILENT_MS = KEPT_MS

export class Outbox {
  readonly #core: ChatCore
  readonly #sealer: Sealer
  readonly #conversations: Conversations
  readonly #queues = new Map<string, Promise<DeviceQueue>>()
  readonly #ready = new Map<string, DeviceQueue>()
  #tidying: Timer | undefined
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
      await queue.enqueue(tx, { accountId: contact.accountId, place: options.place, payload })
    }
  }

  /** A device that was not known when they were written gets what no device of the contact has acknowledged. */
  async copyTo(tx: Transaction, contact: ContactRow, nodeId: string): Promise<void> {
    const target = contact.devices.find((device) => device.nodeId === nodeId)
    const source = contact.devices.find((device) => device.nodeId !== nodeId)
    if (!target || !source) return
    const queue = await this.#queue(knownCertificate(this.#core.ports.crypto, fromHex(target.certificate)!))
    for (const { value } of await tx.range(outboxOf(source.nodeId))) {
      const { accountId, place, plaintext } = decodeOutboxRow(value)
      if (place) await queue.enqueue(tx, { accountId, place, payload: decodePayload(plaintext).payload })
    }
  }

  /** Once a day, and at every start. */
  start(): void {
    this.#tidying = this.#core.ports.clock.after(TIDY_MS, () => this.start())
    for (const contact of this.#core.contacts.values())
      if (contact.devices.length > 1) this.#core.inBackground('tidying queues', this.#tidy(contact))
  }

  /** A computer that has been off for a month does not keep everybody's disk full, where another one has it all. */
  async #tidy(contact: ContactRow): Promise<void> {
    await this.#core.journal.run(async (tx) => {
      const silent = contact.devices.filter((device) => this.#isSilent(tx, device))
      if (silent.length === contact.devices.length) return
      for (const { nodeId } of silent) await this.#dropAcknowledged(tx, nodeId)
    })
  }

  #isSilent(tx: Transaction, { nodeId, certificate }: DeviceEntry): boolean {
    const { issuedMs } = knownCertificate(this.#core.ports.crypto, fromHex(certificate)!)
    const heardAtMs = Math.max(issuedMs, this.#sealer.device(tx, nodeId).heardAtMs ?? 0)
    return this.#core.wallMs() - heardAtMs > SILENT_MS
  }

  /** What another device has, and what was true a month ago. Who we are it is still to hear. */
  async #dropAcknowledged(tx: Transaction, nodeId: string): Promise<void> {
    let isChanged = false
    for (const { key, value } of await tx.range(outboxOf(nodeId))) {
      const { place, plaintext } = decodeOutboxRow(value)
      const { kind } = decodePayload(plaintext).payload
      if (place ? await this.#conversations.isQueued(tx, place) : kind === 'hello' || kind === 'accept')
        continue
      tx.del(key)
      isChanged = true
    }
    const queue = this.#ready.get(nodeId)
    if (!isChanged || !queue) return
    // its window may hold what is gone: it begins again from the disk
    tx.after(() => this.#core.inBackground('closing a queue', this.close(nodeId)))
    tx.after(() => this.#core.inBackground('opening a queue', this.open(queue.peer)))
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

  heard(nodeId: string): void {
    this.#ready.get(nodeId)?.heard()
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
    this.#tidying?.cancel()
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
