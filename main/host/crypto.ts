// The Crypto port over libsodium (sodium-native) and the noise-handshake library.

import Noise from 'noise-handshake'
import sodium from 'sodium-native'
import { type Bytes } from '../overlay/base/bytes.ts'
import { BanyanError } from '../overlay/base/errors.ts'
import {
  AUTHENTICATOR_BYTES,
  type Crypto,
  HASH_BYTES,
  type KeyPair,
  type NoiseHandshake,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
  type SessionKeys,
  TAG_BYTES,
} from '../overlay/ports/crypto.ts'

/** Of ChaCha20-Poly1305 (RFC 8439 §2.8). */
const KEY_BYTES = 32
const nonce = Buffer.alloc(12)

/** 4 zero bytes, then the packet number in 8 little-endian bytes (RFC 8439 §2.8 leaves the split to the protocol). */
function nonceOf(packetNumber: number): Buffer {
  nonce.writeUInt32LE(packetNumber % 2 ** 32, 4)
  nonce.writeUInt32LE(Math.floor(packetNumber / 2 ** 32), 8)
  return nonce
}

// Small arrays live in the engine's heap, and native code that is handed one has it moved out first, which takes longer than
// the hash: 6 µs instead of 2 for a root key. So what is hashed is put together out there, and the digest copied from there.
const digest: Bytes = new Uint8Array(new ArrayBuffer(HASH_BYTES))
const hashed: Bytes = new Uint8Array(new ArrayBuffer(2048))

/** Valid until the next call; undefined where it is too much. */
function joined(parts: readonly Uint8Array[]): Bytes | undefined {
  let length = 0
  for (const part of parts) {
    if (length + part.length > hashed.length) return undefined
    hashed.set(part, length)
    length += part.length
  }
  return hashed.subarray(0, length)
}

function copy(bytes: Uint8Array): Bytes {
  return Uint8Array.from(bytes)
}

/** Chosen: a session has its keys for as long as it lives, and a piece of memory for each would cost 300 bytes besides. */
const SESSIONS_PER_PIECE = 32
let piece = new Uint8Array(0)
let used = 0

function keysOf(send: Uint8Array, receive: Uint8Array): SessionKeys {
  if (used === piece.length) {
    piece = new Uint8Array(SESSIONS_PER_PIECE * 2 * KEY_BYTES)
    used = 0
  }
  return { send: keptKey(send), receive: keptKey(receive) }
}

function keptKey(key: Uint8Array): Bytes {
  const kept = piece.subarray(used, used + KEY_BYTES)
  kept.set(key)
  used += KEY_BYTES
  return kept
}

function handshake(noise: Noise): NoiseHandshake {
  return {
    write: (payload) => copy(noise.send(Buffer.from(payload))),
    read(message) {
      try {
        return copy(noise.recv(Buffer.from(message)))
      } catch (cause) {
        throw new BanyanError('malformed', 'a handshake message that does not open', { cause })
      }
    },
    remoteStatic: () => copy(noise.rs),
    keys: () => keysOf(noise.tx, noise.rx),
  }
}

export const hostCrypto: Crypto = {
  hash(...parts) {
    const input = joined(parts)
    if (input) sodium.crypto_generichash(digest, input)
    else sodium.crypto_generichash_batch(digest, parts)
    return digest.slice()
  },
  authenticate(message, key) {
    const tag = new Uint8Array(AUTHENTICATOR_BYTES)
    sodium.crypto_auth(tag, message, key)
    return tag
  },
  isAuthentic(tag, message, key) {
    return tag.length === AUTHENTICATOR_BYTES && sodium.crypto_auth_verify(tag, message, key)
  },
  signingKeyPair(seed): KeyPair {
    const pair = { publicKey: new Uint8Array(PUBLIC_KEY_BYTES), secretKey: new Uint8Array(64) }
    sodium.crypto_sign_seed_keypair(pair.publicKey, pair.secretKey, seed)
    return pair
  },
  sign(message, secretKey) {
    const signature = new Uint8Array(SIGNATURE_BYTES)
    sodium.crypto_sign_detached(signature, message, secretKey)
    return signature
  },
  verify(message, signature, publicKey) {
    if (signature.length !== SIGNATURE_BYTES || publicKey.length !== PUBLIC_KEY_BYTES) return false
    return sodium.crypto_sign_verify_detached(signature, message, publicKey)
  },
  agreementKeyPair(seed): KeyPair {
    const pair = { publicKey: new Uint8Array(PUBLIC_KEY_BYTES), secretKey: copy(seed) }
    sodium.crypto_scalarmult_base(pair.publicKey, pair.secretKey)
    return pair
  },
  noiseInitiator(own, remoteStatic, prologue, ephemeral) {
    const noise = new Noise('IK', true, own)
    if (ephemeral) noise.e = ephemeral
    noise.initialise(Buffer.from(prologue), Buffer.from(remoteStatic))
    return handshake(noise)
  },
  noiseResponder(own, prologue, ephemeral) {
    const noise = new Noise('IK', false, own)
    if (ephemeral) noise.e = ephemeral
    noise.initialise(Buffer.from(prologue))
    return handshake(noise)
  },
  seal(out, plaintext, associated, packetNumber, key) {
    const target = out.subarray(0, plaintext.length + TAG_BYTES)
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
      target,
      plaintext,
      associated,
      null,
      nonceOf(packetNumber),
      key,
    )
  },
  open(out, sealed, associated, packetNumber, key) {
    if (sealed.length < TAG_BYTES) return false
    const target = out.subarray(0, sealed.length - TAG_BYTES)
    try {
      sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
        target,
        null,
        sealed,
        associated,
        nonceOf(packetNumber),
        key,
      )
      return true
    } catch {
      return false // the library's only way to say that the tag does not match
    }
  },
}
