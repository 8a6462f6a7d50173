// Who may write to us, and how two people come to know each other.
//
//   (nobody) -- we add them by link ------------> waiting --- their accept, or their hello ---> accepted
//   (nobody) -- hello with our current token, one of the first 20 -------------------------------^
//   (nobody) -- hello without it, or any word --> request --- we accept, or add them by link ----^
//   any <--> blocked (and back to where it was)
//
// A hello is also the first word to every new device of a contact, so a device that was set up anew learns who we are.

import { type InvitationPreview } from '../../../preload/contract.ts'
import { type Bytes, equal, fromHex, toHex } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type NodeId } from '../../overlay/base/id.ts'
import { TokenBucket } from '../../overlay/base/token-bucket.ts'
import { type Address } from '../../overlay/ports/datagram-socket.ts'
import { type VerifiedCertificate } from '../account/certificate.ts'
import { safetyNumber } from '../account/safety-number.ts'
import { type Announcer } from '../conversations/announcer.ts'
import { type Conversations } from '../conversations/conversations.ts'
import { type ContactRow, type DeviceEntry, contactConversation } from '../conversations/rows.ts'
import { type ChatCore } from '../core.ts'
import { type DeviceList, MAX_DEVICES } from '../devices/device-list.ts'
import { knownCertificate } from '../devices/known-certificate.ts'
import { type Outbox } from '../messaging/outbox.ts'
import { type Payload } from '../messaging/payloads.ts'
import { type SeenEnvelopes } from '../messaging/seen-envelopes.ts'
import { type Presence } from '../status/presence.ts'
import { type Transaction } from '../storage/journal.ts'
import { type Invitation } from './invitation.ts'
import { type InvitationLink, TOKEN_BYTES, decodeInvitation } from './invitation-link.ts'

/** Requests of strangers that are kept at one time, and how fast new ones are taken in. */
const MAX_REQUESTS = 64
const REQUESTS_BURST = 10
const REQUESTS_PER_SECOND = 1 / 60
const NO_TOKEN = new Uint8Array(TOKEN_BYTES)

export interface ContactsParts {
  core: ChatCore
  conversations: Conversations
  announcer: Announcer
  outbox: Outbox
  presence: Presence
  invitation: Invitation
  seen: SeenEnvelopes
}

export class Contacts {
  readonly #parts: ContactsParts
  readonly #core: ChatCore
  readonly #nodes = new Map<string, VerifiedCertificate>()
  readonly #requests: TokenBucket

  constructor(parts: ContactsParts) {
    this.#parts = parts
    this.#core = parts.core
    this.#requests = new TokenBucket(REQUESTS_BURST, REQUESTS_PER_SECOND, parts.core.ports.clock.nowMs())
  }

  /** After the tables are loaded: knows every device, and wishes to be in touch with it. */
  start(): void {
    for (const row of this.#core.contacts.values()) {
      this.#index(row)
      this.#keepInTouch(row)
    }
  }

  deviceOf(nodeId: string): VerifiedCertificate | undefined {
    return this.#nodes.get(nodeId)
  }

  keyOf(contact: ContactRow): Bytes {
    return fromHex(contact.accountId)!
  }

