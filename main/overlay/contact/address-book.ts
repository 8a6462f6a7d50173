// Where nodes are: each publishes its own peer record in the DHT, signed with its node key, and whoever knows its id finds it. With
// it go the records of the volunteers that expect calls for it.
//
//   peer record | n 1 | n x peer record

import { type Bytes, utf8 } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type Id, type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Timer } from '../ports/clock.ts'
import { formatAddress } from '../ports/datagram-socket.ts'
import { type DhtRecord } from '../api.ts'
import { type Links } from '../transport/links.ts'
import { Reader, Writer } from '../wire/codec.ts'
import { signedKey, signRecord } from '../wire/dht-record.ts'
import { type PeerRecord, readPeerRecord, verifyPeerRecord, writePeerRecord } from '../wire/peer-record.ts'

/** What the address book needs of the DHT. */
export interface RecordNetwork {
  put(record: DhtRecord): Promise<void>
  /** `onNewer` hears of each answer that is newer than those before it, as it comes. */
  get(key: Id, onNewer?: (record: DhtRecord) => void): Promise<DhtRecord | undefined>
}

/** A peer as it describes itself, and the volunteers that expect calls for it. */
export interface BookEntry extends PeerRecord {
  readonly servers: readonly PeerRecord[]
}

const MAX_SERVERS = 3
const SALT = utf8('address')
/** A week's holiday: the first node back finds its friends' last addresses. */
const LIFE_MS = 7 * 24 * 3600 * 1000
const REFRESH_MS = 12 * 3600 * 1000
/** Looking at our own addresses costs nothing; telling costs a put. */
const LOOK_PERIOD_MS = 15_000
/** Nobody finds this node by its address until then, and looking costs nothing. */
const FORMING_LOOK_MS = 500
/** Where nobody has room for the same words, they are put again after this, doubling: each put goes to eight nodes. */
const FIRST_PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = 600_000

export class AddressBook {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #nodeKey: KeyPair
  readonly #records: RecordNetwork
  readonly #servers: () => readonly PeerRecord[]
  readonly #isJoined: () => boolean
  readonly #isForming: () => boolean
  #published: { words: string; atWallMs: number } | undefined
  /** What nobody had room for, and until when it is not put again. */
  #refused: { words: string; pauseMs: number; untilMs: number } | undefined
  #isPublishing = false
  #later: Timer | undefined
  /** Wall time is the sequence, so that a node that lost its disk still publishes something newer; but it may be wrong. */
  #leastSequence = 0

  constructor(
    around: Surroundings,
    parts: {
      links: Links
      nodeKey: KeyPair
      records: RecordNetwork
      servers: () => readonly PeerRecord[]
      isJoined: () => boolean
      /** Whoever is closest to a key now will not be in a moment. */
      isForming: () => boolean
    },
  ) {
    this.#around = around
    this.#links = parts.links
    this.#nodeKey = parts.nodeKey
    this.#records = parts.records
    this.#servers = parts.servers
    this.#isJoined = parts.isJoined
    this.#isForming = parts.isForming
  }

  start(): void {
    // Jittered, so that nodes started together do not put together for ever.
    this.#around.timers.every(
      () => LOOK_PERIOD_MS * (0.8 + 0.4 * this.#around.random.unit()),
      () => this.publishIfChanged(),
    )
  }

  publishIfChanged(): void {
    if (!this.#isJoined() || this.#isPublishing) return
    if (this.#isForming()) return this.#publishLater()
    const entry = { ...this.#links.self, servers: this.#servers().slice(0, MAX_SERVERS) }
    if (this.#isFresh() && this.#published?.words === wordsOf(entry)) return
    if (this.#isPausing(wordsOf(entry))) return
    this.#isPublishing = true
    void this.#publish(entry).finally(() => (this.#isPublishing = false))
  }

  #publishLater(): void {
    this.#later ??= this.#around.timers.after(FORMING_LOOK_MS, () => {
      this.#later = undefined
      this.publishIfChanged()
    })
  }

  /** By wall time, as records expire by it: a week asleep counts. A clock set back makes what was told doubtful as well. */
  #isFresh(): boolean {
    if (!this.#published) return false
    const ageMs = this.#around.clock.wallMs() - this.#published.atWallMs
    return ageMs >= 0 && ageMs < REFRESH_MS
  }

  /** Each record of a node that is newer than those found before, believed only with its own signature and certificate. */
  async find(id: NodeId, onFound: (entry: BookEntry) => void): Promise<void> {
    const key = signedKey(this.#around.crypto, id, SALT)
    const read = ({ value }: DhtRecord): void => {
      try {
        const entry = this.#decode(value)
        if (entry.id === id) onFound(entry)
      } catch (error) {
        this.#countLookup(error)
      }
    }
    await this.#records.get(key, read).catch((error: unknown) => this.#countLookup(error))
  }

  #countLookup(error: unknown): void {
    this.#around.drops.count(`address lookup: ${codeOf(error)}`)
  }

  async #publish(entry: BookEntry): Promise<void> {
    const wallMs = this.#around.clock.wallMs()
    const sequence = Math.max(wallMs, this.#leastSequence)
    const fields = { salt: SALT, sequence, value: encode(entry), expiresAtMs: wallMs + LIFE_MS }
    try {
      await this.#records.put(signRecord(this.#around.crypto, this.#nodeKey, fields))
      this.#published = { words: wordsOf(entry), atWallMs: wallMs }
      this.#refused = undefined
    } catch (error) {
      this.#around.drops.count(`address publication: ${codeOf(error)}`)
      if (codeOf(error) === 'quota') this.#pause(wordsOf(entry))
      if (codeOf(error) === 'refused') await this.#overtake()
    }
  }

  #isPausing(words: string): boolean {
    return this.#refused?.words === words && this.#refused.untilMs > this.#around.clock.nowMs()
  }

  #pause(words: string): void {
    const isAgain = this.#refused?.words === words
    const pauseMs = isAgain ? Math.min(2 * this.#refused!.pauseMs, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS
    this.#refused = { words, pauseMs, untilMs: this.#around.clock.nowMs() + pauseMs }
  }

  /** Our clock was ahead once, and what we published then looks newer: the next time above that. */
  async #overtake(): Promise<void> {
    const key = signedKey(this.#around.crypto, this.#links.self.id, SALT)
    const found = await this.#records.get(key).catch(() => undefined) // then it is tried again in 15 s all the same
    if (found?.kind === 'signed') this.#leastSequence = found.sequence + 1
  }

  /** Errors: malformed, too-large, bad-signature, bad-puzzle. */
  #decode(value: Uint8Array): BookEntry {
    const reader = new Reader(value)
    const record = readPeerRecord(reader, this.#around)
    const count = reader.u8()
    if (count > MAX_SERVERS) throw new BanyanError('too-large', `${count} volunteers in one entry`)
    const servers = Array.from({ length: count }, () => readPeerRecord(reader, this.#around))
    reader.end()
    for (const each of [record, ...servers]) verifyPeerRecord(each, this.#around.crypto, this.#around.network)
    return { ...record, servers }
  }
}

/** What can change of what is published. */
function wordsOf({ addresses, servers }: BookEntry): string {
  return [...addresses.map(formatAddress), ...servers.map(({ id }) => id)].join()
}

function encode(entry: BookEntry): Bytes {
  const writer = new Writer(640)
  writePeerRecord(writer, entry)
  writer.u8(entry.servers.length)
  for (const server of entry.servers) writePeerRecord(writer, server)
  return writer.finish()
}
