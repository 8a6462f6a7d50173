// The Ratchet port over libsignal. The library keeps its state through stores that it calls back; each call here gives it
// stores that read and write the caller's bytes, and hands what it saved to the caller only after it has succeeded. What a
// store throws comes back from the library as text inside an error of its own, so the stores remember it: a database that
// cannot be read must not be taken for a key that does not fit.

import {
  type CiphertextMessage,
  CiphertextMessageType,
  ErrorCode,
  IdentityChange,
  IdentityKeyStore,
  KEMKeyPair,
  KEMPublicKey,
  KyberPreKeyRecord,
  KyberPreKeyStore,
  LibSignalErrorBase,
  PreKeyBundle,
  type PreKeyRecord,
  PreKeySignalMessage,
  PreKeyStore,
  PrivateKey,
  ProtocolAddress,
  PublicKey,
  SessionRecord,
  SessionStore,
  SignalMessage,
  SignedPreKeyRecord,
  SignedPreKeyStore,
  processPreKeyBundle,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
} from '@signalapp/libsignal-client'
import {
  type Ciphertext,
  type PrekeyBundle,
  type Prekeys,
  type Ratchet,
  type RatchetIdentity,
  type RatchetPeer,
  type RatchetSelf,
  type RatchetStorage,
} from '../chat/ports/ratchet.ts'
import { type Bytes, equal } from '../overlay/base/bytes.ts'
import { BanyanError } from '../overlay/base/errors.ts'
import { hostRandom } from './random.ts'

/** Sessions are named by node here, so the library's device number carries nothing. */
const DEVICE = 1
/** The library's bound is 0x3fff; 0 is no id. */
const REGISTRATION_IDS = 16_380

export class SignalRatchet implements Ratchet {
  async newIdentity(): Promise<RatchetIdentity> {
    const secretKey = PrivateKey.generate().serialize()
    return { secretKey, registrationId: 1 + hostRandom.below(REGISTRATION_IDS) }
  }

  async identityKeyOf(identity: RatchetIdentity): Promise<Bytes> {
    return privateKey(identity).getPublicKey().serialize()
  }

  async newPrekeys(identity: RatchetIdentity, id: number, wallMs: number): Promise<Prekeys> {
    const own = privateKey(identity)
    const signed = PrivateKey.generate()
    const signedKey = signed.getPublicKey()
    const kyber = KEMKeyPair.generate()
    const signedSignature = own.sign(signedKey.serialize())
    const kyberSignature = own.sign(kyber.getPublicKey().serialize())
    return {
      id,
      signedPrekey: SignedPreKeyRecord.new(id, wallMs, signedKey, signed, signedSignature).serialize(),
      kyberPrekey: KyberPreKeyRecord.new(id, wallMs, kyber, kyberSignature).serialize(),
    }
  }

  async bundleOf(identity: RatchetIdentity, prekeys: Prekeys): Promise<PrekeyBundle> {
    const signed = SignedPreKeyRecord.deserialize(prekeys.signedPrekey)
    const kyber = KyberPreKeyRecord.deserialize(prekeys.kyberPrekey)
    return {
      registrationId: identity.registrationId,
      identityKey: privateKey(identity).getPublicKey().serialize(),
      id: prekeys.id,
      signedPrekey: signed.publicKey().serialize(),
      signedPrekeySignature: signed.signature(),
      kyberPrekey: kyber.publicKey().serialize(),
      kyberPrekeySignature: kyber.signature(),
    }
  }

  begin(own: RatchetSelf, peer: RatchetPeer, bundle: PrekeyBundle, storage: RatchetStorage): Promise<void> {
    const stores = new Stores(own, peer, storage)
    return stores.typed(async () => {
      if (!equal(bundle.identityKey, peer.identityKey))
        throw new BanyanError(
          'untrusted-identity',
          'the bundle names another identity than the account certified',
        )
      const { theirs, ours, sessions, identities } = stores
      await processPreKeyBundle(libraryBundle(bundle), theirs, ours, sessions, identities)
      stores.save()
    })
  }

