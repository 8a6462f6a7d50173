// What every part of an opened chat is given.

import { DropCounts } from '../overlay/base/drop-counts.ts'
import { type ChatPorts } from './chat-ports.ts'
import { type OwnAccount } from './account/own-account.ts'
import { type ContactRow, type ConversationRow, type DeviceRow } from './conversations/rows.ts'
import { OverlayDoor } from './status/overlay-door.ts'
import { type Journal } from './storage/journal.ts'
import { CONTACTS, CONVERSATIONS, DEVICES, DRAFTS } from './storage/keys.ts'
import { Table } from './storage/table.ts'

export class ChatCore {
  readonly ports: ChatPorts
  readonly journal: Journal
  readonly own: OwnAccount
  readonly contacts = new Table<ContactRow>(CONTACTS)
  readonly conversations = new Table<ConversationRow>(CONVERSATIONS)
  readonly drafts = new Table<string>(DRAFTS)
  readonly devices = new Table<DeviceRow>(DEVICES)
  readonly door: OverlayDoor
  /** What came from the network and was thrown away, by reason. */
  readonly drops = new DropCounts()

  constructor(ports: ChatPorts, journal: Journal, own: OwnAccount) {
    this.ports = ports
    this.journal = journal
    this.own = own
    this.door = new OverlayDoor(ports.log)
  }

  /** Errors: store-damaged. */
  async load(): Promise<void> {
    for (const table of [this.contacts, this.conversations, this.drafts, this.devices])
      await table.load(this.journal.store)
  }

  /** Whole milliseconds: what records and the contract hold. */
  wallMs(): number {
    return Math.floor(this.ports.clock.wallMs())
  }

  /** For work nobody waits for: what goes wrong is logged. */
  inBackground(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) =>
      this.ports.log.log('warn', 'chat', `${what} failed`, { error: String(error) }),
    )
  }
}
