// A set of records, as a tree of ranges that can be compared with somebody else's without listing it. A range is all keys
// whose second half begins with the same hex digits; each splits into 16. Keys are hashes, so the tree is even without being
// balanced; the second half, because the envelopes of one mailbox share the first (wire/mailbox.ts).
//
// The fingerprint of a range is a hash over the sum (mod 2^256) and the number of its records' hashes. A sum does not
// depend on the order, and one modulo 2^256 of hashes, unlike their exclusive or, cannot be brought to a wanted value by solving linear equations
// (Bellare and Micciancio 1997; Wagner 2002 on what remains). Ranges that are equal end the talk; of those that
// differ the parts are compared, until there are so few records that naming them is cheaper (A. Meyer, Range-Based Set
// Reconciliation, 2023).

import { type Bytes, concat } from '../base/bytes.ts'
import { digitAt, type Id, ID_DIGITS, idToBytes } from '../base/id.ts'
import { type Crypto } from '../ports/crypto.ts'
import { Writer } from '../wire/codec.ts'
import { FINGERPRINT_BYTES, type RangeFingerprint } from '../wire/range-messages.ts'

const FANOUT = 16
/** The digits of half a key. */
export const MAX_DEPTH = ID_DIGITS / 2
/** Of the sum, 16 bits each: 2^37 records fit before one of them is inexact. */
const LIMBS = 16
const LIMB = 2 ** 16
const EMPTY_FINGERPRINT = new Uint8Array(FINGERPRINT_BYTES)

export interface Held {
  readonly key: Id
  /** `digestOf` the record's version. */
  readonly digest: Bytes
}

interface Node<T> {
  readonly entries: readonly T[]
  fingerprint?: Bytes
  children?: Node<T>[]
}

/** Of a record in one version, in a set. */
export function digestOf(crypto: Crypto, key: Id, sequence: number, expiresAtMs: number): Bytes {
  return crypto.hash(idToBytes(key), new Writer(16).u64(sequence).u64(expiresAtMs).finish())
}

export class RangeTree<T extends Held> {
  readonly #crypto: Crypto
  readonly #root: Node<T>

  constructor(crypto: Crypto, entries: readonly T[]) {
    this.#crypto = crypto
    this.#root = { entries }
  }

  get size(): number {
    return this.#root.entries.length
  }

  /** Those of the range. */
  within(prefix: string): readonly T[] {
    return this.#nodeAt(prefix).entries
  }

  fingerprint(prefix: string): RangeFingerprint {
    const node = this.#nodeAt(prefix)
    node.fingerprint ??= this.#fingerprintOf(node.entries)
    return { prefix, count: node.entries.length, fingerprint: node.fingerprint }
  }

  /** The 16 parts of a range. */
  parts(prefix: string): RangeFingerprint[] {
    return Array.from({ length: FANOUT }, (_, digit) => this.fingerprint(prefix + digit.toString(16)))
  }

  /** Split no farther than there is something to split. */
  #nodeAt(prefix: string): Node<T> {
    let node = this.#root
    for (let depth = 0; depth < Math.min(prefix.length, MAX_DEPTH) && node.entries.length > 0; depth++) {
      node.children ??= split(node.entries, depth)
      node = node.children[parseInt(prefix[depth]!, 16)]!
    }
    return node
  }

  #fingerprintOf(entries: readonly T[]): Bytes {
    if (entries.length === 0) return EMPTY_FINGERPRINT
    const sum = new Float64Array(LIMBS)
    for (const { digest } of entries)
      for (let i = 0; i < LIMBS; i++) sum[i]! += digest[2 * i]! + 256 * digest[2 * i + 1]!
    const bytes = concat(carried(sum), new Writer(4).u32(entries.length).finish())
    return this.#crypto.hash(bytes).slice(0, FINGERPRINT_BYTES)
  }
}

function split<T extends Held>(entries: readonly T[], depth: number): Node<T>[] {
  const parts = Array.from({ length: FANOUT }, (): T[] => [])
  for (const entry of entries) parts[digitAt(entry.key, MAX_DEPTH + depth)]!.push(entry)
  return parts.map((part) => ({ entries: part }))
}

/** The lowest limb first; what is carried out of the highest is dropped. */
function carried(sum: Float64Array): Bytes {
  const bytes = new Uint8Array(2 * LIMBS)
  let carry = 0
  for (let i = 0; i < LIMBS; i++) {
    const limb = sum[i]! + carry
    carry = Math.floor(limb / LIMB)
    bytes[2 * i] = limb % 256
    bytes[2 * i + 1] = Math.floor(limb / 256) % 256
  }
  return bytes
}
