// The typed bridge between the window and the node: every call and every event, with validators for both directions.
// The renderer imports nothing else of ours; main/desktop (Electron IPC) and main/web (WebSocket) both serve exactly this.
// A call is { name, argument } -> { ok, value } | { ok: false, error: { code, message } }; see dispatch.ts.

import * as v from 'valibot'

// ---- limits that the window enforces early and the node enforces for certain

export const MAX_TEXT_BYTES = 64 * 1024
export const MAX_NAME_CHARACTERS = 64
export const MAX_LINK_CHARACTERS = 4096
export const MAX_TOPIC_CHARACTERS = 64
export const MIN_PASSPHRASE_CHARACTERS = 8
export const PHRASE_WORDS = 24

// ---- pieces

const name = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(MAX_NAME_CHARACTERS))
// The limit counts UTF-8 bytes, and only the node knows it well enough to say too-large; these bounds are for the door.
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(4 * MAX_TEXT_BYTES))
const draftText = v.pipe(v.string(), v.maxLength(4 * MAX_TEXT_BYTES))
const link = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(MAX_LINK_CHARACTERS))
const passphrase = v.pipe(v.string(), v.minLength(1), v.maxLength(1024))
const phrase = v.pipe(v.string(), v.maxLength(1024))
/** Contacts: hex of the account key. Topics: hex of the topic id. */
const conversationId = v.pipe(v.string(), v.regex(/^(contact|topic):[0-9a-f]{64}$/))
const messageId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))
const timeMs = v.pipe(v.number(), v.integer(), v.minValue(0))
const count = v.pipe(v.number(), v.minValue(0))
const nothing = v.undefined()

/** More is no home computer's, and each costs the others a part of the rate. */
export const MAX_HELP_CIRCUITS = 4_096

/** Less is no help to anybody; the network lives of many who keep a little. */
export const LEAST_REPLICA_BYTES = 1_000_000

export const themeSchema = v.picklist(['system', 'light', 'dark'])

export const settingsSchema = v.object({
  theme: themeSchema,
  autostart: v.boolean(),
  closeToTray: v.boolean(),
  notifications: v.boolean(),
  /** Whether a notification shows the text, or only that there is one. */
  notificationPreview: v.boolean(),
  sendReadReceipts: v.boolean(),
  /** Whether this node relays for people who cannot reach each other, and how far: in all, not for each of them. */
  helpOthers: v.boolean(),
  helpBytesPerSecond: v.pipe(count, v.integer(), v.minValue(10_000)),
  helpBytesPerMonth: v.pipe(count, v.integer(), v.minValue(1_000_000)),
  helpCircuits: v.pipe(count, v.integer(), v.minValue(1), v.maxValue(MAX_HELP_CIRCUITS)),
  /** The space for records of others, on this computer's disk. */
  replicaBytes: v.pipe(count, v.integer(), v.minValue(LEAST_REPLICA_BYTES)),
  /** Ask the router to send what arrives at one port of it to this computer. */
  openRouterPort: v.boolean(),
  /** Announce the node on the local network, and look for others there. */
  findOnLocalNetwork: v.boolean(),
})

/** What this surface can do: a browser tab has no tray and no autostart. */
export const capabilitiesSchema = v.object({
  surface: v.picklist(['desktop', 'web']),
  tray: v.boolean(),
  autostart: v.boolean(),
  notifications: v.boolean(),
})

/**
 * The stage decides which view the window shows:
 *   starting -> (damaged -> repaired) -> first-run | locked -> phrase (shown once, until confirmed) -> ready
 *
 * `keys-missing`: the conversations are here and the keys of their account are not (the keychain is locked or has lost
 * them, the sealed file is cut). `account.unlock` with an empty passphrase tries again; `account.restore` with the 24
 * words of the same account goes on with the conversations.
 */
export const appStateSchema = v.object({
  stage: v.picklist(['starting', 'damaged', 'keys-missing', 'first-run', 'locked', 'phrase', 'ready']),
  /** Where secrets are kept. `file` asks for a passphrase at creation and at every start. */
  secretStorage: v.picklist(['keychain', 'file']),
  capabilities: capabilitiesSchema,
  version: v.string(),
  profilePath: v.string(),
  /** For `damaged`: what could not be read. For `keys-missing`: why there are no keys. Empty otherwise. */
  problem: v.string(),
  /** Where the repair left the copy of the damaged database; empty if there was none. */
  backupPath: v.string(),
})

/** How the network is doing, in words a person understands. Never blames an input. */
export const networkStateSchema = v.object({
  /** connecting: looking for a first peer. alone: nobody answered yet, still trying. online: part of the network. */
  kind: v.picklist(['connecting', 'alone', 'online', 'stopped']),
  peers: count,
  /** One sentence for the status line. */
  words: v.string(),
})

