// Cryptography as the core sees it. The real one (host/crypto.ts) is sodium and a Noise library; nothing here or above
// implements a primitive. All calls are synchronous: the slowest takes some tens of microseconds.

import { type Bytes } from '../base/bytes.ts'

export interface KeyPair {
  publicKey: Bytes
  secretKey: Bytes
}

/** Keys of one finished handshake: what we seal with, and what we open with. */
export interface SessionKeys {
  send: Bytes
  receive: Bytes
}

/** Noise_IK_25519_ChaChaPoly_BLAKE2b, either side. `write` and `read` alternate; read throws BanyanError('malformed'). */
export interface NoiseHandshake {
  write(payload: Uint8Array): Bytes
  read(message: Uint8Array): Bytes
  /** The peer's static key: at once for an initiator, after the first read for a responder. */
  remoteStatic(): Bytes
  /** After the last message. */
  keys(): SessionKeys
}

export interface Crypto {
  /** BLAKE2b-256 of the parts one after another. */
  hash(...parts: Uint8Array[]): Bytes
  /** HMAC-SHA-512-256: 32 bytes that nobody makes without the 32-byte key. */
  authenticate(message: Uint8Array, key: Uint8Array): Bytes
  /** Whether the 32-byte tag is what `authenticate` gives; takes as long whatever is wrong with it. */
  isAuthentic(tag: Uint8Array, message: Uint8Array, key: Uint8Array): boolean
  /** Ed25519 from a 32-byte seed. */
  signingKeyPair(seed: Uint8Array): KeyPair
  sign(message: Uint8Array, secretKey: Uint8Array): Bytes
  verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean
  /** X25519 from a 32-byte seed. */
  agreementKeyPair(seed: Uint8Array): KeyPair
  /** `ephemeral` is a fresh agreement key pair for this handshake alone; the handshake erases it when done. */
  noiseInitiator(
    own: KeyPair,
    remoteStatic: Uint8Array,
    prologue: Uint8Array,
    ephemeral?: KeyPair,
  ): NoiseHandshake
  noiseResponder(own: KeyPair, prologue: Uint8Array, ephemeral?: KeyPair): NoiseHandshake
  /**
   * ChaCha20-Poly1305 (RFC 8439), nonce = 4 zero bytes and the packet number as 8 little-endian bytes.
   * `seal` writes plaintext.length + 16 bytes at `out`; `open` returns false where the tag does not match.
   */
  seal(
    out: Uint8Array,
    plaintext: Uint8Array,
    associated: Uint8Array,
    packetNumber: number,
    key: Uint8Array,
  ): void
  open(
    out: Uint8Array,
    sealed: Uint8Array,
    associated: Uint8Array,
    packetNumber: number,
    key: Uint8Array,
  ): boolean
}

export const TAG_BYTES = 16
export const HASH_BYTES = 32
export const AUTHENTICATOR_BYTES = 32
export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64