  encrypt(
    own: RatchetSelf,
    peer: RatchetPeer,
    plaintext: Bytes,
    storage: RatchetStorage,
  ): Promise<Ciphertext> {
    const stores = new Stores(own, peer, storage)
    return stores.typed(async () => {
      if (!(await storage.loadSession(peer.name))) throw new BanyanError('no-prekeys', 'no session yet')
      const { theirs, ours, sessions, identities } = stores
      const message = await signalEncrypt(plaintext, theirs, ours, sessions, identities)
      stores.save()
      return { kind: kindOf(message), bytes: message.serialize() }
    })
  }

  decrypt(
    own: RatchetSelf,
    peer: RatchetPeer,
    ciphertext: Ciphertext,
    storage: RatchetStorage,
  ): Promise<Bytes> {
    const stores = new Stores(own, peer, storage)
    return stores.typed(async () => {
      const plaintext = await open(ciphertext, stores)
      stores.save()
      return plaintext
    })
  }
}

function libraryBundle(bundle: PrekeyBundle): PreKeyBundle {
  return PreKeyBundle.new(
    bundle.registrationId,
    DEVICE,
    null, // no one-time prekey: a DHT cannot hand one out exactly once
    null,
    bundle.id,
    PublicKey.deserialize(bundle.signedPrekey),
    bundle.signedPrekeySignature,
    PublicKey.deserialize(bundle.identityKey),
    bundle.id,
    KEMPublicKey.deserialize(bundle.kyberPrekey),
    bundle.kyberPrekeySignature,
  )
}

function open(ciphertext: Ciphertext, stores: Stores): Promise<Bytes> {
  const { theirs, ours, sessions, identities } = stores
  if (ciphertext.kind === 'ratchet')
    return signalDecrypt(SignalMessage.deserialize(ciphertext.bytes), theirs, ours, sessions, identities)
  const first = PreKeySignalMessage.deserialize(ciphertext.bytes)
  const { oneTime, signed, kyber } = stores
  return signalDecryptPreKey(first, theirs, ours, sessions, identities, oneTime, signed, kyber)
}

function privateKey(identity: RatchetIdentity): PrivateKey {
  return PrivateKey.deserialize(identity.secretKey)
}

function kindOf(message: CiphertextMessage): Ciphertext['kind'] {
  return message.type() === CiphertextMessageType.PreKey ? 'first' : 'ratchet'
}

/** All stores of one call. */
class Stores {
  readonly theirs: ProtocolAddress
  readonly ours: ProtocolAddress
  readonly sessions: Sessions
  readonly identities: Identities
  readonly oneTime = new NoOneTimePrekeys()
  readonly signed: SignedPrekeys
  readonly kyber: KyberPrekeys
  readonly #storage: RatchetStorage
  readonly #peer: RatchetPeer
  /** The first thing that a store threw. */
  #thrown: unknown

  constructor(own: RatchetSelf, peer: RatchetPeer, storage: RatchetStorage) {
    this.theirs = ProtocolAddress.new(peer.name, DEVICE)
    this.ours = ProtocolAddress.new(own.name, DEVICE)
    const watched = this.#watch(storage)
    this.sessions = new Sessions(peer.name, watched)
    this.identities = new Identities(own.identity, peer)
    this.signed = new SignedPrekeys(watched)
    this.kyber = new KyberPrekeys(watched)
    this.#storage = storage
    this.#peer = peer
  }

  save(): void {
    if (this.sessions.saved) this.#storage.saveSession(this.#peer.name, this.sessions.saved.serialize())
  }

  /** A store's errors as they were, the library's as ours. */
  async typed<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#thrown ?? ratchetError(error)
    }
  }

  #watch(storage: RatchetStorage): RatchetStorage {
    return {
      loadSession: (name) => this.#remember(storage.loadSession(name)),
      saveSession: (name, session) => storage.saveSession(name, session),
      loadPrekeys: (id) =>
        this.#remember(
          storage.loadPrekeys(id).then((prekeys) => {
            if (!prekeys) throw new BanyanError('not-found', `prekeys ${id} are no longer kept`)
            return prekeys
          }),
        ),
      claimBaseKey: (prekeyId, baseKey) =>
        this.#remember(
          storage.claimBaseKey(prekeyId, baseKey).then((isNew) => {
            if (!isNew) throw new BanyanError('refused', 'a session with this base key was begun before')
            return isNew
          }),
        ),
    }
  }

  async #remember<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      this.#thrown ??= error
      throw error
    }
  }
}

