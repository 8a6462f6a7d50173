// The DHT as the chat uses it: where this device publishes its certificate and prekeys, and looks for those of others.
// A device that is in reach is asked for its bundle directly as well: the record is the same, and signed.

import { equal } from '../../overlay/base/bytes.ts'
import { BanyanError, codeOf } from '../../overlay/base/errors.ts'
import { type Id, type NodeId, idFromBytes } from '../../overlay/base/id.ts'
import { type Timer } from '../../overlay/ports/clock.ts'
import { type DhtRecord } from '../../overlay/api.ts'
import { type SignedRecord, signRecord, signedBody, signedKey } from '../../overlay/wire/dht-record.ts'
import { type VerifiedCertificate } from '../account/certificate.ts'
import { type Contacts } from '../contacts/contacts.ts'
import { type ContactRow } from '../conversations/rows.ts'
import { type ChatCore } from '../core.ts'
import { encodeFrame } from '../messaging/frames.ts'
import { type Outbox } from '../messaging/outbox.ts'
import { type Sealer } from '../messaging/sealer.ts'
import { BUNDLE_SALT, decodeBundle } from './bundle.ts'
import { DEVICES_SALT, type DeviceList, decodeDeviceList, encodeDeviceList } from './device-list.ts'
import { PrekeyKeeper, RECORD_LIFE_MS } from './prekey-keeper.ts'

/** Replicas repair each other in between; this is for the day when they all went. */
const REPUBLISH_MS = 12 * 3600 * 1000
const UPKEEP_MS = 3600 * 1000
const FIRST_RETRY_MS = 3_000
const LAST_RETRY_MS = 5 * 60_000
/** One absent contact's device list is looked up at a time: a new computer of theirs is found within minutes. */
const LOOK_MS = 60_000
/** Every so many looks is for a contact who is in reach. */
const ONLINE_LOOK = 5

export class Directory {
  readonly #core: ChatCore
  readonly #prekeys: PrekeyKeeper
  readonly #sealer: Sealer
  readonly #outbox: Outbox
  readonly #contacts: Contacts
  readonly #wanted = new Map<
    string,
    { peer: VerifiedCertificate; attempts: number; timer: Timer | undefined }
  >()
  readonly #timers: { upkeep?: Timer; retry?: Timer; look?: Timer } = {}
  #isJoined = false
  #isStopped = false
  #publishedMs = -Infinity
  #publishing = false
  #failures = 0
  #looks = 0
  readonly #lookedAt = { absent: '', online: '' }

  constructor(core: ChatCore, prekeys: PrekeyKeeper, sealer: Sealer, outbox: Outbox, contacts: Contacts) {
    this.#core = core
    this.#prekeys = prekeys
    this.#sealer = sealer
    this.#outbox = outbox
    this.#contacts = contacts
  }

