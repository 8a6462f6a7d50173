// Signal's protocol as the chat sees it: PQXDH to begin a session, the Double Ratchet to go on. The implementation
// (host/signal-ratchet.ts) keeps nothing: every state is bytes that it reads and writes through RatchetStorage, so that
// a message and the ratchet step that belongs to it are one batch on the disk.

import { type Bytes } from '../../overlay/base/bytes.ts'

/** The Signal identity of this device. */
export interface RatchetIdentity {
  /** Curve25519 private key, 32 bytes. */
  secretKey: Bytes
  /** 1 to 16380, chosen once per installation. */
  registrationId: number
}

export interface Prekeys {
  id: number
  /** Both private halves, serialised by the library. */
  signedPrekey: Bytes
  kyberPrekey: Bytes
}

/** The public halves: what others need to begin a session. */
export interface PrekeyBundle {
  registrationId: number
  /** Curve25519 public key with the library's type byte, 33 bytes. */
  identityKey: Bytes
  id: number
  signedPrekey: Bytes
  signedPrekeySignature: Bytes
  kyberPrekey: Bytes
  kyberPrekeySignature: Bytes
}

/** One side of a conversation on the wire: the peer's device, and the identity key its account has certified. */
export interface RatchetPeer {
  /** A name for the session, unique per device. */
  name: string
  identityKey: Bytes
}

export interface RatchetStorage {
  loadSession(name: string): Promise<Bytes | undefined>
  saveSession(name: string, session: Bytes): void
  loadPrekeys(id: number): Promise<Prekeys | undefined>
  /** False where this base key began a session before: the message is a replay. */
  claimBaseKey(prekeyId: number, baseKey: Bytes): Promise<boolean>
}

export type CiphertextKind = 'first' | 'ratchet'

export interface Ciphertext {
  /** `first` carries what the receiver needs to begin the session; sent until the peer has answered. */
  kind: CiphertextKind
  bytes: Bytes
}

export interface Ratchet {
  newIdentity(): Promise<RatchetIdentity>
  identityKeyOf(identity: RatchetIdentity): Promise<Bytes>
  newPrekeys(identity: RatchetIdentity, id: number, wallMs: number): Promise<Prekeys>
  bundleOf(identity: RatchetIdentity, prekeys: Prekeys): Promise<PrekeyBundle>
  /** Begins a session; a message may follow at once. Errors: untrusted-identity, bad-signature, malformed. */
  begin(own: RatchetSelf, peer: RatchetPeer, bundle: PrekeyBundle, storage: RatchetStorage): Promise<void>
  /** Errors: no-prekeys where there is no session. */
  encrypt(own: RatchetSelf, peer: RatchetPeer, plaintext: Bytes, storage: RatchetStorage): Promise<Ciphertext>
  /**
   * Nothing is saved where it fails. Errors: untrusted-identity, malformed, refused (a replay), not-found (no session,
   * or none of its keys fit: the sender must begin anew).
   */
  decrypt(
    own: RatchetSelf,
    peer: RatchetPeer,
    ciphertext: Ciphertext,
    storage: RatchetStorage,
  ): Promise<Bytes>
}

export interface RatchetSelf {
  name: string
  identity: RatchetIdentity
}
