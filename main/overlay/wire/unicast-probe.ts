// UNICAST_JOIN: what a node routes to its own id, so that those on the way know which link leads back to it. It travels as
// the payload of a routed message, whose hop count it protects.
//
//   probe   peer record of the origin | sequence 4 | copy 1 | most hops 1 | life 2 | anchor 16 | signature 64
//           | chain value 16 | nearest above 8 | nearest below 8
//   answer  n 1 | n x peer record: neighbours of the origin that it does not seem to know
//
// The signature covers LABEL, the network id, sequence, copy, most hops, life and anchor. The chain (as in SAODV): the anchor is a
// secret hashed `most hops` times, the value at hop h is the secret hashed h times. Whoever holds it can count up but
// not down. The two nearest ids (their first 8 bytes; zeros for none) are hints that only shape the answer.

import { type Bytes, concat, equal, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Crypto, type KeyPair, SIGNATURE_BYTES } from '../ports/crypto.ts'
import { Reader, Writer } from './codec.ts'
import { type PeerRecord, readPeerRecord, type RecordSource, writePeerRecord } from './peer-record.ts'
import { HINT_DIGITS, hintOf, readHint, writeHint } from './id-hints.ts'

export interface UnicastProbe {
  origin: PeerRecord
  /** max(last + 1, Unix seconds): a reinstalled node goes on where its clock says. */
  sequence: number
  /** Which of the copies of one round. */
  copy: number
  mostHops: number
  /** How long what it lays is of use, in seconds: until the origin's next rounds have replaced it everywhere. */
  lifeSeconds: number
  anchor: Bytes
  signature: Bytes
  /** Hashed as often as the message has crossed links. */
  chain: Bytes
  nearestAbove: string
  nearestBelow: string
}

export const CHAIN_BYTES = 16
const NO_HINT = '0'.repeat(HINT_DIGITS)
const LABEL = utf8('banyan unicast join')

/** What the origin decides anew for each copy. */
export interface ProbeTerms {
  sequence: number
  copy: number
  mostHops: number
  lifeSeconds: number
  nearest: { above: NodeId | undefined; below: NodeId | undefined }
}

export function newProbe(
  crypto: Crypto,
  networkId: Uint8Array,
  origin: { record: PeerRecord; nodeKey: KeyPair; secret: Bytes },
  terms: ProbeTerms,
): UnicastProbe {
  const { sequence, copy, mostHops, lifeSeconds, nearest } = terms
  const chain = hashed(crypto, origin.secret, 1)
  const anchor = hashed(crypto, chain, mostHops - 1)
  const body = signedBody(networkId, { sequence, copy, mostHops, lifeSeconds, anchor })
  return {
    origin: origin.record,
    sequence,
    copy,
    mostHops,
    lifeSeconds,
    anchor,
    signature: crypto.sign(body, origin.nodeKey.secretKey),
    chain,
    nearestAbove: nearest.above ? hintOf(nearest.above) : NO_HINT,
    nearestBelow: nearest.below ? hintOf(nearest.below) : NO_HINT,
  }
}

export function encodeProbe(probe: UnicastProbe): Bytes {
  const writer = new Writer(320)
  writePeerRecord(writer, probe.origin)
  writeSigned(writer, probe)
  writer.bytes(probe.anchor).bytes(probe.signature).bytes(probe.chain)
  writeHint(writer, probe.nearestAbove)
  writeHint(writer, probe.nearestBelow)
  return writer.finish()
}

/** The form only. Errors: malformed, too-large. */
export function decodeProbe(bytes: Uint8Array, source: RecordSource): UnicastProbe {
  const reader = new Reader(bytes)
  const probe = {
    origin: readPeerRecord(reader, source),
    sequence: reader.u32(),
    copy: reader.u8(),
    mostHops: reader.u8(),
    lifeSeconds: reader.u16(),
    anchor: reader.bytes(CHAIN_BYTES),
    signature: reader.bytes(SIGNATURE_BYTES),
    chain: reader.bytes(CHAIN_BYTES),
    nearestAbove: readHint(reader),
    nearestBelow: readHint(reader),
  }
  reader.end()
  return probe
}

/** Throws bad-signature where the origin did not sign it, or where it has come farther than it says. */
export function verifyProbe(probe: UnicastProbe, hops: number, crypto: Crypto, networkId: Uint8Array): void {
  const { chain, anchor, mostHops, signature, origin } = probe
  if (hops < 1 || hops > mostHops) throw new BanyanError('malformed', 'a probe past its hop limit')
  if (!equal(hashed(crypto, chain, mostHops - hops), anchor))
    throw new BanyanError('bad-signature', 'a probe whose hop count does not fit its chain')
  if (!crypto.verify(signedBody(networkId, probe), signature, origin.nodeKey))
    throw new BanyanError('bad-signature', 'a probe that its origin did not sign')
}

/** As the next node is to get it. */
export function oneHopFarther(probe: UnicastProbe, crypto: Crypto): UnicastProbe {
  return { ...probe, chain: hashed(crypto, probe.chain, 1) }
}

/** Whether the origin, by its hints, has no idea of a node that lies nearer to it than those it named. */
export function isNewsTo({ origin, nearestAbove, nearestBelow }: UnicastProbe, id: NodeId): boolean {
  if (id === origin.id) return false
  if (nearestAbove === NO_HINT || nearestBelow === NO_HINT) return true
  const hint = hintOf(id)
  const own = hintOf(origin.id)
  return isBetween(own, hint, nearestAbove) || isBetween(nearestBelow, hint, own)
}

type SignedTerms = Pick<UnicastProbe, 'sequence' | 'copy' | 'mostHops' | 'lifeSeconds'>

function signedBody(networkId: Uint8Array, probe: SignedTerms & { anchor: Bytes }): Bytes {
  const writer = new Writer(8)
  writeSigned(writer, probe)
  return concat(LABEL, networkId, writer.finish(), probe.anchor)
}

function writeSigned(writer: Writer, { sequence, copy, mostHops, lifeSeconds }: SignedTerms): void {
  writer.u32(sequence).u8(copy).u8(mostHops).u16(lifeSeconds)
}

/** The links of a chain but the last are nobody's: they are made in one place, one after another. */
const LINK = new Uint8Array(CHAIN_BYTES)

function hashed(crypto: Crypto, value: Bytes, times: number): Bytes {
  if (times === 0) return value
  let digest = crypto.hash(value)
  for (let i = 1; i < times; i++) {
    for (let at = 0; at < CHAIN_BYTES; at++) LINK[at] = digest[at]!
    digest = crypto.hash(LINK)
  }
  return digest.slice(0, CHAIN_BYTES)
}

/** Going up the ring from one end, the place comes before the other end. */
function isBetween(from: string, place: string, to: string): boolean {
  return from < to ? from < place && place < to : from < place || place < to
}
