// Everything that runs while an account is open, and how the parts hold on to each other. The only file that knows them
// all; it decides nothing itself.

import { type NetworkState } from '../../preload/contract.ts'
import { codeOf } from '../overlay/base/errors.ts'
import { type NodeId } from '../overlay/base/id.ts'
import { toHex } from '../overlay/base/bytes.ts'
import { type Timer } from '../overlay/ports/clock.ts'
import { type ChatPorts } from './chat-ports.ts'
import { type OwnAccount } from './account/own-account.ts'
import { Contacts } from './contacts/contacts.ts'
import { Invitation } from './contacts/invitation.ts'
import { Announcer } from './conversations/announcer.ts'
import { Conversations } from './conversations/conversations.ts'
import { contactConversation } from './conversations/rows.ts'
import { Views } from './conversations/views.ts'
import { ChatCore } from './core.ts'
import { Directory } from './devices/directory.ts'
import { PrekeyKeeper } from './devices/prekey-keeper.ts'
import { Acknowledger } from './messaging/acknowledger.ts'
import { Inbox } from './messaging/inbox.ts'
import { Messages } from './messaging/messages.ts'
import { Outbox } from './messaging/outbox.ts'
import { Sealer } from './messaging/sealer.ts'
import { SeenEnvelopes } from './messaging/seen-envelopes.ts'
import { helpOf, type SettingsKeeper } from './settings.ts'
import { HealthMonitor } from './status/health.ts'
import { networkState, overlayProblem } from './status/network-words.ts'
import { Notifier } from './status/notifier.ts'
import { Presence } from './status/presence.ts'
import { type OpenStore } from './ports/profile.ts'
import { type Journal } from './storage/journal.ts'
import { Topics } from './topics/topics.ts'

const FIRST_CONNECT_MS = 5_000
const LAST_CONNECT_MS = 60_000

export class OpenChat {
  readonly core: ChatCore
  readonly views: Views
  readonly conversations: Conversations
  readonly contacts: Contacts
  readonly invitation: Invitation
  readonly messages: Messages
  readonly topics: Topics
  readonly health: HealthMonitor
  readonly announcer: Announcer
  readonly #presence: Presence
  readonly #outbox: Outbox
  readonly #inbox: Inbox
  readonly #directory: Directory
  readonly #seen: SeenEnvelopes
  #network: NetworkState = networkState(undefined, '')
  #overlayStore: OpenStore | undefined
  #connecting: Promise<void> | undefined
  #retry: Timer | undefined
  #isStopped = false

  constructor(ports: ChatPorts, journal: Journal, own: OwnAccount, settings: SettingsKeeper) {
    const core = new ChatCore(ports, journal, own)
    this.core = core
    this.#presence = new Presence(ports.clock, (accountId) => this.#presenceChanged(accountId))
    this.views = new Views(core, this.#presence)
    this.announcer = new Announcer(core, this.views)
    this.conversations = new Conversations(core, this.views, this.announcer)
    settings.follow((all) => {
      core.door.setHelp(helpOf(all))
      core.door.setReplicaQuota(all.replicaBytes)
    })
    const notifier = new Notifier(core, this.views, settings)
    const prekeys = new PrekeyKeeper(ports, journal, own)
    const sealer = new Sealer(core, prekeys)
    this.#outbox = new Outbox(core, sealer, this.conversations)
    this.invitation = new Invitation(core)
    const { conversations, announcer, invitation, views } = this
    const outbox = this.#outbox
    const seen = (this.#seen = new SeenEnvelopes(core))
    this.contacts = new Contacts({
      core,
      conversations,
      announcer,
      outbox,
      presence: this.#presence,
      invitation,
      seen,
    })
    this.topics = new Topics(core, conversations, notifier, views)
    this.messages = new Messages({ core, conversations, outbox, topics: this.topics, views, settings })
    this.#directory = new Directory(core, prekeys, sealer, outbox, this.contacts)
    outbox.wantSession = (peer) => this.#directory.wantSession(peer)
    outbox.greet = (peer) => this.contacts.greet(peer)
    const acknowledger = new Acknowledger(core)
    const { contacts } = this
    this.#inbox = new Inbox({
      core,
      sealer,
      contacts,
      conversations,
      outbox,
      directory: this.#directory,
      acknowledger,
      notifier,
      seen,
    })
    this.health = new HealthMonitor(core, contacts, this.topics)
  }