  start(): void {
    this.#upkeep()
    this.#look()
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of Object.values(this.#timers)) timer?.cancel()
    for (const { timer } of this.#wanted.values()) timer?.cancel()
    this.#wanted.clear()
  }

  joined(isJoined: boolean): void {
    if (this.#isJoined === isJoined) return
    this.#isJoined = isJoined
    if (!isJoined) return
    this.#core.inBackground('publishing', this.#publish())
    for (const nodeId of this.#wanted.keys()) this.#seek(nodeId)
  }

  /** The device came in reach. */
  up(nodeId: string): void {
    if (this.#wanted.has(nodeId)) this.#ask(nodeId)
  }

  wantSession(peer: VerifiedCertificate): void {
    if (this.#wanted.has(peer.nodeId) || this.#isStopped) return
    this.#wanted.set(peer.nodeId, { peer, attempts: 0, timer: undefined })
    this.#seek(peer.nodeId)
  }

  /** Somebody asked: the answer is public anyway. */
  async answer(from: NodeId): Promise<void> {
    await this.#core.door.send(from, encodeFrame({ kind: 'bundle', record: await this.#prekeys.current() }))
  }

  /** A bundle, from the DHT or the device itself. Errors: bad-signature, expired, refused, untrusted-identity, malformed. */
  async offer(nodeId: string, record: DhtRecord): Promise<void> {
    const wanted = this.#wanted.get(nodeId)
    if (!wanted) return
    const signed = this.#verify(record, wanted.peer.nodeKey, BUNDLE_SALT)
    const bundle = decodeBundle(signed.value)
    await this.#core.journal.run((tx) => this.#sealer.begin(tx, wanted.peer, bundle, signed.sequence))
    this.#found(nodeId)
  }

  /** A session stands, however it came about. */
  #found(nodeId: string): void {
    this.#wanted.get(nodeId)?.timer?.cancel()
    this.#wanted.delete(nodeId)
    this.#outbox.pump(nodeId)
  }

  /** A computer of one's own account that was lost or sold: from now on it is nobody's. Errors: store-full. */
  async revoke(nodeId: NodeId): Promise<void> {
    await this.#core.own.revoke(nodeId)
    this.#publishedMs = -Infinity
    await this.#publish()
  }

  /** Looks for the devices of a contact now. */
  async look(contact: ContactRow): Promise<void> {
    const accountKey = this.#contacts.keyOf(contact)
    const record = await this.#core.door.get(this.#listKey(accountKey))
    if (!record) return
    const signed = this.#verify(record, accountKey, DEVICES_SALT)
    const { crypto, network } = this.#core.ports
    const list = decodeDeviceList(crypto, network, accountKey, signed.value, this.#core.wallMs())
    await this.#core.journal.run((tx) =>
      this.#contacts.setDevices(tx, contact.accountId, list, signed.sequence),
    )
  }

  #seek(nodeId: string): void {
    const wanted = this.#wanted.get(nodeId)
    if (!wanted || this.#isStopped) return
    wanted.timer?.cancel()
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** wanted.attempts++)
    wanted.timer = this.#core.ports.clock.after(delayMs, () => this.#seek(nodeId))
    this.#ask(nodeId)
    this.#core.inBackground('looking for prekeys', this.#fetch(nodeId as NodeId))
  }

  #ask(nodeId: string): void {
    void this.#core.door.send(nodeId as NodeId, encodeFrame({ kind: 'ask' }))
  }

  async #fetch(nodeId: NodeId): Promise<void> {
    if (!this.#isJoined) return
    try {
      const record = await this.#core.door.get(PrekeyKeeper.recordKey(this.#core.ports, nodeId))
      if (record) await this.offer(nodeId, record)
    } catch (error) {
      if (codeOf(error) === 'unreachable' || codeOf(error) === 'timeout') return // the timer tries again
      throw error
    }
  }

  #verify(record: DhtRecord, publicKey: Uint8Array, salt: Uint8Array): SignedRecord {
    if (record.kind !== 'signed' || !equal(record.publicKey, publicKey) || !equal(record.salt, salt))
      throw new BanyanError('bad-signature', 'another record than the one asked for')
    if (!this.#core.ports.crypto.verify(signedBody(record), record.signature, record.publicKey))
      throw new BanyanError('bad-signature', 'the record is not signed by its key')
    if (record.expiresAtMs <= this.#core.wallMs()) throw new BanyanError('expired', 'the record has expired')
    return record
  }

  #upkeep(): void {
    this.#timers.upkeep = this.#core.ports.clock.after(UPKEEP_MS, () => this.#upkeep())
    this.#core.inBackground('publishing', this.#publish())
  }

  async #publish(): Promise<void> {
    if (!this.#isJoined || this.#publishing || this.#isStopped) return
    this.#publishing = true
    try {
      const isRenewed = await this.#core.own.renewCertificate()
      if (!isRenewed && this.#core.ports.clock.nowMs() - this.#publishedMs < REPUBLISH_MS) return
      const counts = await Promise.all([
        this.#core.door.put(await this.#prekeys.current()),
        this.#ownList().then((list) => this.#core.door.put(list)),
      ])
      if (counts.some((count) => count === 0))
        throw new BanyanError('unreachable', 'nobody keeps our records yet')
      this.#publishedMs = this.#core.ports.clock.nowMs()
      this.#failures = 0
    } catch (error) {
      this.#retryPublishing(error)
    } finally {
      this.#publishing = false
    }
  }

  #retryPublishing(error: unknown): void {
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++)
    this.#core.ports.log.log('debug', 'chat', 'records are not published yet', { code: codeOf(error) })
    if (this.#isStopped) return
    this.#timers.retry?.cancel()
    this.#timers.retry = this.#core.ports.clock.after(delayMs, () => {
      this.#core.inBackground('publishing', this.#publish())
    })
  }

  /** This device in front, then the others of the account that the network knows. */
  async #ownList(): Promise<SignedRecord> {
    const { own, ports } = this.#core
    const now = this.#core.wallMs()
    const found = await this.#core.door.get(this.#listKey(own.key.publicKey))
    const known = found ? this.#devicesIn(found) : { certificates: [], revoked: [], sequence: 0 }
    const revoked = [...new Set([...own.revoked, ...known.revoked])]
    const others = known.certificates.filter(
      ({ nodeId }) => nodeId !== own.nodeId && !revoked.includes(nodeId),
    )
    // revoked from another computer of the account: this one goes on until its owner wipes it, and lists itself no more
    const self = revoked.includes(own.nodeId) ? [] : [own.certificate]
    return signRecord(ports.crypto, own.key, {
      salt: DEVICES_SALT,
      // above the one found, also where the other computer's clock is ahead
      sequence: Math.max(now, known.sequence + 1),
      value: encodeDeviceList(
        [...self, ...others].map(({ bytes }) => bytes),
        revoked,
      ),
      expiresAtMs: now + RECORD_LIFE_MS,
    })
  }

  #devicesIn(record: DhtRecord): DeviceList & { sequence: number } {
    const { own, ports } = this.#core
    const signed = this.#verify(record, own.key.publicKey, DEVICES_SALT)
    const list = decodeDeviceList(
      ports.crypto,
      ports.network,
      own.key.publicKey,
      signed.value,
      this.#core.wallMs(),
    )
    return { ...list, sequence: signed.sequence }
  }

  #listKey(accountKey: Uint8Array): Id {
    const { crypto } = this.#core.ports
    return signedKey(crypto, idFromBytes(crypto.hash(accountKey)), DEVICES_SALT)
  }

  /** One contact after the other: absent ones because they may be elsewhere, others for what they have revoked. */
  #look(): void {
    this.#timers.look = this.#core.ports.clock.after(LOOK_MS, () => this.#look())
    if (!this.#isJoined) return
    const isOnline = ++this.#looks % ONLINE_LOOK === 0
    const rows = this.#contacts.reached(isOnline).sort((a, b) => (a.accountId < b.accountId ? -1 : 1))
    const lookedAt = this.#lookedAt[isOnline ? 'online' : 'absent']
    const next = rows.find(({ accountId }) => accountId > lookedAt) ?? rows[0]
    if (!next) return
    this.#lookedAt[isOnline ? 'online' : 'absent'] = next.accountId
    this.look(next).catch((error: unknown) => this.#core.drops.count(`device list: ${codeOf(error)}`))
  }
}
