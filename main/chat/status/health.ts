// The node health view: what the overlay reports, with names for the nodes that belong to contacts, and rates over the
// last ten seconds. Nothing is sampled while nobody looks.

import { type Health } from '../../../preload/contract.ts'
import { toBase64Url, toHex } from '../../overlay/base/bytes.ts'
import { type Timer } from '../../overlay/ports/clock.ts'
import { formatAddress } from '../../overlay/ports/datagram-socket.ts'
import { type OverlayStatus } from '../../overlay/api.ts'
import { type Contacts } from '../contacts/contacts.ts'
import { nameOf } from '../conversations/known-names.ts'
import { type ChatCore } from '../core.ts'
import { type Topics } from '../topics/topics.ts'
import { sessionFigures } from './session-figures.ts'
import { networkState } from './network-words.ts'
import { reachView } from './reach-view.ts'
import { routerWords, secondPortWords } from './router-words.ts'

const SAMPLE_MS = 1_000
const RATE_SAMPLES = 10

type Traffic = OverlayStatus['traffic']

export class HealthMonitor {
  readonly #core: ChatCore
  readonly #contacts: Contacts
  readonly #topics: Topics
  readonly #startedMs: number
  #samples: { atMs: number; traffic: Traffic }[] = []
  #timer: Timer | undefined

  constructor(core: ChatCore, contacts: Contacts, topics: Topics) {
    this.#core = core
    this.#contacts = contacts
    this.#topics = topics
    this.#startedMs = core.ports.clock.nowMs()
  }

  watch(isOn: boolean): void {
    if (!isOn) return this.stop()
    if (this.#timer) return
    this.#samples = []
    this.#tick()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  get(): Health {
    const core = this.#core
    const status = core.door.status() ?? offline(core)
    const addresses = status.addresses.map(formatAddress)
    return {
      network: networkState(core.door.status(), core.door.problem),
      networkName: core.ports.network.name,
      nodeId: core.own.nodeId,
      addresses,
      bootstrapEntry: this.#bootstrapEntry(addresses[0]),
      sessions: status.sessions.map((session) => this.#session(session)),
      leafSetSize: status.leafSetSize,
      tableSize: status.tableSize,
      replicas: { ...status.replicas },
      topics: status.topics.map(({ parent: _, ...topic }) => ({
        ...topic,
        name: this.#topics.nameOf(topic.id),
      })),
      traffic: { ...status.traffic },
      rate: this.#rate(status.traffic),
      dropped: { ...status.dropped, ...prefixed(core.drops.snapshot()) },
      help: helpOf(status.relay),
      uptimeMs: Math.round(core.ports.clock.nowMs() - this.#startedMs),
      reach: status.reach ? reachView(status.reach, core.ports.clock.nowMs()) : null,
      joinProblem: core.door.problem || status.joinProblem,
      router: routerWords(status.portMapping),
      secondPort: secondPortWords(status.wellKnownPort),
    }
  }

  #tick(): void {
    this.#timer = this.#core.ports.clock.after(SAMPLE_MS, () => this.#tick())
    const health = this.get()
    this.#samples.push({ atMs: this.#core.ports.clock.nowMs(), traffic: health.traffic })
    if (this.#samples.length > RATE_SAMPLES) this.#samples.shift()
    this.#core.ports.emit('health', health)
  }

  #bootstrapEntry(address: string | undefined): string {
    return `${address ?? 'HOST:PORT'}#${toBase64Url(this.#core.own.identity.noiseKey.publicKey)}`
  }

  #session({
    id,
    address,
    rttMs,
    sentBytes,
    receivedBytes,
    figures,
  }: OverlayStatus['sessions'][number]): Health['sessions'][number] {
    const device = this.#contacts.deviceOf(id)
    const contact = device && this.#core.contacts.get(toHex(device.accountKey))
    return {
      nodeId: id,
      contactName: contact ? nameOf(contact) : '',
      address,
      rttMs: Math.max(0, rttMs),
      sentBytes,
      receivedBytes,
      figures: figures ? sessionFigures(figures) : null,
    }
  }

  #rate(now: Traffic): Health['rate'] {
    const first = this.#samples[0]
    const seconds = first ? (this.#core.ports.clock.nowMs() - first.atMs) / 1000 : 0
    if (!first || seconds <= 0)
      return { sentBytesPerSecond: 0, receivedBytesPerSecond: 0, packetsPerSecond: 0 }
    const per = (key: keyof Traffic) => Math.max(0, now[key] - first.traffic[key]) / seconds
    return {
      sentBytesPerSecond: per('sentBytes'),
      receivedBytesPerSecond: per('receivedBytes'),
      packetsPerSecond: per('sentPackets') + per('receivedPackets'),
    }
  }
}

/** All nothing where there is no overlay, or one without a socket. */
function helpOf(relay: OverlayStatus['relay']): Health['help'] {
  return {
    wantsToHelp: relay?.wantsToHelp ?? false,
    isHelping: relay?.isHelping ?? false,
    circuits: relay?.circuits ?? 0,
    maxCircuits: relay?.limits.circuits ?? 0,
    waiting: relay?.reservations ?? 0,
    bytesThisMonth: relay?.bytesThisMonth ?? 0,
    maxBytesPerMonth: relay?.limits.bytesPerMonth ?? 0,
    peopleThisMonth: relay?.peopleThisMonth ?? 0,
    refused: { ...relay?.refused },
    helpedBy: relay?.helpedBy ?? 0,
  }
}

/** The chat's own counts, told apart from the overlay's. */
function prefixed(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([reason, count]) => [`chat: ${reason}`, count]))
}

function offline(core: ChatCore): OverlayStatus {
  return {
    stage: 'stopped',
    id: core.own.nodeId,
    addresses: [],
    sessions: [],
    leafSetSize: 0,
    tableSize: 0,
    replicas: { count: 0, bytes: 0, quotaBytes: 0 },
    topics: [],
    traffic: { sentPackets: 0, sentBytes: 0, receivedPackets: 0, receivedBytes: 0 },
    dropped: {},
    joinProblem: '',
  }
}