export const profileSchema = v.object({
  name: v.string(),
  /** Hex of the account key. */
  accountId: v.string(),
})

export const presenceSchema = v.picklist(['online', 'connecting', 'offline'])

export const contactSchema = v.object({
  conversationId,
  accountId: v.string(),
  /** The name given by the owner of this profile; else the one the contact goes by. */
  name: v.string(),
  /** How the contact calls themself; empty until heard. */
  ownName: v.string(),
  /**
   * waiting: we asked, they have not answered. request: they asked, we have not answered.
   * accepted: both. blocked: by us.
   */
  relation: v.picklist(['waiting', 'request', 'accepted', 'blocked']),
  isVerified: v.boolean(),
  presence: presenceSchema,
  lastSeenMs: timeMs,
})

/**
 * queued: stored here, not yet with the other side. delivered: stored on their device. read: they have seen it.
 * published (topics only): a node of the topic's tree has taken it. failed: will not be sent, with the reason.
 * received: from somebody else.
 */
export const messageStateSchema = v.picklist([
  'queued',
  'delivered',
  'read',
  'published',
  'failed',
  'received',
])

export const messageSchema = v.object({
  id: messageId,
  conversationId,
  /** Place in the conversation: strictly growing, local to this device. Pages and read marks refer to it. */
  position: count,
  fromSelf: v.boolean(),
  /** Who wrote it (topics: may be no contact). Empty for oneself. */
  authorId: v.string(),
  authorName: v.string(),
  text: v.string(),
  sentAtMs: timeMs,
  state: messageStateSchema,
  /** For queued and failed: why, in words. Otherwise empty. */
  stateReason: v.string(),
})

export const conversationSchema = v.object({
  id: conversationId,
  kind: v.picklist(['contact', 'topic']),
  title: v.string(),
  /** Empty where nothing was said yet. */
  lastLine: v.string(),
  lastFromSelf: v.boolean(),
  lastState: v.nullable(messageStateSchema),
  /** Of the last message, or when the conversation began. */
  lastAtMs: timeMs,
  unread: count,
  draft: v.string(),
  /** Contacts only. */
  contact: v.nullable(contactSchema),
})

export const invitationSchema = v.object({ link: v.string(), createdAtMs: timeMs })

export const invitationPreviewSchema = v.object({
  accountId: v.string(),
  /** How the inviter calls themself. */
  name: v.string(),
  safetyNumber: v.string(),
  /** The conversation, where the account is a contact already. */
  existing: v.nullable(conversationId),
})

/** What the transport knows of a session and its path, since the session began. Times in milliseconds. */
export const sessionFiguresSchema = v.object({
  /** Congestion control. */
  law: v.picklist(['bbr', 'cubic', 'ledbat']),
  /** Of the round trip: how much it varies, and the least seen. */
  rttVariationMs: count,
  leastRttMs: count,
  /** Bytes that may be under way, and are. */
  windowBytes: count,
  bytesInFlight: count,
  /** Null before anything is known of the path. */
  pacingBytesPerSecond: v.nullable(count),
  /** The largest packet that the path is known to carry. */
  packetBytes: count,
  sentPackets: count,
  receivedPackets: count,
  lostPackets: count,
  resentPackets: count,
  resentBytes: count,
})

export const sessionHealthSchema = v.object({
  nodeId: v.string(),
  /** Name of the contact whose node it is; empty for strangers. */
  contactName: v.string(),
  address: v.string(),
  rttMs: count,
  sentBytes: count,
  receivedBytes: count,
  /** Null where the computer is not reached by a session of this node's own. */
  figures: v.nullable(sessionFiguresSchema),
})

const tallySchema = v.object({ asked: count, arrived: count })

/** In RFC 5780's terms, with what it rests on; addresses as text. */
export const reachFindingsSchema = v.object({
  /** Where others see this node. */
  outside: v.string(),
  isTranslated: v.boolean(),
  mapping: v.picklist(['endpoint-independent', 'address-dependent', 'address-and-port-dependent']),
  filtering: v.picklist([
    'endpoint-independent',
    'address-dependent',
    'address-and-port-dependent',
    'unknown',
  ]),
  ports: v.picklist(['preserving', 'sequential', 'random', 'unknown']),
  /** Of sequential ports, the step from one to the next; else 0. */
  portStep: v.number(),
  sightings: v.array(v.object({ observer: v.string(), address: v.string() })),
  /** Where the other port of one observer saw this node; empty where that was not asked. */
  otherPort: v.string(),
  strangers: tallySchema,
  otherPorts: tallySchema,
  /** No knock could be had, but somebody to whom nothing was sent has called. */
  isCalledByStrangers: v.boolean(),
  freshPorts: v.array(count),
  ageMs: count,
})

