// This device's own prekeys: a signed prekey and a last-resort Kyber prekey, both under one id, new every week. The old
// private halves are kept as long as a message sealed for them may still be on its way.

import { type Bytes, fromHex, toHex, utf8 } from '../../overlay/base/bytes.ts'
import { type Id } from '../../overlay/base/id.ts'
import { type SignedRecord, signRecord, signedKey } from '../../overlay/wire/dht-record.ts'
import { type OwnAccount } from '../account/own-account.ts'
import { type ChatPorts } from '../chat-ports.ts'
import { type Prekeys } from '../ports/ratchet.ts'
import { type Journal, type Transaction } from '../storage/journal.ts'
import { fromJson, toJson } from '../storage/json.ts'
import { PREKEYS, baseKeyOf, numberKey, numberOf } from '../storage/keys.ts'
import { BUNDLE_SALT, encodeBundle } from './bundle.ts'

const DAY_MS = 24 * 3600 * 1000
/** Signal's own clients rotate signed prekeys every two days to a week; a DHT record is dearer to replace than a row. */
export const ROTATION_MS = 7 * DAY_MS
/** The same bound as libsignal's on a session whose first message was never answered. */
export const KEPT_MS = 30 * DAY_MS
/**
 * A contact who has been away longer asks the device itself, or waits for its next start. Below the network's bound of 30
 * days, so that a computer whose clock is ahead by a day is still believed.
 */
export const RECORD_LIFE_MS = 28 * DAY_MS

interface PrekeyRow {
  signedPrekey: string
  kyberPrekey: string
  madeAtMs: number
}

export class PrekeyKeeper {
  readonly #ports: ChatPorts
  readonly #journal: Journal
  readonly #own: OwnAccount
  #record: { record: SignedRecord; id: number; madeAtMs: number } | undefined
  #making: Promise<SignedRecord> | undefined

  constructor(ports: ChatPorts, journal: Journal, own: OwnAccount) {
    this.#ports = ports
    this.#journal = journal
    this.#own = own
  }

  static recordKey(ports: ChatPorts, nodeId: Id): Id {
    return signedKey(ports.crypto, nodeId, BUNDLE_SALT)
  }

  async load(tx: Transaction, id: number): Promise<Prekeys | undefined> {
    const bytes = await tx.get(PREKEYS + numberKey(id))
    if (!bytes) return undefined
    const row = fromJson<PrekeyRow>(bytes)
    return { id, signedPrekey: bytesOf(row.signedPrekey), kyberPrekey: bytesOf(row.kyberPrekey) }
  }

  /** The signed record of the current bundle, made or rotated where due, and never about to expire. */
  current(): Promise<SignedRecord> {
    const now = Math.floor(this.#ports.clock.wallMs())
    const known = this.#record
    const isFresh =
      known && now - known.madeAtMs < ROTATION_MS && known.record.expiresAtMs - now > RECORD_LIFE_MS / 2
    if (isFresh) return Promise.resolve(known.record)
    this.#making ??= this.#make(now).finally(() => (this.#making = undefined))
    return this.#making
  }

  async #make(now: number): Promise<SignedRecord> {
    const ratchet = await this.#own.ratchet()
    const { id, row } = await this.#journal.run((tx) => this.#rotate(tx, now))
    const prekeys = { id, signedPrekey: bytesOf(row.signedPrekey), kyberPrekey: bytesOf(row.kyberPrekey) }
    const bundle = await ratchet.bundleOf(this.#own.secrets.signal, prekeys)
    const record = signRecord(this.#ports.crypto, this.#own.identity.nodeKey, {
      salt: BUNDLE_SALT,
      sequence: now,
      value: encodeBundle(bundle),
      expiresAtMs: now + RECORD_LIFE_MS,
    })
    this.#record = { record, id, madeAtMs: row.madeAtMs }
    return record
  }

  async #rotate(tx: Transaction, now: number): Promise<{ id: number; row: PrekeyRow }> {
    const kept = await tx.range(PREKEYS)
    const rows = kept.map(({ key, value }) => ({ id: numberOf(key), row: fromJson<PrekeyRow>(value) }))
    const newest = rows.at(-1)
    // a clock that was set back must not keep one pair for ever
    if (newest && Math.abs(now - newest.row.madeAtMs) < ROTATION_MS) return newest
    for (const { id, row } of rows)
      if (id !== newest?.id && now - row.madeAtMs > KEPT_MS) await this.#forget(tx, id)
    return this.#create(tx, (newest?.id ?? this.#firstId(now)) + 1, now)
  }

  /** Not 1: after the loss of the database an id must not come again with other keys. */
  #firstId(now: number): number {
    return Math.floor(now / DAY_MS)
  }

  async #create(tx: Transaction, id: number, now: number): Promise<{ id: number; row: PrekeyRow }> {
    const ratchet = await this.#own.ratchet()
    const prekeys = await ratchet.newPrekeys(this.#own.secrets.signal, id, now)
    const { signedPrekey, kyberPrekey } = prekeys
    const row: PrekeyRow = {
      signedPrekey: toHex(signedPrekey),
      kyberPrekey: toHex(kyberPrekey),
      madeAtMs: now,
    }
    tx.put(PREKEYS + numberKey(id), toJson(row))
    return { id, row }
  }

  async #forget(tx: Transaction, id: number): Promise<void> {
    tx.del(PREKEYS + numberKey(id))
    for (const { key } of await tx.range(baseKeyOf(id, ''))) tx.del(key)
  }
}

function bytesOf(hex: string): Bytes {
  return fromHex(hex) ?? utf8('')
}
