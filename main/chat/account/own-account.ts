// The account and this device, opened: keys, certificate, name. The ratchet library is loaded when first needed.

import { type Bytes, fromHex, toHex } from '../../overlay/base/bytes.ts'
import { type NodeId } from '../../overlay/base/id.ts'
import { Identity } from '../../overlay/identity.ts'
import { type KeyPair } from '../../overlay/ports/crypto.ts'
import { type ChatPorts } from '../chat-ports.ts'
import { type Ratchet, type RatchetSelf } from '../ports/ratchet.ts'
import { type Journal } from '../storage/journal.ts'
import { fromJson, toJson } from '../storage/json.ts'
import { ACCOUNT } from '../storage/keys.ts'
import { utf8 } from '../../overlay/base/bytes.ts'
import { type AccountSecrets, accountKeyOf } from './account-secrets.ts'
import {
  CERTIFICATE_LIFE_MS,
  type VerifiedCertificate,
  isDueForRenewal,
  issueCertificate,
  verifyCertificate,
} from './certificate.ts'

interface AccountRow {
  name: string
  /** Hex. */
  certificate: string
}

export class OwnAccount {
  /** Replaced when the phrase is forgotten, by nobody else. */
  secrets: AccountSecrets
  readonly key: KeyPair
  readonly identity: Identity
  readonly #ports: ChatPorts
  readonly #journal: Journal
  #name: string
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
    this.#name = row.name
    this.#certificate = certificate
  }

  /** Makes what is missing: an account whose database was lost goes on with its keys and its first name. */
  static async open(ports: ChatPorts, journal: Journal, secrets: AccountSecrets): Promise<OwnAccount> {
    const bytes = await journal.store.get(utf8(ACCOUNT))
    const kept = bytes && fromJson<AccountRow>(bytes)
    const certificate = kept && stillGood(ports, kept.certificate)
    if (kept && certificate) return new OwnAccount(ports, journal, secrets, kept, certificate)
    const fresh = await certify(ports, secrets)
    const row: AccountRow = { name: kept?.name ?? secrets.name, certificate: toHex(fresh.bytes) }
    await journal.run((tx) => tx.put(ACCOUNT, toJson(row)))
    return new OwnAccount(ports, journal, secrets, row, fresh)
  }

  get id(): string {
    return toHex(this.key.publicKey)
  }

  get nodeId(): NodeId {
    return this.identity.id
  }

  get name(): string {
    return this.#name
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

  async rename(name: string): Promise<void> {
    const row: AccountRow = { name, certificate: toHex(this.#certificate.bytes) }
    await this.#journal.run((tx) => tx.put(ACCOUNT, toJson(row)))
    this.#name = name
  }

  /** True where there is a new one, to be published. */
  async renewCertificate(): Promise<boolean> {
    if (!isDueForRenewal(this.#certificate, this.#ports.clock.wallMs())) return false
    const fresh = await certify(this.#ports, this.secrets)
    const row: AccountRow = { name: this.#name, certificate: toHex(fresh.bytes) }
    await this.#journal.run((tx) => tx.put(ACCOUNT, toJson(row)))
    this.#certificate = fresh
    return true
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
    issueCertificate(crypto, network, fields, account.secretKey),
    issuedMs,
  )
}
