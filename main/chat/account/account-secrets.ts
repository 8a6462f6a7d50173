// Everything of an account that must stay secret, as one value that the Secrets port keeps.
//
//   version 1 | account seed 32 | node seed 32 | noise seed 32 | signal secret 32 | registration id 2 | name | phrase
//
// (text with 16-bit lengths). The phrase is empty once its owner has confirmed having written it down. The name is there
// so that an account survives the loss of its database.

import { type Bytes, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type Crypto, type KeyPair } from '../../overlay/ports/crypto.ts'
import { type IdentitySeeds } from '../../overlay/identity.ts'
import { Reader, Writer } from '../../overlay/wire/codec.ts'
import { type RatchetIdentity } from '../ports/ratchet.ts'

export interface AccountSecrets {
  accountSeed: Bytes
  node: IdentitySeeds
  signal: RatchetIdentity
  name: string
  phrase: string
}

const VERSION = 1
const ACCOUNT_LABEL = utf8('banyan account key')

/** The seed of the account key: the BIP39 seed under a label, so that other keys can come from the same phrase. */
export function accountSeedOf(crypto: Crypto, phraseSeed: Uint8Array): Bytes {
  return crypto.hash(ACCOUNT_LABEL, phraseSeed)
}

export function accountKeyOf(crypto: Crypto, secrets: AccountSecrets): KeyPair {
  return crypto.signingKeyPair(secrets.accountSeed)
}

export function encodeSecrets(secrets: AccountSecrets): Bytes {
  return new Writer()
    .u8(VERSION)
    .bytes(secrets.accountSeed)
    .bytes(secrets.node.node)
    .bytes(secrets.node.noise)
    .bytes(secrets.signal.secretKey)
    .u16(secrets.signal.registrationId)
    .text16(secrets.name)
    .text16(secrets.phrase)
    .finish()
}

/** Errors: keys-damaged. */
export function decodeSecrets(bytes: Uint8Array): AccountSecrets {
  const reader = new Reader(bytes)
  try {
    if (reader.u8() !== VERSION) throw new BanyanError('malformed', 'made by a newer version of this program')
    const accountSeed = reader.bytes(32)
    const node = { node: reader.bytes(32), noise: reader.bytes(32) }
    const signal = { secretKey: reader.bytes(32), registrationId: reader.u16() }
    return { accountSeed, node, signal, name: reader.text16(1024), phrase: reader.text16(1024) }
  } catch (cause) {
    throw new BanyanError('keys-damaged', 'The keys of the account cannot be read.', { cause })
  }
}
