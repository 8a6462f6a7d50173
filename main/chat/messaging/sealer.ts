// Ratchet steps inside a transaction: state and message become durable together or not at all.

import { type Bytes, toHex } from '../../overlay/base/bytes.ts'
import { BanyanError, codeOf } from '../../overlay/base/errors.ts'
import { type VerifiedCertificate } from '../account/certificate.ts'
import { type DeviceRow } from '../conversations/rows.ts'
import { type ChatCore } from '../core.ts'
import { type PrekeyKeeper } from '../devices/prekey-keeper.ts'
import { type Ciphertext, type PrekeyBundle, type RatchetStorage } from '../ports/ratchet.ts'
import { type Transaction } from '../storage/journal.ts'
import { baseKeyOf, sessionOf } from '../storage/keys.ts'

const CLAIMED = Uint8Array.of(1)

export class Sealer {
  readonly #core: ChatCore
  readonly #prekeys: PrekeyKeeper

  constructor(core: ChatCore, prekeys: PrekeyKeeper) {
    this.#core = core
    this.#prekeys = prekeys
  }

  device(tx: Transaction, nodeId: string): DeviceRow {
    return tx.row(this.#core.devices, nodeId) ?? { epoch: 0, bundleSequence: 0 }
  }

  async hasSession(tx: Transaction, nodeId: string): Promise<boolean> {
    return (await tx.get(sessionOf(nodeId))) !== undefined
  }

  /** Undefined where a session has to be begun first. */
  async seal(tx: Transaction, peer: VerifiedCertificate, plaintext: Bytes): Promise<Ciphertext | undefined> {
    if (!(await this.hasSession(tx, peer.nodeId))) return undefined
    const ratchet = await this.#core.own.ratchet()
    try {
      return await ratchet.encrypt(
        this.#core.own.ratchetSelf,
        ratchetPeer(peer),
        plaintext,
        this.#storage(tx),
      )
    } catch (error) {
      if (codeOf(error) !== 'not-found' && codeOf(error) !== 'no-prekeys') throw error
      this.drop(tx, peer.nodeId) // a session that went stale before its first answer
      return undefined
    }
  }

  /** Errors: untrusted-identity, refused, not-found. */
  async open(tx: Transaction, peer: VerifiedCertificate, ciphertext: Ciphertext): Promise<Bytes> {
    const ratchet = await this.#core.own.ratchet()
    return ratchet.decrypt(this.#core.own.ratchetSelf, ratchetPeer(peer), ciphertext, this.#storage(tx))
  }

  /** Errors: refused (an older bundle than one seen before), untrusted-identity, bad-signature, malformed. */
  async begin(
    tx: Transaction,
    peer: VerifiedCertificate,
    bundle: PrekeyBundle,
    sequence: number,
  ): Promise<void> {
    const device = this.device(tx, peer.nodeId)
    if (sequence < device.bundleSequence)
      throw new BanyanError('refused', 'an older bundle than the one seen before')
    if (await this.hasSession(tx, peer.nodeId)) return // they were faster: their message began it
    const ratchet = await this.#core.own.ratchet()
    await ratchet.begin(this.#core.own.ratchetSelf, ratchetPeer(peer), bundle, this.#storage(tx))
    tx.setRow(this.#core.devices, peer.nodeId, { ...device, bundleSequence: sequence })
  }

  /** The device cannot open what we seal: the next message begins a new session. */
  drop(tx: Transaction, nodeId: string): void {
    const device = this.device(tx, nodeId)
    tx.setRow(this.#core.devices, nodeId, { ...device, epoch: device.epoch + 1 })
    tx.del(sessionOf(nodeId))
  }

  #storage(tx: Transaction): RatchetStorage {
    return {
      loadSession: (name) => tx.get(sessionOf(name)),
      saveSession: (name, session) => tx.put(sessionOf(name), session),
      loadPrekeys: (id) => this.#prekeys.load(tx, id),
      claimBaseKey: async (prekeyId, baseKey) => {
        const key = baseKeyOf(prekeyId, toHex(this.#core.ports.crypto.hash(baseKey)))
        if (await tx.get(key)) return false
        tx.put(key, CLAIMED)
        return true
      },
    }
  }
}

function ratchetPeer(peer: VerifiedCertificate) {
  return { name: peer.nodeId, identityKey: peer.signalIdentity }
}
