// What waits for one device, in order, until it acknowledges. The disk holds the whole queue; memory holds a window of it.
//
//   stored -> (sealed) -> in flight -> handed over -> acknowledged: gone
//               |             |             |
//               |             failed        no acknowledgement in time, or the device came back
//               |             +-------------+--> due again, the same ciphertext
//               the device could not open it: sealed anew in a new session
//
// "Handed over" is what the overlay says; only the acknowledgement of the device's own application counts, and it is sent
// when the message is on that disk. To a device out of reach only the first entry is tried, now and then; and likewise to
// one that is in reach and says nothing (its disk is full, or it has blocked us): the first entry, ever more rarely, until
// it acknowledges something or comes back.
//
// A text names the one before it as long as that one waits here too: it may be overtaken. What the device has
// acknowledged it has, or has thrown away, and waiting for it would be in vain.

import { type Bytes, toHex } from '../../overlay/base/bytes.ts'
import { type NodeId } from '../../overlay/base/id.ts'
import { type Timer } from '../../overlay/ports/clock.ts'
import { type SendResult } from '../../overlay/api.ts'
import { type VerifiedCertificate } from '../account/certificate.ts'
import { type Place } from '../conversations/rows.ts'
import { type ChatCore } from '../core.ts'
import { KEPT_MS } from '../devices/prekey-keeper.ts'
import { type Transaction } from '../storage/journal.ts'
import { numberKey, numberOf, outboxOf } from '../storage/keys.ts'
import { type Ack, TOKEN_BYTES, encodeFrame, envelopeOf } from './frames.ts'
import { type OutboxRow, decodeOutboxRow, encodeOutboxRow } from './outbox-row.ts'
import { NO_MESSAGE, type Payload, decodePayload, encodePayload } from './payloads.ts'
import { type Sealer } from './sealer.ts'

/** Enough to keep a link busy between two acknowledgements, little enough to be sent again as a whole. */
export const WINDOW = 256
/** The overlay has handed it over; the device stores and acknowledges in milliseconds. Twice as long each silent round. */
const ACK_TIMEOUT_MS = 5_000
const FIRST_RETRY_MS = 2_000
const LAST_RETRY_MS = 10 * 60_000
/**
 * Afterwards a message is sealed anew: the device forgets after 30 days what it has taken in (seen-envelopes.ts) and which
 * prekeys it had. A day less, because clocks differ.
 */
export const SEALED_LIFE_MS = KEPT_MS - 24 * 3600 * 1000
/** When a device was last heard is written so often at most. */
const HEARD_STEP_MS = 3600 * 1000
/** How far back a restart looks for the last text among receipts and greetings. */
const LAST_TEXT_ROWS = 16

interface Entry {
  sequence: number
  row: OutboxRow
  /** Hex; empty until sealed. */
  envelope: string
  state: 'due' | 'in flight' | 'handed over'
  sentAtMs: number
}

export interface Item {
  accountId: string
  place: Place | undefined
  payload: Payload
}

interface LastText {
  sequence: number
  messageId: Bytes
}

export interface QueueHost {
  wantSession(peer: VerifiedCertificate): void
  advance(tx: Transaction, place: Place): Promise<void>
}

export class DeviceQueue {
  readonly peer: VerifiedCertificate
  readonly #core: ChatCore
  readonly #sealer: Sealer
  readonly #host: QueueHost
  readonly #window = new Map<number, Entry>()
  #nextSequence: number
  #lastText: LastText | undefined
  /** Everything on the disk before this is in the window or gone. */
  #cursor = 0
  #isAtTail = false
  #added = 0
  #isUp = false
  /** Reached without a session last time: routed. */
  #isReachable = false
  #failures = 0
  #quietUntilMs = 0
  /** Timeouts in a row in which the device has acknowledged nothing at all. */
  #silentRounds = 0
  #heardMs = -Infinity
  #timer: Timer | undefined
  #pumping: Promise<void> | undefined
  #again = false
  #isStopped = false

  private constructor(
    core: ChatCore,
    sealer: Sealer,
    host: QueueHost,
    peer: VerifiedCertificate,
    end: { nextSequence: number; lastText: LastText | undefined },
  ) {
    this.#core = core
    this.#sealer = sealer
    this.#host = host
    this.peer = peer
    this.#nextSequence = end.nextSequence
    this.#lastText = end.lastText
  }

