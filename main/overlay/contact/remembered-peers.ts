// The peers of earlier runs, the likeliest to be there first, to find the network again without a bootstrap list.
//
// Stored under one key:  n 1 | n x (peer record | uptime in s 4 | last heard, Unix time in ms 8 | calls 2 | answers 2)

import { type Bytes, concat, utf8 } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { LeanSet } from '../base/lean-set.ts'
import { placeOf } from '../base/sorted-place.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Store } from '../ports/store.ts'
import { type Links } from '../transport/links.ts'
import { Reader, Writer } from '../wire/codec.ts'
import { type PeerRecord, readPeerRecord, writePeerRecord } from '../wire/peer-record.ts'
import { type PeerHistory, scorePeer } from './peer-score.ts'

const KEY = utf8('overlay/remembered')
/** Half of a node's peers are gone within hours; of 32 chosen for their endurance some will answer tomorrow. */
export const MAX_REMEMBERED = 32
/** Chosen: 20 kB of first packets at a start; the others are drawn by lot while none of these answers. */
const CALLED_AT_ONCE = 16
/** Soon, for programs that are closed again at once. */
const FIRST_SAVE_MS = 5000
const SAVE_PERIOD_MS = 60_000
/** Who is remembered is written at once; for how long they were there, now and then. */
const REWRITE_MS = 600_000
/** Kept are those likeliest to be there after a night. */
const NIGHT_MS = 8 * 3_600_000
/** Chosen: counts are halved beyond this, so that what was long ago weighs less. */
const MAX_CALLS = 32

interface Remembered extends PeerHistory {
  record: PeerRecord
}

export interface RememberedPeersParts {
  store: Store
  links: Pick<Links, 'all'>
  /** Neighbours and table entries, linked or not. */
  known: () => PeerRecord[]
}

export class RememberedPeers {
  readonly #around: Surroundings
  readonly #parts: RememberedPeersParts
  #peers: Remembered[] = []
  /** Linked when it was last looked, in order. */
  #linked: readonly NodeId[] = []
  #lookedAtMs = 0
  /** Called at this start, and not linked yet. */
  readonly #called = new LeanSet<NodeId>()
  /** In order, so that nothing is written where nothing changed. */
  #saved: readonly NodeId[] = []
  #savedAtMs = -Infinity

  constructor(around: Surroundings, parts: RememberedPeersParts) {
    this.#around = around
    this.#parts = parts
  }

  start(): void {
    this.#lookedAtMs = this.#around.clock.nowMs()
    this.#around.timers.after(FIRST_SAVE_MS, () => void this.save())
    this.#around.timers.every(
      () => SAVE_PERIOD_MS,
      () => void this.save(),
    )
  }

  /** The likeliest are to be called at once. */
  async load(): Promise<{ first: PeerRecord[]; later: PeerRecord[] }> {
    try {
      const bytes = await this.#parts.store.get(KEY)
      if (bytes) this.#peers = decode(bytes, this.#around)
    } catch (error) {
      this.#around.drops.count(`remembered peers: ${codeOf(error)}`)
    }
    this.#peers = likeliestFirst(this.#peers, this.#around.clock.wallMs())
    for (const peer of this.#peers.slice(0, CALLED_AT_ONCE)) {
      countCall(peer)
      this.#called.add(peer.record.id)
    }
    const records = this.#peers.map(({ record }) => record)
    return { first: records.slice(0, CALLED_AT_ONCE), later: records.slice(CALLED_AT_ONCE) }
  }

  /** Nobody known now does not mean that nobody was: the last list stays. */
  async save(isLast = false): Promise<void> {
    this.#look()
    const { clock, drops } = this.#around
    const ids = this.#peers.map(({ record }) => record.id).sort()
    const isSame = ids.length === this.#saved.length && ids.every((id, i) => id === this.#saved[i])
    const isDue = isLast || clock.nowMs() - this.#savedAtMs >= REWRITE_MS
    if (this.#peers.length === 0 || (isSame && !isDue)) return
    try {
      await this.#parts.store.write([{ type: 'put', key: concat(KEY), value: encode(this.#peers) }])
      this.#saved = ids
      this.#savedAtMs = clock.nowMs()
    } catch (error) {
      drops.count(`remembered peers: ${codeOf(error)}`)
    }
  }

  #look(): void {
    const { clock } = this.#around
    const nowMs = clock.nowMs()
    const wallMs = Math.floor(clock.wallMs())
    const passedMs = nowMs - this.#lookedAtMs
    this.#lookedAtMs = nowMs
    const remembered = new Map(this.#peers.map((peer) => [peer.record.id, peer]))
    const newcomers: Remembered[] = []
    const heard = (record: PeerRecord): Remembered => {
      let peer = remembered.get(record.id)
      if (!peer) newcomers.push((peer = newcomer(record)))
      peer.record = record // with the addresses of now
      peer.heardWallMs = wallMs
      return peer
    }
    const linked: NodeId[] = []
    for (const { isOpen, peer: record } of this.#parts.links.all()) {
      if (!isOpen) continue
      const peer = heard(record)
      linked.push(record.id)
      if (isAmong(this.#linked, record.id)) peer.uptimeMs += passedMs
      if (this.#called.delete(record.id)) peer.answers++
    }
    this.#linked = linked.sort()
    for (const record of this.#parts.known()) if (!isAmong(linked, record.id)) heard(record)
    const all = [...remembered.values(), ...newcomers]
    this.#peers = likeliestFirst(all, wallMs + NIGHT_MS).slice(0, MAX_REMEMBERED)
  }
}

function newcomer(record: PeerRecord): Remembered {
  return { record, uptimeMs: 0, heardWallMs: 0, calls: 0, answers: 0 }
}

/** Of ids in order. */
function isAmong(ids: readonly NodeId[], id: NodeId): boolean {
  return ids[placeOf(ids, id)] === id
}

/** To be there at that time. */
function likeliestFirst(peers: readonly Remembered[], atWallMs: number): Remembered[] {
  const scored = peers.map((peer) => ({ peer, score: scorePeer(peer, atWallMs) }))
  return scored.sort((a, b) => b.score - a.score).map(({ peer }) => peer)
}

function countCall(peer: Remembered): void {
  if (++peer.calls <= MAX_CALLS) return
  peer.calls >>= 1
  peer.answers >>= 1
}

function encode(peers: readonly Remembered[]): Bytes {
  const writer = new Writer(8192).u8(peers.length)
  for (const { record, uptimeMs, heardWallMs, calls, answers } of peers) {
    writePeerRecord(writer, record)
    writer
      .u32(Math.floor(uptimeMs / 1000))
      .u64(heardWallMs)
      .u16(calls)
      .u16(answers)
  }
  return writer.finish()
}

/** Our own disk, but disks fail. Errors: malformed, too-large. */
function decode(bytes: Uint8Array, around: Surroundings): Remembered[] {
  const reader = new Reader(bytes)
  const count = reader.u8()
  if (count > MAX_REMEMBERED) throw new BanyanError('too-large', `${count} remembered peers`)
  return Array.from({ length: count }, () => {
    const record = readPeerRecord(reader, around)
    const uptimeMs = 1000 * reader.u32()
    return { record, uptimeMs, heardWallMs: reader.u64(), calls: reader.u16(), answers: reader.u16() }
  })
}
