// Who got which publication, how late, and in how many copies; and how many copies crossed each node's line to the network.
//
// A copy is counted where it is sent: the publication itself from neighbour to neighbour in the tree, and the routed message
// by which it enters the tree, over each of its hops.

import { fromUtf8, utf8 } from '../../main/overlay/base/bytes.ts'
import { type Id } from '../../main/overlay/base/id.ts'
import { APPLICATION, MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { type Host, type World } from '../world/world.ts'

/** main/overlay/wire/routed-message.ts: type 1, request id 8, key 32, application 1. */
const APPLICATION_AT = 41
/** A short text of a person, with name and signature of the application. */
const PAYLOAD_CHARACTERS = 200
/** Where members come and go: who subscribed so long before and stayed so long after is to have heard it. */
const JOINED_BEFORE_MS = 15_000
const JUDGED_AFTER_MS = 60_000

interface Sent {
  sentMs: number
  from: number
  /** Of members that were up when it was sent, without its publisher. */
  audience: Set<number>
  /** When, by member. */
  heard: Map<number, number>
  isAccepted: boolean
}

export interface Hearing {
  publication: number
  delayMs: number
  /** The modelled way from publisher to member without detours. */
  directMs: number
  isByMember: boolean
}

export interface Deliveries {
  /** Of the pairs of publication and member that were to be, those that were. */
  share: number
  expected: number
  hearings: Hearing[]
}

export class TopicLog {
  readonly world: World
  readonly topic: Id
  readonly #members = new Map<number, Host>()
  readonly #subscribedMs = new Map<number, number>()
  readonly #sent: Sent[] = []
  /** Hearings of what was accepted, by members that were online throughout: those that were to be, and those that were. */
  readonly throughout = { expected: 0, heard: 0 }
  readonly #hearings: Hearing[] = []
  /** By host: copies received, and copies that crossed its line either way. */
  readonly #received = new Map<number, number>()
  readonly #crossed = new Map<number, number>()
  heardTwice = 0

  constructor(world: World, topic: Id) {
    this.world = world
    this.topic = topic
    world.network.tap((from, to, message) => {
      if (!isPublication(message)) return
      this.#received.set(to, (this.#received.get(to) ?? 0) + 1)
      for (const host of [from, to]) this.#crossed.set(host, (this.#crossed.get(host) ?? 0) + 1)
    })
  }

  get members(): Host[] {
    return [...this.#members.values()].filter((host) => this.world.isUp(host))
  }

  get count(): number {
    return this.#sent.length
  }

  get accepted(): number {
    return this.#sent.filter(({ isAccepted }) => isAccepted).length
  }

  join(host: Host): void {
    this.#members.set(host.number, host)
    this.#subscribedMs.set(host.number, this.world.nowMs)
    host.node.on({
      publication: ({ topic, payload }) => void (topic === this.topic && this.#heard(host, payload)),
    })
    host.node.subscribe(this.topic)
  }

  publish(from: Host): void {
    const number = this.#sent.length
    const members = this.members.filter((host) => host !== from).map((host) => host.number)
    const sent: Sent = {
      sentMs: this.world.nowMs,
      from: from.number,
      audience: new Set(members),
      heard: new Map(),
      isAccepted: false,
    }
    this.#sent.push(sent)
    this.world.queue.at(this.world.nowMs + JUDGED_AFTER_MS, () => this.#judge(sent))
    const text = `${number} `.padEnd(PAYLOAD_CHARACTERS, '.')
    void from.node.publish(this.topic, utf8(text)).then(({ kind }) => {
      sent.isAccepted = kind === 'accepted'
    })
  }

  /** Of the publications from one on, until another: heard within so long by members that are still up. */
  between(first: number, end = this.#sent.length, withinMs = Infinity): Deliveries {
    let [expected, heard] = [0, 0]
    for (const { audience, heard: by, sentMs } of this.#sent.slice(first, end))
      for (const number of audience)
        if (this.world.isUp(this.#members.get(number)!)) {
          expected++
          if ((by.get(number) ?? Infinity) - sentMs <= withinMs) heard++
        }
    const hearings = this.#hearings.filter(({ publication }) => publication >= first && publication < end)
    return { share: expected === 0 ? 1 : heard / expected, expected, hearings }
  }

  #judge({ audience, heard, sentMs, isAccepted }: Sent): void {
    if (!isAccepted) return
    for (const number of audience) {
      if (sentMs - this.#subscribedMs.get(number)! < JOINED_BEFORE_MS) continue
      if (!this.world.isUp(this.#members.get(number)!)) continue
      this.throughout.expected++
      if (heard.has(number)) this.throughout.heard++
    }
  }

  /** Copies that members received and that crossed each line since the counters were last cleared. */
  copies(): { received: number; lines: number[] } {
    const received = this.members.reduce((sum, { number }) => sum + (this.#received.get(number) ?? 0), 0)
    return { received, lines: [...this.#crossed.values()] }
  }

  clearCopies(): void {
    this.#received.clear()
    this.#crossed.clear()
  }

  #heard({ number }: Host, payload: Uint8Array): void {
    const publication = parseInt(fromUtf8(payload), 10)
    const { audience, heard, sentMs, from } = this.#sent[publication]!
    if (!audience.has(number)) return
    if (heard.has(number)) return void this.heardTwice++
    const { nowMs, network } = this.world
    heard.set(number, nowMs)
    const directMs = network.terrain.delayMs(from, number)
    const isByMember = this.#members.has(from)
    this.#hearings.push({ publication, delayMs: nowMs - sentMs, directMs, isByMember })
  }
}

function isPublication(message: Uint8Array): boolean {
  if (message[0] === MESSAGE.routed) return message[APPLICATION_AT] === APPLICATION.publish
  return message[0] === MESSAGE.publication
}
