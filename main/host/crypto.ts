// The Crypto port over libsodium (sodium-native) and the noise-handshake library.

import Noise from 'noise-handshake'
import sodium from 'sodium-native'
import { type Bytes, concat } from '../overlay/base/bytes.ts'
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

function copy(bytes: Uint8Array): Bytes {
  return Uint8Array.from(bytes)
}

/** One piece of memory for both: a session has them for as long as it lives, and each piece costs 150 bytes besides. */
function keysIn(all: Bytes): SessionKeys {
  return { send: all.subarray(0, KEY_BYTES), receive: all.subarray(KEY_BYTES) }
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
    keys: () => keysIn(concat(noise.tx, noise.rx)),
  }
}

export const hostCrypto: Crypto = {
  hash(...parts) {
    const digest = new Uint8Array(HASH_BYTES)
    sodium.crypto_generichash_batch(digest, parts)
    return digest
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
