// The overlay as the chat sees it. node.ts implements it; nothing above knows more of the network than this.

import { type Bytes } from './base/bytes.ts'
import { type Id, type NodeId } from './base/id.ts'
import { type Address } from './ports/datagram-socket.ts'
import { type Meshes } from './ports/meshes.ts'
import { type HelpSettings, type RelayStatus } from './ports/relays.ts'
import { type PortMappingStatus } from './ports/port-mapper.ts'
import { type PeerRecord } from './wire/peer-record.ts'
import { type DialTarget } from './transport/links.ts'
import { type SessionFigures } from './transport/session-trace.ts'

export type SendResult =
  | { kind: 'delivered'; via: 'session' | 'route' } // the peer's node has acknowledged all of it
  | { kind: 'failed'; reason: 'unreachable' | 'timeout' | 'closed' }

/**
 * An immutable record's key is a hash of its value; a signed one's, of the hash of its public key and of its salt. Both
 * hashes carry a label, so the two kinds cannot collide: `recordKey` and `signedKey` in wire/dht-record.ts make them.
 */
export type DhtRecord =
  | { kind: 'immutable'; value: Bytes; expiresAtMs: number }
  | {
      kind: 'signed'
      publicKey: Bytes
      salt: Bytes
      /** Of two records with one key, the higher sequence wins. */
      sequence: number
      value: Bytes
      expiresAtMs: number
      signature: Bytes
    }
  | {
      /** In a mailbox (wire/envelope.ts), by one of those whom its owner gave a write key, or through its door. */
      kind: 'envelope'
      mailbox: Id
      writer: Bytes
      nonce: number
      /** Sealed for the owner. */
      value: Bytes
      expiresAtMs: number
      signature: Bytes
    }

export const MAX_RECORD_VALUE_BYTES = 16 * 1024

export interface Publication {
  topic: Id
  /** Hash of the publication: equal for equal bytes. */
  id: Id
  payload: Bytes
}

export type PublishResult =
  { kind: 'accepted' } | { kind: 'failed'; reason: 'unreachable' | 'timeout' | 'closed' }

export interface OverlayEvents {
  /** A direct message from a node, handed over once per arrival (an application resends, so it must recognise repeats). */
  message(from: NodeId, payload: Bytes): void
  /** The node came in reach (a session is up), or went out of it. Only for nodes named by `keepInTouch`. */
  contactUp(id: NodeId): void
  contactDown(id: NodeId): void
  publication(publication: Publication): void
  status(status: OverlayStatus): void
}

/**
 * How a session runs. direct: to an address that was known; punched: through NATs, both ends having knocked at the same time;
 * predicted: the same, at a port that nobody had named; relayed: through a volunteer.
 */
export type PathKind = 'direct' | 'punched' | 'predicted' | 'relayed'

export interface SessionStatus {
  id: NodeId
  address: string
  path: PathKind
  rttMs: number
  sentBytes: number
  receivedBytes: number
  /** What the transport knows of it; undefined where its links are no sessions. */
  figures: SessionFigures | undefined
}

/** On what a mapping or a filter depends besides the inside address (RFC 4787 §4.1 and §5, RFC 5780 §4). */
export type Dependence = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent'

/** What port a new mapping gets (RFC 4787 §4.2.1): the inside one, the last one and a step, or any. */
export type PortAssignment =
  { kind: 'preserving' } | { kind: 'sequential'; delta: number } | { kind: 'random' } | { kind: 'unknown' }

/** What the findings rest on, for people who want to check them. Addresses as text. */
export interface ReachEvidence {
  sightings: { observer: string; address: string }[]
  /** The same observer from its other port; empty where that was not asked. */
  otherPort: string
  /** Knocks that were sent, and whether one arrived: by strangers, and by a peer from a port that nothing was sent to. */
  strangers: { asked: number; arrived: number }
  otherPorts: { asked: number; arrived: number }
  /** Nobody could be made to knock, but somebody to whom nothing was sent has called. */
  isCalledByStrangers: boolean
  /** Ports that new mappings got, one after another. */
  freshPorts: number[]
}

export interface ReachFindings {
  /** The outside address is not one of this computer's own. */
  isTranslated: boolean
  /** Strangers reach this node at an address of its own. */
  isPublic: boolean
  mapping: Dependence
  filtering: Dependence | 'unknown'
  portAssignment: PortAssignment
  reflexive: Address
  evidence: ReachEvidence
  /** By the clock that only counts. */
  measuredAtMs: number
}