class Sessions extends SessionStore {
  readonly #name: string
  readonly #storage: RatchetStorage
  saved: SessionRecord | undefined

  constructor(name: string, storage: RatchetStorage) {
    super()
    this.#name = name
    this.#storage = storage
  }

  override async saveSession(_address: ProtocolAddress, record: SessionRecord): Promise<void> {
    this.saved = record
  }

  override async getSession(): Promise<SessionRecord | null> {
    if (this.saved) return this.saved
    const bytes = await this.#storage.loadSession(this.#name)
    return bytes ? SessionRecord.deserialize(bytes) : null
  }

  override async getExistingSessions(): Promise<SessionRecord[]> {
    const session = await this.getSession()
    return session ? [session] : []
  }
}

class Identities extends IdentityKeyStore {
  readonly #own: RatchetIdentity
  readonly #peer: RatchetPeer

  constructor(own: RatchetIdentity, peer: RatchetPeer) {
    super()
    this.#own = own
    this.#peer = peer
  }

  override async getIdentityKey(): Promise<PrivateKey> {
    return privateKey(this.#own)
  }

  override async getLocalRegistrationId(): Promise<number> {
    return this.#own.registrationId
  }

  override async saveIdentity(): Promise<IdentityChange> {
    return IdentityChange.NewOrUnchanged
  }

  /** The account's certificate is the only authority: no trust on first use. */
  override async isTrustedIdentity(_address: ProtocolAddress, key: PublicKey): Promise<boolean> {
    return equal(key.serialize(), this.#peer.identityKey)
  }

  override async getIdentity(): Promise<PublicKey | null> {
    return PublicKey.deserialize(this.#peer.identityKey as Bytes)
  }
}

class NoOneTimePrekeys extends PreKeyStore {
  override async savePreKey(): Promise<void> {}

  override async getPreKey(id: number): Promise<PreKeyRecord> {
    throw new BanyanError('not-found', `there is no one-time prekey ${id}: none are handed out`)
  }

  override async removePreKey(): Promise<void> {}
}

class SignedPrekeys extends SignedPreKeyStore {
  readonly #storage: RatchetStorage

  constructor(storage: RatchetStorage) {
    super()
    this.#storage = storage
  }

  override async saveSignedPreKey(): Promise<void> {}

  override async getSignedPreKey(id: number): Promise<SignedPreKeyRecord> {
    return SignedPreKeyRecord.deserialize((await this.#storage.loadPrekeys(id))!.signedPrekey)
  }
}

class KyberPrekeys extends KyberPreKeyStore {
  readonly #storage: RatchetStorage

  constructor(storage: RatchetStorage) {
    super()
    this.#storage = storage
  }

  override async saveKyberPreKey(): Promise<void> {}

  override async getKyberPreKey(id: number): Promise<KyberPreKeyRecord> {
    return KyberPreKeyRecord.deserialize((await this.#storage.loadPrekeys(id))!.kyberPrekey)
  }

  /** Called once per new session: a last-resort key is used many times, but never twice with one base key. */
  override async markKyberPreKeyUsed(id: number, _signedId: number, baseKey: PublicKey): Promise<void> {
    await this.#storage.claimBaseKey(id, baseKey.serialize())
  }
}

function ratchetError(error: unknown): BanyanError {
  if (error instanceof BanyanError) return error
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof LibSignalErrorBase) {
    if (error.code === ErrorCode.UntrustedIdentity)
      return new BanyanError('untrusted-identity', 'not the identity that the account certified', {
        cause: error,
      })
    if (error.code === ErrorCode.DuplicatedMessage)
      return new BanyanError('refused', 'a message that was opened before', { cause: error })
    if (/signature/i.test(message)) return new BanyanError('bad-signature', message, { cause: error })
  }
  return new BanyanError('not-found', `no key fits: ${message}`, { cause: error })
}