  static async open(
    core: ChatCore,
    sealer: Sealer,
    host: QueueHost,
    peer: VerifiedCertificate,
  ): Promise<DeviceQueue> {
    const range = { ...rangeOf(outboxOf(peer.nodeId)), limit: LAST_TEXT_ROWS, reverse: true }
    const rows = (await core.journal.store.range(range)).map(({ key, value }) => ({
      sequence: numberOf(decodeKey(key)),
      payload: decodePayload(decodeOutboxRow(value).plaintext).payload,
    }))
    const [lastText] = rows.flatMap(({ sequence, payload }) =>
      payload.kind === 'text' ? [{ sequence, messageId: payload.messageId }] : [],
    )
    return new DeviceQueue(core, sealer, host, peer, { nextSequence: (rows[0]?.sequence ?? 0) + 1, lastText })
  }

  /** Part of a transaction: stored, and sealed where a session stands and nothing older waits unsealed. */
  async enqueue(tx: Transaction, { accountId, place, payload }: Item): Promise<void> {
    const sequence = this.#nextSequence++
    const token = this.#core.ports.random.bytes(TOKEN_BYTES)
    const plaintext = encodePayload(token, await this.#inOrder(tx, sequence, payload))
    const ciphertext = this.#isAtTail ? await this.#sealer.seal(tx, this.peer, plaintext) : undefined
    const { epoch } = this.#sealer.device(tx, this.peer.nodeId)
    const sealedAtMs = ciphertext ? this.#core.wallMs() : 0
    const row: OutboxRow = { accountId, place, epoch, sealedAtMs, token, plaintext, ciphertext }
    tx.put(this.#keyOf(sequence), encodeOutboxRow(row))
    tx.after(() => this.#stored(sequence, row))
  }

  async #inOrder(tx: Transaction, sequence: number, payload: Payload): Promise<Payload> {
    if (payload.kind !== 'text') return payload
    const before = this.#lastText
    this.#lastText = { sequence, messageId: payload.messageId }
    const isWaiting = before !== undefined && (await tx.get(this.#keyOf(before.sequence))) !== undefined
    return { ...payload, after: isWaiting ? before.messageId : NO_MESSAGE }
  }

  up(): void {
    this.#isUp = true
    this.#failures = 0
    this.#quietUntilMs = 0
    this.#silentRounds = 0
    // what was handed over to a program that then ended was perhaps never stored
    for (const entry of this.#window.values()) if (entry.state === 'handed over') entry.state = 'due'
    this.pump()
  }

  /** The device has said something: it is not silent, whatever has become of what we sent. */
  heard(): void {
    this.#heard()
    this.pump()
  }

  down(): void {
    this.#isUp = false
    this.#isReachable = false
  }

  /** The queue has something to do, or may have. */
  pump(): void {
    this.#again = true
    this.#pumping ??= this.#run()
  }

  async acknowledged(acks: readonly Ack[]): Promise<void> {
    const done = acks.flatMap((ack) => {
      const entry = this.#find(toHex(ack.envelope))
      return entry && toHex(entry.row.token) === toHex(ack.token) ? [entry] : []
    })
    if (done.length === 0) return
    await this.#core.journal.run((tx) => this.#take(tx, done), { lazy: true })
    this.#isReachable = true
    this.#failures = 0
    this.#heard()
    this.pump()
  }

  /**
   * The device could not open these. Only what still waits, and was sealed in the present session, is believed; true
   * where a new session has to be begun.
   */
  async refused(envelopes: readonly string[]): Promise<boolean> {
    const present = this.#core.devices.get(this.peer.nodeId)?.epoch ?? 0
    const isOurs = envelopes.some((envelope) => this.#find(envelope)?.row.epoch === present)
    if (!isOurs) return false
    await this.#core.journal.run((tx) => {
      if (this.#sealer.device(tx, this.peer.nodeId).epoch === present) this.#sealer.drop(tx, this.peer.nodeId)
    })
    for (const entry of this.#window.values()) entry.state = 'due'
    this.#heard()
    this.pump()
    return true
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#pumping
  }

  #heard(): void {
    this.#silentRounds = 0
    this.#heardMs = this.#core.ports.clock.nowMs()
  }

  #keyOf(sequence: number): string {
    return outboxOf(this.peer.nodeId) + numberKey(sequence)
  }

  #find(envelope: string): Entry | undefined {
    for (const entry of this.#window.values()) if (entry.envelope === envelope) return entry
    return undefined
  }

  #stored(sequence: number, row: OutboxRow): void {
    this.#added++
    if (this.#isAtTail && this.#window.size < WINDOW) {
      this.#enter(sequence, row)
      this.#cursor = sequence + 1
    } else this.#isAtTail = false
    this.pump()
  }

  #enter(sequence: number, row: OutboxRow): void {
    const envelope = row.ciphertext ? toHex(envelopeOf(this.#core.ports.crypto, row.ciphertext.bytes)) : ''
    this.#window.set(sequence, { sequence, row, envelope, state: 'due', sentAtMs: 0 })
  }

  async #take(tx: Transaction, done: readonly Entry[]): Promise<void> {
    for (const { sequence, row } of done) {
      tx.del(this.#keyOf(sequence))
      if (row.place) await this.#host.advance(tx, row.place)
    }
    this.#noteTime(tx)
    tx.after(() => {
      for (const { sequence } of done) this.#window.delete(sequence)
    })
  }

  #noteTime(tx: Transaction): void {
    const device = this.#sealer.device(tx, this.peer.nodeId)
    const now = this.#core.wallMs()
    if (Math.abs(now - (device.heardAtMs ?? 0)) >= HEARD_STEP_MS)
      tx.setRow(this.#core.devices, this.peer.nodeId, { ...device, heardAtMs: now })
  }

  async #run(): Promise<void> {
    await undefined // so that #pumping is set before it is cleared
    while (this.#again && !this.#isStopped) {
      this.#again = false
      try {
        await this.#fill()
        await this.#sealDue()
        this.#sendDue()
      } catch (error) {
        // a full disk keeps new seals back; the timer tries again
        this.#core.ports.log.log('warn', 'chat', 'a queue is held up', { error: String(error) })
        this.#failed()
      }
    }
    this.#pumping = undefined // in the same breath as the look at #again
    this.#arm()
  }

  async #fill(): Promise<void> {
    if (this.#isAtTail || this.#window.size > WINDOW / 2) return
    const before = this.#added
    const limit = WINDOW - this.#window.size
    const prefix = outboxOf(this.peer.nodeId)
    const entries = await this.#core.journal.store.range({ ...rangeOf(prefix, this.#cursor), limit })
    for (const { key, value } of entries) {
      const sequence = numberOf(decodeKey(key))
      this.#enter(sequence, decodeOutboxRow(value))
      this.#cursor = sequence + 1
    }
    // what was added while we read is behind the cursor: it is found by reading on
    if (entries.length < limit && before === this.#added) this.#isAtTail = true
    else if (entries.length > 0 || before !== this.#added) this.#again = true
  }

  /** Seals what has no ciphertext of the present session. Without a session it asks for one; `pump` goes on from there. */
  async #sealDue(): Promise<void> {
    const present = this.#core.devices.get(this.peer.nodeId)?.epoch ?? 0
    const now = this.#core.wallMs()
    const due = [...this.#window.values()].filter((entry) => !isSealed(entry, present, now))
    if (due.length === 0) return
    const isDone = await this.#core.journal.run(async (tx) => {
      if (!(await this.#sealer.hasSession(tx, this.peer.nodeId))) return false
      for (const entry of due) if (!(await this.#sealOne(tx, entry))) return false
      return true
    })
    if (!isDone) this.#host.wantSession(this.peer)
  }

  async #sealOne(tx: Transaction, entry: Entry): Promise<boolean> {
    // acknowledged, or removed with its contact, by a piece of work before this one: it must not come back
    if (!(await tx.get(this.#keyOf(entry.sequence)))) return true
    const ciphertext = await this.#sealer.seal(tx, this.peer, entry.row.plaintext)
    if (!ciphertext) return false
    const { epoch } = this.#sealer.device(tx, this.peer.nodeId)
    const row: OutboxRow = { ...entry.row, ciphertext, epoch, sealedAtMs: this.#core.wallMs() }
    tx.put(this.#keyOf(entry.sequence), encodeOutboxRow(row))
    tx.after(() => {
      if (this.#window.has(entry.sequence)) this.#enter(entry.sequence, row)
    })
    return true
  }

  #sendDue(): void {
    const now = this.#core.ports.clock.nowMs()
    const wallMs = this.#core.wallMs()
    const present = this.#core.devices.get(this.peer.nodeId)?.epoch ?? 0
    const isOpen = this.#isUp || this.#isReachable
    if (!isOpen && now < this.#quietUntilMs) return
    this.#judgeSilence(now)
    for (const entry of this.#window.values()) {
      if (!isSealed(entry, present, wallMs)) return // order: nothing overtakes what is not sealed yet
      if (entry.state === 'due') this.#send(entry, now)
      if (!isOpen || this.#silentRounds > 0) return
    }
  }

  /** What was handed over and not acknowledged in time: lost on its way, or the device says nothing at all? */
  #judgeSilence(now: number): void {
    let isSilent = false
    for (const entry of this.#window.values()) {
      const isOverdue = entry.state === 'handed over' && now - entry.sentAtMs >= this.#ackTimeoutMs
      if (isOverdue && entry.sentAtMs <= this.#heardMs) entry.state = 'due'
      else if (isOverdue) isSilent = true
      if (this.#silentRounds > 0) break // only the first one's acknowledgement is waited for
    }
    if (!isSilent) return
    this.#silentRounds++
    const [first] = this.#window.values()
    if (first?.state === 'handed over') first.state = 'due'
  }

  get #ackTimeoutMs(): number {
    return Math.min(LAST_RETRY_MS, ACK_TIMEOUT_MS * 2 ** this.#silentRounds)
  }

  #send(entry: Entry, now: number): void {
    const ciphertext = entry.row.ciphertext!
    const certificate = ciphertext.kind === 'first' ? this.#core.own.certificate.bytes : undefined
    entry.state = 'in flight'
    entry.sentAtMs = now
    const frame = encodeFrame({ kind: 'sealed', ciphertext, certificate })
    void this.#core.door.send(this.peer.nodeId as NodeId, frame).then((result) => this.#sent(entry, result))
  }

  #sent(entry: Entry, result: SendResult): void {
    if (entry.state !== 'in flight' || this.#isStopped) return
    entry.sentAtMs = this.#core.ports.clock.nowMs()
    if (result.kind === 'delivered') {
      entry.state = 'handed over'
      if (!this.#isUp && !this.#isReachable) {
        this.#isReachable = true
        this.pump()
      }
    } else {
      entry.state = 'due'
      this.#failed()
    }
    this.#arm()
  }

  #failed(): void {
    const now = this.#core.ports.clock.nowMs()
    if (now < this.#quietUntilMs) return // one more of the same burst
    this.#isReachable = false
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++)
    // spread, so that a thousand contacts are not tried in one moment
    this.#quietUntilMs = now + delayMs * (0.75 + 0.5 * this.#core.ports.random.unit())
    this.#arm()
  }

  /** One timer: for the next try, or for the first acknowledgement that is overdue. */
  #arm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#isStopped || this.#window.size === 0) return
    const now = this.#core.ports.clock.nowMs()
    let atMs = Infinity
    for (const { state, sentAtMs } of this.#window.values()) {
      if (state === 'due') atMs = Math.min(atMs, Math.max(this.#quietUntilMs, now + FIRST_RETRY_MS))
      else if (state === 'handed over') atMs = Math.min(atMs, sentAtMs + this.#ackTimeoutMs)
      if (this.#silentRounds > 0) break
    }
    if (atMs === Infinity) return
    this.#timer = this.#core.ports.clock.after(Math.max(1, atMs - now), () => this.pump())
  }
}

function isSealed({ row }: Entry, epoch: number, wallMs: number): boolean {
  return row.ciphertext !== undefined && row.epoch === epoch && wallMs - row.sealedAtMs < SEALED_LIFE_MS
}

function rangeOf(prefix: string, from = 0): { from: Uint8Array; to: Uint8Array } {
  return { from: encodeKey(prefix + numberKey(from)), to: encodeKey(`${prefix}~`) }
}

function encodeKey(key: string): Uint8Array {
  return Uint8Array.from(key, (letter) => letter.charCodeAt(0))
}

function decodeKey(key: Uint8Array): string {
  return String.fromCharCode(...key)
}