  /** Errors: store-damaged. Returns when everything stored can be shown; the network comes in the background. */
  async start(): Promise<void> {
    await this.core.load()
    this.core.door.on({
      message: (from, payload) => this.#inbox.receive(from, payload),
      contactUp: (id) => this.#up(id),
      contactDown: (id) => this.#down(id),
      publication: (publication) => this.topics.receive(publication),
      status: () => this.#statusChanged(),
    })
    this.contacts.start()
    if (this.core.own.isNewDevice) await this.contacts.greetAll()
    this.topics.start()
    this.#directory.start()
    this.#seen.start()
    this.#outbox.start()
    this.announcer.unread()
    this.core.inBackground('deleting messages', this.conversations.resumePurges())
    this.#connecting = this.#connect()
  }

  /** A computer of one's own that was lost or sold: nobody listens to it any more. Errors: refused, store-full. */
  revokeDevice(nodeId: NodeId): Promise<void> {
    return this.#directory.revoke(nodeId)
  }

  network(): NetworkState {
    return networkState(this.core.door.status(), this.core.door.problem)
  }

  /** Everything accepted is on the disk when this resolves. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#retry?.cancel()
    this.#inbox.stop()
    this.health.stop()
    this.topics.stop()
    this.#directory.stop()
    this.#seen.stop()
    await this.#connecting
    await this.#outbox.stop()
    await this.core.door.detach()?.stop()
    this.#presence.stop()
    await this.core.journal.settled()
    await this.#overlayStore?.close()
  }

  /** Tried again as long as this chat is open: a port that is taken becomes free, a disk gets room again. */
  async #connect(attempts = 0): Promise<void> {
    const { overlay: makeOverlay, log, clock } = this.core.ports
    try {
      this.#overlayStore ??= await this.#openOverlayStore()
      const overlay = await makeOverlay({ seeds: this.core.own.secrets.node, store: this.#overlayStore })
      this.core.door.attach(overlay)
      if (!this.#isStopped) await overlay.start()
    } catch (error) {
      log.log(attempts === 0 ? 'error' : 'warn', 'chat', 'the network could not be opened', {
        code: codeOf(error),
        error: String(error),
      })
      await this.#detach()
      this.core.door.fail(overlayProblem(codeOf(error)))
      if (!this.#isStopped)
        this.#retry = clock.after(Math.min(LAST_CONNECT_MS, FIRST_CONNECT_MS * 2 ** attempts), () => {
          this.#connecting = this.#connect(attempts + 1)
        })
    }
    this.#statusChanged()
  }

  async #detach(): Promise<void> {
    try {
      await this.core.door.detach()?.stop()
    } catch (error) {
      // half an overlay that cannot be stopped either: the next one has its own socket
      this.core.ports.log.log('warn', 'chat', 'the network could not be closed', { error: String(error) })
    }
  }

  /** What it holds is the network's: where it is damaged it is repaired without asking, or begun anew. */
  async #openOverlayStore(): Promise<OpenStore> {
    const { profile, log } = this.core.ports
    try {
      return await profile.open('overlay')
    } catch (error) {
      if (codeOf(error) !== 'store-damaged') throw error
    }
    try {
      log.log('warn', 'chat', 'the overlay database was damaged', { backup: await profile.repair('overlay') })
      return await profile.open('overlay')
    } catch (error) {
      if (codeOf(error) !== 'store-damaged') throw error
    }
    log.log('warn', 'chat', 'the overlay database is begun anew', {
      backup: await profile.setAside('overlay'),
    })
    return profile.open('overlay')
  }

  #up(id: NodeId): void {
    const device = this.contacts.deviceOf(id)
    if (!device || this.#isStopped) return
    const accountId = toHex(device.accountKey)
    this.#presence.up(accountId, id)
    this.#outbox.up(id)
    this.#directory.up(id)
    this.core.inBackground('noting the time', this.contacts.seen(accountId))
  }

  #down(id: NodeId): void {
    const device = this.contacts.deviceOf(id)
    if (!device || this.#isStopped) return
    const accountId = toHex(device.accountKey)
    this.#outbox.down(id)
    this.#presence.down(accountId, id)
    this.core.inBackground('noting the time', this.contacts.seen(accountId))
  }

  #presenceChanged(accountId: string): void {
    if (this.#isStopped) return
    const id = contactConversation(accountId)
    this.announcer.conversation(id)
    this.core.inBackground('telling why messages wait', this.conversations.tellQueued(id))
  }

  #statusChanged(): void {
    if (this.#isStopped) return
    const state = this.network()
    this.#directory.joined(state.kind === 'online')
    const before = this.#network
    if (before.kind === state.kind && before.peers === state.peers && before.words === state.words) return
    this.#network = state
    if (state.kind === 'online' && before.kind !== 'online') this.topics.pump()
    if ((state.kind === 'online') !== (before.kind === 'online'))
      for (const { id, kind } of this.core.conversations.values())
        if (kind === 'contact')
          this.core.inBackground('telling why messages wait', this.conversations.tellQueued(id))
    this.core.ports.emit('network.state', state)
  }
}