  /** Those we wish to reach, and whether we do. */
  reached(isOnline: boolean): ContactRow[] {
    const rows = [...this.#core.contacts.values()].filter(isReached)
    return rows.filter(({ accountId }) => (this.#parts.presence.of(accountId) === 'online') === isOnline)
  }

  mustHave(accountId: string): ContactRow {
    const row = this.#core.contacts.get(accountId)
    if (!row) throw new BanyanError('not-found', 'This contact no longer exists.')
    return row
  }

  // ---- what the person does

  /** Errors: malformed, wrong-network, expired, bad-signature, own-link. */
  preview(link: string): InvitationPreview {
    const { certificate, name } = this.#read(link)
    const accountId = toHex(certificate.accountKey)
    const existing = this.#core.contacts.has(accountId) ? contactConversation(accountId) : null
    return { accountId, name, safetyNumber: this.#safetyNumber(certificate.accountKey), existing }
  }

  /** Errors: those of preview, already-contact, untrusted-identity, store-full. */
  async add(link: string, name = ''): Promise<string> {
    const invitation = this.#read(link)
    const accountId = toHex(invitation.certificate.accountKey)
    await this.#core.journal.run((tx) => this.#add(tx, accountId, invitation, name))
    return contactConversation(accountId)
  }

  async accept(accountId: string): Promise<void> {
    await this.#core.journal.run(async (tx) => {
      const row = this.#mustHaveIn(tx, accountId)
      if (row.relation !== 'request') return
      await this.#befriend(tx, row, {})
    })
  }

  async block(accountId: string, isBlocked: boolean): Promise<void> {
    await this.#core.journal.run((tx) => {
      const row = this.#mustHaveIn(tx, accountId)
      if (isBlocked === (row.relation === 'blocked')) return
      const changed: ContactRow = isBlocked
        ? { ...row, relation: 'blocked', relationBefore: row.relation }
        : { ...row, relation: row.relationBefore }
      this.#save(tx, changed)
      if (isBlocked) tx.after(() => this.#letGo(changed))
    })
  }

  /**
   * Contact, conversation and sessions go from this device. What is on its way then is not understood: its sender seals it
   * anew in a new session, and it comes as a request.
   */
  async remove(accountId: string): Promise<void> {
    const { outbox, invitation, conversations, seen } = this.#parts
    await this.#core.journal.run(async (tx) => {
      const row = this.#mustHaveIn(tx, accountId)
      for (const { nodeId } of row.devices) {
        await outbox.drop(tx, nodeId)
        outbox.forgetSession(tx, nodeId)
      }
      tx.setRow(this.#core.contacts, accountId, undefined)
      tx.after(() => {
        this.#letGo(row)
        for (const { nodeId } of row.devices) {
          if (toHex(this.#nodes.get(nodeId)?.accountKey ?? NO_TOKEN) === accountId) this.#nodes.delete(nodeId)
          this.#core.inBackground('deleting what was seen', seen.forget(nodeId))
        }
      })
      conversations.remove(tx, contactConversation(accountId))
      if (row.cameWith && (await invitation.isCurrent(tx, row.cameWith))) invitation.create(tx)
    })
  }

  async rename(accountId: string, name: string): Promise<void> {
    await this.#core.journal.run((tx) => this.#save(tx, { ...this.#mustHaveIn(tx, accountId), name }))
  }

  async setVerified(accountId: string, isVerified: boolean): Promise<void> {
    await this.#core.journal.run((tx) => this.#save(tx, { ...this.#mustHaveIn(tx, accountId), isVerified }))
  }

  safetyNumber(accountId: string): string {
    return this.#safetyNumber(this.keyOf(this.mustHave(accountId)))
  }

  /** Tells every contact the new name of this profile. */
  async tellName(): Promise<void> {
    await this.#core.journal.run(async (tx) => {
      for (const row of this.#core.contacts.values())
        if (row.relation === 'accepted')
          await this.#parts.outbox.enqueue(tx, row, { kind: 'profile', name: this.#core.own.name })
    })
  }

  // ---- what arrives

  async hello(
    tx: Transaction,
    sender: VerifiedCertificate,
    payload: Extract<Payload, { kind: 'hello' }>,
  ): Promise<void> {
    const { invitation } = this.#parts
    const known = tx.row(this.#core.contacts, toHex(sender.accountKey))
    const token = toHex(payload.invitation)
    const isAsking = !known || known.relation === 'request'
    const isInvited = isAsking && (await invitation.admit(tx, token))
    const row = known ?? this.#newRequest(sender, isInvited)
    const names = renamed(row, payload.name)
    const cameWith = (await invitation.isCurrent(tx, token)) ? { cameWith: token } : {}
    if (isAsking && !isInvited) return this.#keep(tx, { ...row, ...names, ...cameWith })
    await this.#befriend(tx, row, { ...names, ...cameWith })
  }

  async accepted(tx: Transaction, sender: VerifiedCertificate, name: string): Promise<void> {
    const row = await this.knownOrRequest(tx, sender)
    const relation = row.relation === 'waiting' ? 'accepted' : row.relation
    await this.#keep(tx, { ...row, relation, ...renamed(row, name) })
  }

  async profile(tx: Transaction, sender: VerifiedCertificate, name: string): Promise<void> {
    const row = await this.knownOrRequest(tx, sender)
    await this.#keep(tx, { ...row, ...renamed(row, name) })
  }

  /** Errors: quota, where there are too many requests already. */
  async knownOrRequest(tx: Transaction, sender: VerifiedCertificate): Promise<ContactRow> {
    const known = tx.row(this.#core.contacts, toHex(sender.accountKey))
    if (known) return known
    const row = this.#newRequest(sender, false)
    await this.#keep(tx, row)
    return row
  }

  /**
   * A device that has proved itself by its certificate and an opened envelope. Errors: untrusted-identity, where
   * another account holds it.
   */
  async learnDevice(tx: Transaction, sender: VerifiedCertificate): Promise<void> {
    this.#mustBeFree(sender)
    const row = tx.row(this.#core.contacts, toHex(sender.accountKey))
    if (row?.revoked?.includes(sender.nodeId))
      throw new BanyanError('expired', 'the account has revoked this device')
    const known = row?.devices.find((device) => device.nodeId === sender.nodeId)
    if (!row || known?.certificate === toHex(sender.bytes)) return
    const entry: DeviceEntry = known ? { ...known, certificate: toHex(sender.bytes) } : deviceEntry(sender)
    const others = row.devices.filter((device) => device.nodeId !== sender.nodeId)
    const changed = { ...row, devices: [entry, ...others.slice(0, MAX_DEVICES - 1)] }
    this.#save(tx, changed)
    for (const { nodeId } of others.slice(MAX_DEVICES - 1)) await this.#dropDevice(tx, row, nodeId)
    if (!known) await this.#greet(tx, changed, sender.nodeId)
  }

  /** Who we are, to a device that may have forgotten. */
  async greet(device: VerifiedCertificate): Promise<void> {
    await this.#core.journal.run(async (tx) => {
      const row = tx.row(this.#core.contacts, toHex(device.accountKey))
      if (row && isReached(row))
        await this.#parts.outbox.enqueue(tx, row, this.#helloFor(row), { only: device.nodeId })
    })
  }

  /** To everybody: this computer is a new device of ours. */
  async greetAll(): Promise<void> {
    await this.#core.journal.run(async (tx) => {
      for (const row of this.#core.contacts.values())
        if (isReached(row)) await this.#parts.outbox.enqueue(tx, row, this.#helloFor(row))
    })
  }

  /** A newer device list of the account. */
  async setDevices(tx: Transaction, accountId: string, list: DeviceList, sequence: number): Promise<void> {
    const row = tx.row(this.#core.contacts, accountId)
    if (!row || sequence <= row.listSequence) return
    const listed = list.certificates.filter(this.#isFree).map((certificate) => {
      const known = row.devices.find((device) => device.nodeId === certificate.nodeId)
      return { ...deviceEntry(certificate), addresses: known?.addresses ?? [] }
    })
    // a device newer than the list is missing in it because it is newer; a revoked one, because it is revoked
    const newer = row.devices.filter(
      ({ nodeId }) =>
        !listed.some((d) => d.nodeId === nodeId) &&
        !list.revoked.includes(nodeId as NodeId) &&
        (this.#nodes.get(nodeId)?.issuedMs ?? 0) > sequence,
    )
    const devices = [...newer, ...listed].slice(0, MAX_DEVICES)
    const revoked = list.revoked.length > 0 ? { revoked: list.revoked } : {}
    // without any device there would be nobody left to write to: the old ones stay until there is another
    if (devices.length === 0) return this.#save(tx, { ...row, ...revoked, listSequence: sequence })
    const changed = { ...row, ...revoked, devices, listSequence: sequence }
    this.#save(tx, changed)
    for (const { nodeId } of devices)
      if (!row.devices.some((device) => device.nodeId === nodeId)) await this.#greet(tx, changed, nodeId, row)
    for (const { nodeId } of row.devices)
      if (!devices.some((device) => device.nodeId === nodeId)) await this.#dropDevice(tx, row, nodeId)
  }

  async seen(accountId: string): Promise<void> {
    await this.#core.journal.run(
      (tx) => {
        const row = tx.row(this.#core.contacts, accountId)
        if (row) this.#save(tx, { ...row, lastSeenMs: this.#core.wallMs() })
      },
      { lazy: true },
    )
  }

  // ---- inside

  #read(link: string): InvitationLink {
    const { crypto, network } = this.#core.ports
    const invitation = decodeInvitation(crypto, network, link, this.#core.wallMs())
    if (toHex(invitation.certificate.accountKey) === this.#core.own.id)
      throw new BanyanError('own-link', 'This is your own invitation. Send it to somebody else.')
    return invitation
  }

  async #add(tx: Transaction, accountId: string, invitation: InvitationLink, name: string): Promise<void> {
    this.#mustBeFree(invitation.certificate)
    const known = tx.row(this.#core.contacts, accountId)
    if (known && known.relation !== 'request')
      throw new BanyanError('already-contact', `${known.name || known.ownName} is a contact already.`)
    if (known) return this.#befriend(tx, known, name ? { name } : {})
    const row: ContactRow = {
      ...newRow(invitation.certificate, invitation.addresses),
      name,
      ownName: invitation.name,
      relation: 'waiting',
      invitation: toHex(invitation.token),
    }
    await this.#keep(tx, row)
    await this.#parts.outbox.enqueue(tx, row, this.#helloFor(row))
  }

  /** Errors: quota. */
  #newRequest(sender: VerifiedCertificate, isInvited: boolean): ContactRow {
    if (!isInvited) {
      const open = [...this.#core.contacts.values()].filter((row) => row.relation === 'request').length
      if (open >= MAX_REQUESTS || !this.#requests.take(1, this.#core.ports.clock.nowMs()))
        throw new BanyanError('quota', 'too many requests of strangers')
    }
    return { ...newRow(sender, []), relation: 'request' }
  }

  async #befriend(tx: Transaction, row: ContactRow, changes: Partial<ContactRow>): Promise<void> {
    const friend: ContactRow = { ...row, ...changes, relation: 'accepted' }
    await this.#keep(tx, friend)
    await this.#parts.outbox.enqueue(tx, friend, { kind: 'accept', name: this.#core.own.name })
  }

  /** Saves the contact, and the conversation where it is new. */
  async #keep(tx: Transaction, row: ContactRow): Promise<void> {
    await this.#parts.conversations.begin(tx, contactConversation(row.accountId))
    this.#save(tx, row)
  }

  #save(tx: Transaction, row: ContactRow): void {
    const before = tx.row(this.#core.contacts, row.accountId)
    tx.setRow(this.#core.contacts, row.accountId, row)
    tx.after(() => {
      this.#index(row)
      if (before?.devices !== row.devices || before.relation !== row.relation) this.#keepInTouch(row)
      this.#parts.announcer.conversation(contactConversation(row.accountId))
    })
  }

  /** The first words to a device: who we are, then what the contact's other devices have not acknowledged. */
  async #greet(tx: Transaction, row: ContactRow, nodeId: string, before: ContactRow = row): Promise<void> {
    if (row.relation !== 'accepted' && row.relation !== 'waiting') return
    await this.#parts.outbox.enqueue(tx, row, this.#helloFor(row), { only: nodeId })
    await this.#parts.outbox.copyTo(tx, { ...row, devices: [...row.devices, ...before.devices] }, nodeId)
  }

  async #dropDevice(tx: Transaction, row: ContactRow, nodeId: string): Promise<void> {
    if (toHex(this.#nodes.get(nodeId)?.accountKey ?? NO_TOKEN) !== row.accountId) return // it was never theirs
    await this.#parts.outbox.drop(tx, nodeId)
    this.#parts.outbox.forgetSession(tx, nodeId)
    tx.after(() => {
      this.#nodes.delete(nodeId)
      this.#core.door.forget(nodeId as NodeId)
    })
  }

  #helloFor(row: ContactRow): Payload {
    return {
      kind: 'hello',
      invitation: fromHex(row.invitation || toHex(NO_TOKEN))!,
      name: this.#core.own.name,
    }
  }

  #index(row: ContactRow): void {
    for (const { nodeId, certificate } of row.devices) {
      if (toHex(this.#nodes.get(nodeId)?.bytes ?? NO_TOKEN) === certificate) continue
      const device = knownCertificate(this.#core.ports.crypto, fromHex(certificate)!)
      if (this.#isFree(device)) this.#nodes.set(nodeId, device)
    }
  }

  /** No other account has this node: what is sent to it, and what it sends, belongs to one person. */
  #isFree = (device: VerifiedCertificate): boolean => {
    const holder = this.#nodes.get(device.nodeId)
    return holder === undefined || equal(holder.accountKey, device.accountKey)
  }

  #mustBeFree(device: VerifiedCertificate): void {
    if (!this.#isFree(device))
      throw new BanyanError('untrusted-identity', 'This computer belongs to another of your contacts.')
  }

  #keepInTouch(row: ContactRow): void {
    if (!isReached(row)) return
    this.#parts.presence.connecting(row.accountId)
    for (const { nodeId, addresses } of row.devices) {
      const device = this.#nodes.get(nodeId)
      if (!device || toHex(device.accountKey) !== row.accountId) continue
      const { noiseKey } = device
      this.#core.inBackground('opening a queue', this.#parts.outbox.open(device))
      const hint = { noiseKey, addresses, id: nodeId as NodeId }
      this.#core.door.keepInTouch(nodeId as NodeId, addresses.length > 0 ? hint : undefined)
      if (addresses.length > 0) this.#core.door.addPeers([hint])
    }
  }

  #letGo(row: ContactRow): void {
    this.#parts.presence.forget(row.accountId)
    for (const { nodeId } of row.devices) {
      this.#core.inBackground('closing a queue', this.#parts.outbox.close(nodeId))
      this.#core.door.forget(nodeId as NodeId)
    }
  }

  #mustHaveIn(tx: Transaction, accountId: string): ContactRow {
    const row = tx.row(this.#core.contacts, accountId)
    if (!row) throw new BanyanError('not-found', 'This contact no longer exists.')
    return row
  }

  #safetyNumber(accountKey: Uint8Array): string {
    return safetyNumber(this.#core.ports.crypto, this.#core.own.key.publicKey, accountKey)
  }
}

/**
 * They call themselves something else now. The title by which they are known here stays as it is: nobody turns into
 * somebody else in the list. Of a request it follows, because nobody knows them yet.
 */
function renamed(row: ContactRow, ownName: string): Pick<ContactRow, 'name' | 'ownName'> {
  const { name } = row
  if (ownName === '' || ownName === row.ownName) return { name, ownName: row.ownName }
  return { name: row.relation === 'request' ? name : name || row.ownName, ownName }
}

/** Those whom we look for: it shows them that we are there, so nobody else. */
function isReached(row: ContactRow): boolean {
  return row.relation === 'accepted' || row.relation === 'waiting'
}

function deviceEntry(certificate: VerifiedCertificate, addresses: Address[] = []): DeviceEntry {
  return { nodeId: certificate.nodeId, certificate: toHex(certificate.bytes), addresses }
}

function newRow(certificate: VerifiedCertificate, addresses: Address[]): ContactRow {
  return {
    accountId: toHex(certificate.accountKey),
    name: '',
    ownName: '',
    relation: 'request',
    relationBefore: 'request',
    isVerified: false,
    lastSeenMs: 0,
    invitation: '',
    devices: [deviceEntry(certificate, addresses)],
    listSequence: 0,
  }
}