export const familyReachSchema = v.object({
  kind: v.picklist(['public', 'open', 'punchable', 'hard-sequential', 'hard', 'blocked', 'unknown']),
  isMeasuring: v.boolean(),
  findings: v.nullable(reachFindingsSchema),
})

export const reachSchema = v.object({
  ipv4: familyReachSchema,
  ipv6: familyReachSchema,
  /** How long a connection may be idle before a sign of life; 0 until it was measured. */
  keepAliveMs: count,
})

/** What this node does for people who cannot reach each other, and what others do for it. */
export const helpHealthSchema = v.object({
  wantsToHelp: v.boolean(),
  isHelping: v.boolean(),
  circuits: count,
  maxCircuits: count,
  waiting: count,
  bytesThisMonth: count,
  maxBytesPerMonth: count,
  peopleThisMonth: count,
  refused: v.record(v.string(), count),
  /** Volunteers that expect calls for this node. */
  helpedBy: count,
})

export const healthSchema = v.object({
  network: networkStateSchema,
  networkName: v.string(),
  nodeId: v.string(),
  addresses: v.array(v.string()),
  /** What a bootstrap entry for this node looks like: HOST:PORT#KEY. */
  bootstrapEntry: v.string(),
  sessions: v.array(sessionHealthSchema),
  leafSetSize: count,
  tableSize: count,
  replicas: v.object({ count, bytes: count, quotaBytes: count }),
  topics: v.array(
    v.object({
      id: v.string(),
      /** Empty of one that this node only passes on. */
      name: v.string(),
      isMember: v.boolean(),
      isRoot: v.boolean(),
      hasParent: v.boolean(),
      children: count,
      /** Computers that hear it, as far as this one was told. */
      members: count,
      /** Steps up to the root, and levels below. */
      depth: count,
      height: count,
      /** Computers beside this one that hear at once what comes from below it. */
      shortcuts: count,
    }),
  ),
  traffic: v.object({ sentPackets: count, sentBytes: count, receivedPackets: count, receivedBytes: count }),
  /** Over the last ten seconds. */
  rate: v.object({ sentBytesPerSecond: count, receivedBytesPerSecond: count, packetsPerSecond: count }),
  dropped: v.record(v.string(), count),
  help: helpHealthSchema,
  uptimeMs: count,
  /** Who reaches this node; null while it is stopped. */
  reach: v.nullable(reachSchema),
  joinProblem: v.string(),
  /** What became of the port on the router, as a sentence; empty where there is nothing to say. */
  router: v.string(),
  /** A volunteer's second port, as a sentence; empty where there is nothing to say. */
  secondPort: v.string(),
})

export const errorSchema = v.object({ code: v.string(), message: v.string() })

// ---- calls: name -> [argument, result]

