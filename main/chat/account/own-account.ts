// The account and this device, opened: keys, certificate, name. The ratchet library is loaded when first needed.

import { type Bytes, EMPTY, equal, fromHex, toHex, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type NodeId } from '../../overlay/base/id.ts'
import { Identity } from '../../overlay/identity.ts'
import { type KeyPair } from '../../overlay/ports/crypto.ts'
import { type ChatPorts } from '../chat-ports.ts'
import { type Ratchet, type RatchetSelf } from '../ports/ratchet.ts'
import { type Journal } from '../storage/journal.ts'
import { fromJson, toJson } from '../storage/json.ts'
import { ACCOUNT } from '../storage/keys.ts'
import { nodeIdOf } from '../../overlay/wire/peer-record.ts'
import { forgetDevice } from './forget-device.ts'
import { type AccountSecrets, accountKeyOf } from './account-secrets.ts'
import {
  CERTIFICATE_LIFE_MS,
  type Certificate,
  type VerifiedCertificate,
  isDueForRenewal,
  issueCertificate,
  readCertificate,
  verifyCertificate,
} from './certificate.ts'

interface AccountRow {
  name: string
  /** Hex. */
  certificate: string
  /** Computers of this account that are its no more, newest first; absent: none. */
  revoked?: NodeId[]
}

export class OwnAccount {
  /** Replaced when the phrase is forgotten, by nobody else. */
  secrets: AccountSecrets
  readonly key: KeyPair
  readonly identity: Identity
  /** The contacts of this database do not know this device yet. */
  isNewDevice = false
  readonly #ports: ChatPorts
  readonly #journal: Journal
  #row: AccountRow
  #certificate: VerifiedCertificate
  #ratchet: Promise<Ratchet> | undefined

  private constructor(
    ports: ChatPorts,
    journal: Journal,
    secrets: AccountSecrets,
    row: AccountRow,
    certificate: VerifiedCertificate,
  ) {
    this.#ports = ports
    this.#journal = journal
    this.secrets = secrets
    this.key = accountKeyOf(ports.crypto, secrets)
    this.identity = new Identity(ports.crypto, ports.network, secrets.node)
    this.#row = row
    this.#certificate = certificate
  }

  /** The account (hex) whose database this is. Errors: store-damaged. */
  static async idIn(journal: Journal): Promise<string | undefined> {
    const bytes = await journal.store.get(utf8(ACCOUNT))
    const certificate = bytes && readKept(fromJson<AccountRow>(bytes).certificate)
    return certificate && toHex(certificate.accountKey)
  }

  /**
   * Makes what is missing: an account whose database was lost goes on with its keys and its first name; one whose keys
   * were lost goes on with its database and new keys, as a new device in the place of the old one.
   */
  static async open(ports: ChatPorts, journal: Journal, secrets: AccountSecrets): Promise<OwnAccount> {
    const bytes = await journal.store.get(utf8(ACCOUNT))
    const kept = bytes && fromJson<AccountRow>(bytes)
    const before = kept && readKept(kept.certificate)
    const node = new Identity(ports.crypto, ports.network, secrets.node).nodeKey.publicKey
    const isSameDevice = before !== undefined && equal(before.nodeKey, node)
    const certificate = isSameDevice ? stillGood(ports, kept!.certificate) : undefined
    if (kept && certificate) return new OwnAccount(ports, journal, secrets, kept, certificate)
    const fresh = await certify(ports, secrets)
    const row: AccountRow = { name: secrets.name, ...kept, certificate: toHex(fresh.bytes) }
    if (before && !isSameDevice)
      row.revoked = [nodeIdOf(ports.crypto, before.nodeKey), ...(kept?.revoked ?? [])]
    await journal.run(async (tx) => {
      if (before && !isSameDevice) await forgetDevice(tx)
      tx.put(ACCOUNT, toJson(row))
    })
    const account = new OwnAccount(ports, journal, secrets, row, fresh)
    account.isNewDevice = before !== undefined && !isSameDevice
    return account
  }

  get id(): string {
    return toHex(this.key.publicKey)
  }

  get nodeId(): NodeId {
    return this.identity.id
  }

  get name(): string {
    return this.#row.name
  }

  get revoked(): readonly NodeId[] {
    return this.#row.revoked ?? []
  }

  get certificate(): VerifiedCertificate {
    return this.#certificate
  }

  get ratchetSelf(): RatchetSelf {
    return { name: this.nodeId, identity: this.secrets.signal }
  }

  ratchet(): Promise<Ratchet> {
    this.#ratchet ??= this.#ports.ratchet()
    return this.#ratchet
  }

  rename(name: string): Promise<void> {
    return this.#keep({ name })
  }

  /** Errors: refused, for this computer itself; store-full. */
  revoke(nodeId: NodeId): Promise<void> {
    if (nodeId === this.nodeId) throw new BanyanError('refused', 'This computer cannot revoke itself.')
    return this.#keep({ revoked: [nodeId, ...this.revoked.filter((other) => other !== nodeId)] })
  }

  /** True where there is a new one, to be published. */
  async renewCertificate(): Promise<boolean> {
    if (!isDueForRenewal(this.#certificate, this.#ports.clock.wallMs())) return false
    const fresh = await certify(this.#ports, this.secrets)
    await this.#keep({ certificate: toHex(fresh.bytes) })
    this.#certificate = fresh
    return true
  }

  async #keep(changes: Partial<AccountRow>): Promise<void> {
    const row: AccountRow = { ...this.#row, ...changes }
    await this.#journal.run((tx) => tx.put(ACCOUNT, toJson(row)))
    this.#row = row
  }
}

/** The form only; undefined for one of an older version of this program. */
function readKept(hex: string): Certificate | undefined {
  try {
    return readCertificate(fromHex(hex) ?? EMPTY)
  } catch {
    return undefined
  }
}

function stillGood(ports: ChatPorts, hex: string): VerifiedCertificate | undefined {
  const bytes: Bytes | undefined = fromHex(hex)
  if (!bytes) return undefined
  try {
    const certificate = verifyCertificate(ports.crypto, ports.network, bytes, ports.clock.wallMs())
    return isDueForRenewal(certificate, ports.clock.wallMs()) ? undefined : certificate
  } catch {
    return undefined // expired, or of another network: a new one is made
  }
}

async function certify(ports: ChatPorts, secrets: AccountSecrets): Promise<VerifiedCertificate> {
  const { crypto, network, clock } = ports
  const account = accountKeyOf(crypto, secrets)
  const identity = new Identity(crypto, network, secrets.node)
  const signalIdentity = await (await ports.ratchet()).identityKeyOf(secrets.signal)
  const issuedMs = Math.floor(clock.wallMs())
  const fields = {
    accountKey: account.publicKey,
    nodeKey: identity.nodeKey.publicKey,
    noiseKey: identity.noiseKey.publicKey,
    signalIdentity,
    registrationId: secrets.signal.registrationId,
    issuedMs,
    expiresMs: issuedMs + CERTIFICATE_LIFE_MS,
  }
  return verifyCertificate(
    crypto,
    network,
    issueCertificate(crypto, network, fields, {
      account: account.secretKey,
      node: identity.nodeKey.secretKey,
    }),
    issuedMs,
  )
}