/**
 * public: strangers reach it at its own address. open: behind a translator that lets strangers in. punchable: reached by who is
 * sent something at the same moment. hard-sequential: another port for every peer, but one that can be foretold. hard: one
 * that cannot. blocked: nothing that is sent is answered. unknown: nobody to ask yet.
 */
export type ReachKind = 'public' | 'open' | 'punchable' | 'hard-sequential' | 'hard' | 'blocked' | 'unknown'

export interface FamilyReach {
  kind: ReachKind
  isMeasuring: boolean
  findings: ReachFindings | undefined
}

export interface ReachStatus {
  ipv4: FamilyReach
  ipv6: FamilyReach
  /** How long a session may be idle here before a sign of life; undefined until it was measured. */
  keepAliveMs: number | undefined
}

/** A topic in whose tree this node is. */
export interface TopicStatus {
  id: Id
  isMember: boolean
  /** Nodes that this one passes publications on to. */
  children: number
  hasParent: boolean
  isRoot: boolean
  /** Nodes that hear it, this one included, as far as it is known here: told with heartbeats, so it lags by minutes. */
  members: number
  /** Nodes between this one and the root, the root included; 0 at the root, and while there is no parent. */
  depth: number
  /** Levels below this node. */
  height: number
  /** Siblings that publications from below go to at once. */
  shortcuts: number
  parent?: NodeId
}

export interface OverlayStatus {
  /** joining: looking for a first peer. alone: nobody answered yet, still trying. joined: has peers. */
  stage: 'stopped' | 'joining' | 'alone' | 'joined'
  id: NodeId
  addresses: Address[]
  sessions: SessionStatus[]
  leafSetSize: number
  tableSize: number
  /** Of others, and the space they may take. */
  replicas: { count: number; bytes: number; quotaBytes: number }
  topics: TopicStatus[]
  traffic: { sentPackets: number; sentBytes: number; receivedPackets: number; receivedBytes: number }
  /** Datagrams and messages that were thrown away, by reason. */
  dropped: Record<string, number>
  /** What this node does for others who cannot reach each other; missing where it has no socket to do it with. */
  relay?: RelayStatus
  /** Who reaches this node, and how; only where it has a socket of its own to find out with. */
  reach?: ReachStatus
  /** Why the last attempt to join failed, in the words of its error; empty when joined. */
  joinProblem: string
  /** The second UDP port that a volunteer listens on; 0 where none could be opened, absent where none is wanted. */
  wellKnownPort?: number
  /** Undefined where nobody asks routers: a simulation, a node on loopback. */
  portMapping?: PortMappingStatus
  /** Computers of this network found on the local one; undefined where nobody looks. */
  lan?: { found: number }
}

/** Chosen: a full share of a network of 10^6 that each keep 5 kB, eight times, fits a hundredfold. */
export const DEFAULT_REPLICA_BYTES = 256_000_000

export interface OverlayApi {
  readonly self: PeerRecord
  /** Groups whose members hear each other's broadcasts: what rooms are built on. */
  readonly meshes: Meshes
  start(): Promise<void>
  stop(): Promise<void>
  on(events: Partial<OverlayEvents>): void
  /** Peers to join through: from an invitation, the bootstrap list, the last run. Tried in parallel, again and again. */
  addPeers(targets: DialTarget[]): void
  /** Keeps trying to hold a session with a node: by the addresses given, else by the record it published. */
  keepInTouch(id: NodeId, hint?: DialTarget): void
  forget(id: NodeId): void
  send(to: NodeId, payload: Uint8Array): Promise<SendResult>
  /**
   * The number of replicas that acknowledged. Errors: too-large, bad-signature, expired, unreachable, timeout, quota,
   * refused (a higher sequence is there already).
   */
  put(record: DhtRecord): Promise<number>
  /** The valid record with the highest sequence that was found. Errors: unreachable, timeout. */
  get(key: Id): Promise<DhtRecord | undefined>
  /** Local calls: they hold from now on, whatever the network does, until left. */
  subscribe(topic: Id): void
  leave(topic: Id): void
  publish(topic: Id, payload: Uint8Array): Promise<PublishResult>
  /** "Help others connect": holds at once. */
  setHelp(help: HelpSettings): void
  /** The space for records of others: holds at once, and what does not fit any more goes. */
  setReplicaQuota(bytes: number): void
  status(): OverlayStatus
}