export const calls = {
  'app.state': [nothing, appStateSchema],
  /** Moves the damaged database aside as a backup and repairs what can be read. */
  'app.repair': [nothing, appStateSchema],

  /** `passphrase` is asked for where secrets are kept in a file. Next stage: phrase. */
  'account.create': [v.object({ name, passphrase: v.optional(passphrase) }), nothing],
  /** In the stage `keys-missing` the name counts for nothing: the conversations know it. */
  'account.restore': [v.object({ name, phrase, passphrase: v.optional(passphrase) }), nothing],
  /** The words, as long as the stage is `phrase`; afterwards refused: they are shown once. */
  'account.phrase': [nothing, v.array(v.string())],
  'account.confirmPhrase': [nothing, nothing],
  /** Empty in the stage `keys-missing`: tries again. */
  'account.unlock': [v.object({ passphrase: v.pipe(v.string(), v.maxLength(1024)) }), nothing],

  'profile.get': [nothing, profileSchema],
  'profile.rename': [v.object({ name }), profileSchema],

  'network.state': [nothing, networkStateSchema],

  'invitation.get': [nothing, invitationSchema],
  /** Makes a new link; who holds the old one can still ask, but is no longer accepted without being asked. */
  'invitation.renew': [nothing, invitationSchema],

  'contacts.preview': [v.object({ link }), invitationPreviewSchema],
  /** Returns the conversation. Works offline: the request waits for the other side. */
  'contacts.add': [v.object({ link, name: v.optional(name) }), conversationSchema],
  'contacts.accept': [v.object({ conversationId }), nothing],
  'contacts.block': [v.object({ conversationId, blocked: v.boolean() }), nothing],
  /** Removes contact and conversation from this device. */
  'contacts.remove': [v.object({ conversationId }), nothing],
  'contacts.rename': [v.object({ conversationId, name }), nothing],
  'contacts.safetyNumber': [v.object({ conversationId }), v.string()],
  'contacts.setVerified': [v.object({ conversationId, isVerified: v.boolean() }), nothing],

  'topics.subscribe': [
    v.object({ topic: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(MAX_TOPIC_CHARACTERS)) }),
    conversationSchema,
  ],
  /** Leaves the topic and forgets its history here. */
  'topics.leave': [v.object({ conversationId }), nothing],

  'conversations.list': [nothing, v.array(conversationSchema)],
  'conversations.setDraft': [v.object({ conversationId, draft: draftText }), nothing],
  /** Everything up to and including the position is read. */
  'conversations.markRead': [v.object({ conversationId, position: count }), nothing],

  /** Newest page, or the page before a position. In growing order. */
  'messages.page': [
    v.object({
      conversationId,
      before: v.optional(count),
      limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)),
    }),
    v.array(messageSchema),
  ],
  /** Resolves when the message is stored on this device's disk: from then on it will be sent, whatever happens. */
  'messages.send': [v.object({ conversationId, text }), messageSchema],

  'health.get': [nothing, healthSchema],
  /** Asks for `health` events about once a second, until switched off or the window closes. */
  'health.watch': [v.object({ on: v.boolean() }), nothing],

  'settings.get': [nothing, settingsSchema],
  'settings.set': [v.partial(settingsSchema), settingsSchema],
} as const satisfies Record<string, readonly [v.GenericSchema, v.GenericSchema]>

// ---- events: name -> payload

export const events = {
  'app.state': appStateSchema,
  'network.state': networkStateSchema,
  profile: profileSchema,
  /** New or changed. */
  conversation: conversationSchema,
  'conversation.removed': v.object({ id: conversationId }),
  /** New or changed (a state mark moved on). */
  message: messageSchema,
  health: healthSchema,
  settings: settingsSchema,
  /** A banyan: link was opened from outside; the window offers to add the contact. */
  'open.link': v.object({ link }),
  /** A notification was clicked. */
  'open.conversation': v.object({ conversationId }),
} as const satisfies Record<string, v.GenericSchema>

export type CallName = keyof typeof calls
export type CallArgument<N extends CallName> = v.InferOutput<(typeof calls)[N][0]>
export type CallResult<N extends CallName> = v.InferOutput<(typeof calls)[N][1]>
export type EventName = keyof typeof events
export type EventPayload<N extends EventName> = v.InferOutput<(typeof events)[N]>

export type Theme = v.InferOutput<typeof themeSchema>
export type Settings = v.InferOutput<typeof settingsSchema>
export type Capabilities = v.InferOutput<typeof capabilitiesSchema>
export type AppState = v.InferOutput<typeof appStateSchema>
export type NetworkState = v.InferOutput<typeof networkStateSchema>
export type Profile = v.InferOutput<typeof profileSchema>
export type Presence = v.InferOutput<typeof presenceSchema>
export type Contact = v.InferOutput<typeof contactSchema>
export type MessageState = v.InferOutput<typeof messageStateSchema>
export type Message = v.InferOutput<typeof messageSchema>
export type Conversation = v.InferOutput<typeof conversationSchema>
export type Invitation = v.InferOutput<typeof invitationSchema>
export type InvitationPreview = v.InferOutput<typeof invitationPreviewSchema>
export type Health = v.InferOutput<typeof healthSchema>
export type FamilyReach = v.InferOutput<typeof familyReachSchema>
export type ReachFindings = v.InferOutput<typeof reachFindingsSchema>

/** What the preload script puts on the window as `banyan`, and what the web page's own bridge provides alike. */
export interface Bridge {
  call(name: string, argument: unknown): Promise<Reply>
  /** Returns how to stop listening. */
  listen(listener: (name: string, payload: unknown) => void): () => void
}

export type Reply = { ok: true; value: unknown } | { ok: false; error: { code: string; message: string } }

/** The node's side: one handler per call. */
export type Handlers = {
  [N in CallName]: (argument: CallArgument<N>) => Promise<CallResult<N>>
}

/** How the node's side tells its windows. */
export type Emit = <N extends EventName>(name: N, payload: EventPayload<N>) => void

/** The window's side: the same calls as promises that reject with BridgeError. */
export interface Api {
  call<N extends CallName>(
    name: N,
    ...argument: CallArgument<N> extends undefined ? [] : [CallArgument<N>]
  ): Promise<CallResult<N>>
  on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void
}
