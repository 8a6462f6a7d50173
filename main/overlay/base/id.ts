// Ids are points on a ring of 2^256. In memory an id is its 64 lower-case hex digits: a digit is a Pastry digit (b = 4),
// string order is ring order, and it serves as a map key as it stands. On the wire it is 32 bytes.

import { type Bytes, fromHex, isHexAt, toHex } from './bytes.ts'

export type Id = string & { readonly brand: 'Id' }
/** The id of a node: BLAKE2b-256 of its Ed25519 public key. */
export type NodeId = Id
/** Some nodes, of whom it can be said whether one is among them. */
export type NodeNames = Pick<ReadonlySet<NodeId>, 'has'>

export const ID_BYTES = 32
export const ID_DIGITS = 64
/** How many ids there are. */
export const RING = 1n << 256n

export function idFromBytes(bytes: Uint8Array): Id {
  if (bytes.length !== ID_BYTES) throw new RangeError(`an id has ${ID_BYTES} bytes, not ${bytes.length}`)
  return idAt(bytes, 0)
}

// The ids in messages are those of the same nodes and keys over and over. The text made last is remembered for each value of
// an id's first bits: reading an id again takes a comparison, and whoever keeps it keeps the same string as the others.

const USUALLY_REMEMBERED = 4096
let remembered: (Id | undefined)[] = new Array<Id | undefined>(USUALLY_REMEMBERED).fill(undefined)

/** How many ids at most, a power of two: for a process in which there are many nodes. */
export function rememberIds(count: number): void {
  if (count > remembered.length) remembered = new Array<Id | undefined>(count).fill(undefined)
}

/** The id that stands there. The bytes must reach that far. */
export function idAt(bytes: Uint8Array, at: number): Id {
  const first = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  const place = (first >>> 0) % remembered.length
  const known = remembered[place]
  if (known !== undefined && isHexAt(known, bytes, at)) return known
  return (remembered[place] = toHex(bytes.subarray(at, at + ID_BYTES)) as Id)
}

export function idToBytes(id: Id): Bytes {
  return fromHex(id)!
}

/** The Pastry digit (0 to 15) at a position from the front. */
export function digitAt(id: Id, position: number): number {
  const code = id.charCodeAt(position)
  return code < 58 ? code - 48 : code - 87
}

export function sharedPrefixLength(a: Id, b: Id): number {
  let length = 0
  while (length < ID_DIGITS && a.charCodeAt(length) === b.charCodeAt(length)) length++
  return length
}

function value(id: Id): bigint {
  return BigInt('0x' + id)
}

/** Steps from a to b going up the ring. */
export function clockwise(a: Id, b: Id): bigint {
  return (value(b) - value(a) + RING) % RING
}

/** The shorter way round. */
export function ringDistance(a: Id, b: Id): bigint {
  const up = clockwise(a, b)
  return up < RING - up ? up : RING - up
}

/**
 * Order by ring distance to a key, ties by id, so that every node agrees on the closest.
 * Negative when a is closer than b.
 */
export function compareDistance(key: Id, a: Id, b: Id): number {
  if (a === b) return 0
  const front = key === lastKey ? lastFront : (lastFront = frontOf((lastKey = key)))
  const roughly = roughDistance(front, frontOf(a)) - roughDistance(front, frontOf(b))
  if (roughly > ROUGHNESS || roughly < -ROUGHNESS) return roughly
  const difference = ringDistance(key, a) - ringDistance(key, b)
  if (difference !== 0n) return difference < 0n ? -1 : 1
  return a < b ? -1 : 1
}

// Routing compares distances for every link at every hop, so it looks at the first 32 bits of the ids first. Cutting the rest
// off moves a distance by less than one step, and the difference of two by less than two.

const FRONT_DIGITS = 8
const FRONT_RING = 2 ** 32
const ROUGHNESS = 2
/** One key is compared with many ids in a row. */
let lastKey: Id | undefined
let lastFront = 0

function frontOf(id: Id): number {
  let front = 0
  for (let i = 0; i < FRONT_DIGITS; i++) front = (front << 4) | digitAt(id, i)
  return front >>> 0
}

/** The ring distance of two ids by their first 32 bits, from 0 to 2^31. */
export function roughlyApart(a: Id, b: Id): number {
  return roughDistance(frontOf(a), frontOf(b))
}

function roughDistance(a: number, b: number): number {
  const apart = Math.abs(a - b)
  return Math.min(apart, FRONT_RING - apart)
}
