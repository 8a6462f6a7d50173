// An invitation as text: who invites, how their computer may be reached, and a token that opens the door at once.
//
//   "banyan:invite/" base64url( version 1 | network prefix 4 | certificate | token 16 | name length 1 | name
//                               | n 1 | n x address | checksum 4 )
//
// The certificate (account/certificate.ts) holds account, node and noise key and proves that they belong together. The
// checksum is the front of a hash of all before it: it tells a link that was cut or mistyped from one of another network
// or another kind. Not to be trusted: the addresses (hints) and the name (a claim that the person sees as such).

import { type Bytes, concat, equal, fromBase64Url, toBase64Url, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type Network } from '../../overlay/network.ts'
import { type Crypto } from '../../overlay/ports/crypto.ts'
import { type Address, isCircuit } from '../../overlay/ports/datagram-socket.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { readAddress, writeAddress } from '../../overlay/wire/peer-record.ts'
import { CERTIFICATE_BYTES, type VerifiedCertificate, verifyCertificate } from '../account/certificate.ts'
import { MAX_NAME_BYTES, cleanName } from './clean-name.ts'

export interface InvitationLink {
  certificate: VerifiedCertificate
  token: Bytes
  name: string
  addresses: Address[]
}

export const TOKEN_BYTES = 16
/** More make the QR code hard to read. */
export const MAX_LINK_ADDRESSES = 4

const SCHEME = 'banyan:invite/'
const VERSION = 1
const PREFIX_BYTES = 4
const CHECKSUM_BYTES = 4
const CHECKSUM_LABEL = utf8('banyan invitation')

export interface LinkContent {
  certificate: Bytes
  token: Bytes
  name: string
  addresses: readonly Address[]
}

export function encodeInvitation(crypto: Crypto, network: Network, content: LinkContent): string {
  const name = utf8(content.name)
  const writer = new Writer()
    .u8(VERSION)
    .bytes(network.id.subarray(0, PREFIX_BYTES))
    .bytes(content.certificate)
  writer.bytes(content.token).u8(name.length).bytes(name)
  const addresses = content.addresses.slice(0, MAX_LINK_ADDRESSES)
  writer.u8(addresses.length)
  for (const address of addresses) writeAddress(writer, address)
  const body = writer.finish()
  return SCHEME + toBase64Url(concat(body, checksum(crypto, body)))
}

/** Errors, in words for the person who pasted it: malformed, wrong-network, expired, bad-signature. */
export function decodeInvitation(
  crypto: Crypto,
  network: Network,
  text: string,
  wallMs: number,
): InvitationLink {
  const body = bodyOf(crypto, text)
  if (body[0] !== VERSION)
    throw new BanyanError(
      'malformed',
      'This link was made by a newer version of Banyan. Update, then try again.',
    )
  if (!equal(body.subarray(1, 1 + PREFIX_BYTES), network.id.subarray(0, PREFIX_BYTES)))
    throw new BanyanError('wrong-network', 'This invitation belongs to another Banyan network than yours.')
  try {
    return read(crypto, network, body, wallMs)
  } catch (error) {
    throw inWords(error)
  }
}

function read(crypto: Crypto, network: Network, body: Bytes, wallMs: number): InvitationLink {
  const reader = new Reader(body)
  reader.bytes(1 + PREFIX_BYTES)
  const certificate = verifyCertificate(crypto, network, reader.bytes(CERTIFICATE_BYTES), wallMs)
  const token = reader.bytes(TOKEN_BYTES)
  const name = cleanName(new Reader(reader.bytes(reader.u8())).rest(), MAX_NAME_BYTES)
  const count = reader.u8()
  if (count > MAX_LINK_ADDRESSES) throw new BanyanError('too-large', `${count} addresses in a link`)
  const addresses = Array.from({ length: count }, () => readAddress(reader)).filter(
    (address) => !isCircuit(address),
  )
  reader.end()
  return { certificate, token, name, addresses }
}

/** What stands between the scheme and the checksum. Chat programs break lines and add brackets and stops: forgiven. */
function bodyOf(crypto: Crypto, text: string): Bytes {
  const compact = text.replaceAll(/\s+/g, '')
  const start = compact.toLowerCase().indexOf(SCHEME)
  if (start < 0) {
    const words = /^banyan:/i.test(compact)
      ? 'This is a Banyan link, but no invitation.'
      : 'This is no Banyan invitation: a link begins with “banyan:invite/”.'
    throw new BanyanError('malformed', words)
  }
  const code = /^[A-Za-z0-9_-]*/.exec(compact.slice(start + SCHEME.length))![0]
  const bytes = fromBase64Url(code)
  if (!bytes || bytes.length <= CHECKSUM_BYTES + PREFIX_BYTES) throw damaged()
  const body = bytes.subarray(0, bytes.length - CHECKSUM_BYTES)
  if (!equal(checksum(crypto, body), bytes.subarray(body.length))) throw damaged()
  return body
}

function damaged(): BanyanError {
  return new BanyanError(
    'malformed',
    'This link is cut off or was changed on the way. Copy the whole link and try again.',
  )
}

function inWords(error: unknown): unknown {
  if (!(error instanceof BanyanError)) return error
  if (error.code === 'expired')
    return new BanyanError('expired', 'This invitation is no longer valid. Ask for a new one.', {
      cause: error,
    })
  if (error.code === 'malformed' || error.code === 'too-large')
    return new BanyanError('malformed', 'This link is damaged. Ask for it once more.', { cause: error })
  return new BanyanError(error.code, 'This invitation does not prove who made it. Ask for a new one.', {
    cause: error,
  })
}

function checksum(crypto: Crypto, body: Uint8Array): Bytes {
  return crypto.hash(CHECKSUM_LABEL, body).slice(0, CHECKSUM_BYTES)
}
