// How two neighbours find out in which records they differ, without telling each other all they keep (dht/reconciliation.ts).
//
//   fingerprints   50 | n 1 | n x (range | count 4 | fingerprint 16)                    what I keep of what we both should
//   holdings       51 | n 1 | n x (range | m 2 | m x (record key 32 | sequence 8 | expires at 8))      all that I keep in it
//
//   range          digits 1 | their bytes, the last one filled with a 0          all keys whose second half begins with these hex digits
//
// A fingerprint is believed no farther than that it differs from one's own: what is then asked for is checked as any record.

import { fromHex, toHex } from '../base/bytes.ts'
import { type Bytes } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { ID_DIGITS } from '../base/id.ts'
import { type Reader, Writer } from './codec.ts'
import { MAX_OFFERED, readVersion, type ReplicaVersion, writeVersion } from './dht-messages.ts'
import { MESSAGE } from './message-types.ts'

export const FINGERPRINT_BYTES = 16
/** Four ranges split, in 1.5 KB. */
export const MAX_RANGES = 64

export interface RangeFingerprint {
  /** Hex digits that the second halves of the range's keys begin with; none: all keys. */
  prefix: string
  count: number
  fingerprint: Bytes
}

export interface RangeHoldings {
  prefix: string
  held: ReplicaVersion[]
}

export function encodeFingerprints(ranges: readonly RangeFingerprint[]): Bytes {
  const writer = new Writer(2 + 32 * ranges.length).u8(MESSAGE.replicaFingerprints).u8(ranges.length)
  for (const { prefix, count, fingerprint } of ranges)
    writePrefix(writer, prefix).u32(count).bytes(fingerprint)
  return writer.finish()
}

export function decodeFingerprints(reader: Reader): RangeFingerprint[] {
  const ranges = Array.from({ length: readCount(reader) }, () => ({
    prefix: readPrefix(reader),
    count: reader.u32(),
    fingerprint: reader.bytes(FINGERPRINT_BYTES),
  }))
  reader.end()
  return apart(ranges)
}

export function encodeHoldings(ranges: readonly RangeHoldings[]): Bytes {
  const writer = new Writer().u8(MESSAGE.replicaHoldings).u8(ranges.length)
  for (const { prefix, held } of ranges) {
    writePrefix(writer, prefix).u16(held.length)
    for (const each of held) writeVersion(writer, each)
  }
  return writer.finish()
}

export function decodeHoldings(reader: Reader): RangeHoldings[] {
  let left = MAX_OFFERED
  const ranges = Array.from({ length: readCount(reader) }, () => {
    const prefix = readPrefix(reader)
    const count = reader.u16()
    left -= count
    if (left < 0) throw new BanyanError('too-large', `more than ${MAX_OFFERED} keys in one message`)
    return { prefix, held: Array.from({ length: count }, () => readVersion(reader)) }
  })
  reader.end()
  return apart(ranges)
}

/** Of two that overlap, the keys in both would be answered twice. */
function apart<T extends { prefix: string }>(ranges: T[]): T[] {
  const prefixes = ranges.map(({ prefix }) => prefix).sort()
  const isOverlapping = prefixes.some((prefix, i) => i > 0 && prefix.startsWith(prefixes[i - 1]!))
  if (isOverlapping) throw new BanyanError('malformed', 'ranges that overlap')
  return ranges
}

function writePrefix(writer: Writer, prefix: string): Writer {
  return writer.u8(prefix.length).bytes(fromHex(prefix.length % 2 === 0 ? prefix : prefix + '0')!)
}

function readPrefix(reader: Reader): string {
  const digits = reader.u8()
  if (digits > ID_DIGITS / 2) throw new BanyanError('malformed', `a range of ${digits} digits`)
  return toHex(reader.bytes(Math.ceil(digits / 2))).slice(0, digits)
}

function readCount(reader: Reader): number {
  const count = reader.u8()
  if (count > MAX_RANGES) throw new BanyanError('too-large', `${count} ranges in one message`)
  return count
}
