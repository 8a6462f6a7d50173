// Sixty digits that are the same on both sides, and differ where somebody stands in between. Both account keys, sorted,
// are hashed; as in Signal's safety numbers the first 60 digits come in 12 groups of 5, each from 5 bytes of hash modulo
// 100,000. Two blocks of hash are needed for 60 bytes.

import { compareBytes } from './compare-bytes.ts'
import { type Crypto } from '../../overlay/ports/crypto.ts'
import { concat, utf8 } from '../../overlay/base/bytes.ts'

const LABEL = utf8('banyan safety number')
const GROUPS = 12
const BYTES_PER_GROUP = 5

export function safetyNumber(crypto: Crypto, oneKey: Uint8Array, otherKey: Uint8Array): string {
  const [first, second] = compareBytes(oneKey, otherKey) < 0 ? [oneKey, otherKey] : [otherKey, oneKey]
  const digest = concat(
    crypto.hash(LABEL, Uint8Array.of(0), first, second),
    crypto.hash(LABEL, Uint8Array.of(1), first, second),
  )
  return Array.from({ length: GROUPS }, (_, group) => digits(digest, group * BYTES_PER_GROUP)).join(' ')
}

function digits(digest: Uint8Array, offset: number): string {
  let value = 0
  for (let i = 0; i < BYTES_PER_GROUP; i++) value = value * 256 + digest[offset + i]!
  return String(value % 100_000).padStart(5, '0')
}
