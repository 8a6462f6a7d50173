// Mailboxes as a holder keeps them: which envelope has a place, and what goes when the owner says so. An envelope is a replica
// like any other (it moves, is compared and expires with the rest), but only where its mailbox is known does it get in.
//
//   contact    the write key stands in the rules: `perWriter` places
//   stranger   through the door: enough work, `doorPlaces` for all together; in a full row more work drives out less
//   deleted    named in the rules: gone, and never let in again

import { type DhtRecord } from '../api.ts'
import { BoundedMap } from '../base/bounded-map.ts'
import { equal } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, idFromBytes, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Outcome } from '../wire/dht-messages.ts'
import { type Envelope, envelopeKey, envelopeName, homeOf, workOf, writerName } from '../wire/envelope.ts'
import { decodeRules, MAILBOX_SALT, type MailboxRules } from '../wire/mailbox.ts'
import { type MailboxPage, type MailboxRead, PAGE_BYTES } from '../wire/mailbox-messages.ts'

/** Rules that are read again where they were not needed for long. */
const MAX_KNOWN_RULES = 64
/** Of the space: a full mailbox of one writer in 256 MiB is a 2,000th, and nobody has more than some dozens who write at length. */
export const MAILBOX_SHARE = 1 / 64
/** Clocks of neglected computers, as for records (record-rules.ts). */
const CLOCK_SKEW_MS = 10 * 60 * 1000

export interface KeptEnvelope {
  key: Id
  /** Hash of the write key. */
  writer: NodeId
  bytes: number
  /** Of one at the door, from when it came; one that was kept before a restart has none, and goes first. */
  work?: number
}

export interface MailboxParts {
  /** Envelopes kept of one mailbox. */
  kept(home: string): readonly KeptEnvelope[]
  read(key: Id): Promise<DhtRecord | undefined>
  forget(key: Id): Promise<void>
  quotaBytes(): number
}

/** Keeps an envelope that has a place here, if there is room for it. */
export type Keep = () => Promise<Outcome>

interface Known {
  rules: MailboxRules
  writers: ReadonlySet<string>
  deleted: ReadonlySet<string>
}

export class Mailboxes {
  readonly #around: Surroundings
  readonly #parts: MailboxParts
  readonly #known = new BoundedMap<Id, Known>(MAX_KNOWN_RULES)

  constructor(around: Surroundings, parts: MailboxParts) {
    this.#around = around
    this.#parts = parts
  }

  /** Keeps it where it has a place; a weaker one at the door may lose its own. */
  async admit(envelope: Envelope, keep: Keep): Promise<Outcome> {
    const { crypto } = this.#around
    const key = envelopeKey(crypto, envelope)
    const known = await this.#rulesOf(envelope.mailbox)
    if (!known) return 'no-mailbox'
    if (known.deleted.has(envelopeName(key))) return 'deleted'
    const kept = this.#parts.kept(homeOf(key))
    if (kept.some((each) => each.key === key)) return keep()
    const bytes = kept.reduce((sum, each) => sum + each.bytes, envelope.value.length)
    if (bytes > MAILBOX_SHARE * this.#parts.quotaBytes()) return 'quota'
    const name = writerName(crypto, envelope.writer)
    if (!known.writers.has(name)) return this.#atDoor(key, envelope, known, keep)
    const own = kept.filter(({ writer }) => writer.startsWith(name))
    return own.length < known.rules.perWriter ? keep() : 'quota'
  }

  /** A record that is kept from now on: where it is a mailbox's rules, what they delete is forgotten. */
  async changed(key: Id, record: DhtRecord): Promise<void> {
    if (record.kind !== 'signed' || !equal(record.salt, MAILBOX_SALT)) return
    this.#known.delete(key)
    const known = await this.#rulesOf(key)
    for (const each of [...this.#parts.kept(homeOf(key))])
      if (known?.deleted.has(envelopeName(each.key))) await this.#parts.forget(each.key)
  }

  async page({ mailbox, wallMs, after }: MailboxRead): Promise<MailboxPage> {
    if (Math.abs(wallMs - this.#around.clock.wallMs()) > CLOCK_SKEW_MS)
      throw new BanyanError('expired', 'a question from another time')
    const keys = this.#parts
      .kept(homeOf(mailbox))
      .map(({ key }) => key)
      .filter((key) => envelopeName(key) > after)
      .sort()
    const envelopes: Envelope[] = []
    let bytes = 0
    for (const key of keys) {
      const record = await this.#parts.read(key)
      if (record?.kind !== 'envelope') continue
      bytes += record.value.length + 256
      if (bytes > PAGE_BYTES || envelopes.length === 255) return { hasMore: true, envelopes }
      envelopes.push(record)
    }
    return { hasMore: false, envelopes }
  }

  /** Whoever has to give way does so once the other is kept: a full disk is no reason to lose both. */
  async #atDoor(key: Id, envelope: Envelope, { rules, writers }: Known, keep: Keep): Promise<Outcome> {
    const work = workOf(this.#around.crypto, envelope)
    if (work < rules.doorBits || rules.doorPlaces === 0) return 'quota'
    const home = homeOf(key)
    const strangers = this.#parts.kept(home).filter(({ writer }) => !writers.has(homeOf(writer)))
    const isFull = strangers.length >= rules.doorPlaces
    const least = isFull ? strangers.reduce((a, b) => (workAt(b) < workAt(a) ? b : a)) : undefined
    if (least && workAt(least) >= work) return 'quota'
    const outcome = await keep()
    if (outcome !== 'kept') return outcome
    const own = this.#parts.kept(home).find((each) => each.key === key)
    if (own) own.work = work
    if (least) await this.#giveWay(least.key)
    return 'kept'
  }

  async #giveWay(key: Id): Promise<void> {
    try {
      await this.#parts.forget(key)
    } catch (error) {
      this.#around.drops.count(`mailbox: ${codeOf(error)}`) // one too many is there until it expires
    }
  }

  async #rulesOf(mailbox: Id): Promise<Known | undefined> {
    const known = this.#known.get(mailbox)
    if (known) return known
    const record = await this.#parts.read(mailbox)
    if (record?.kind !== 'signed' || !equal(record.salt, MAILBOX_SALT)) return undefined
    try {
      const rules = decodeRules(record.value)
      const read = { rules, writers: new Set(rules.writers), deleted: new Set(rules.deleted) }
      this.#known.set(mailbox, read)
      return read
    } catch (error) {
      this.#around.drops.count(`mailbox: ${codeOf(error)}`) // its owner's mistake: nobody can write
      return undefined
    }
  }
}

function workAt({ work }: KeptEnvelope): number {
  return work ?? 0
}

/** Origin of an envelope in the account of the space. */
export function writerOf(around: Pick<Surroundings, 'crypto'>, { writer }: Envelope): NodeId {
  return idFromBytes(around.crypto.hash(writer))
}
