// Whom this node asks where it is seen. By its sessions' socket it may ask any peer; to a new socket's question most keep
// silent, for they are behind routers that let no stranger in, and it is a stranger there. Who is not cannot be told beforehand:
// it is learned from who answers.

import { BoundedMap } from '../base/bounded-map.ts'
import { type NodeId } from '../base/id.ts'
import { inTime } from '../base/in-time.ts'
import { type AddressFamily, familyOf, kindOfHost } from '../base/ip-ranges.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Address, type DatagramSocket } from '../ports/datagram-socket.ts'
import { type Link, type Links } from '../transport/links.ts'
import { type Observing, type Seen } from './observing.ts'

/** A peer that can be asked, at an address of the family that is measured. */
export interface Observer {
  readonly link: Link
  readonly address: Address
}

export interface Sighted {
  readonly observer: Observer
  readonly seen: Seen
  /** All that the socket has sent to by now: a translator has given it a port for each. */
  readonly asked: readonly Observer[]
}

/** Chosen: most round trips are shorter, and a translator that counts spends a port for each that is asked beside. */
const PATIENCE_MS = 300
/** Chosen: of nobody is anything known. Where a third lets strangers in, one of three does in seven cases of ten. */
const AT_ONCE = 3
/** Chosen: a forecast reaches ten ports to either side (own-candidates.ts), and most of these are asked before the first answer. */
const MAX_ASKED = 12
const MAX_REMEMBERED = 512

export class Observers {
  readonly #around: Surroundings
  readonly #links: Links
  readonly #observing: Observing
  /** Whether a new socket's last question was answered. */
  readonly #answered = new BoundedMap<NodeId, boolean>(MAX_REMEMBERED)

  constructor(around: Surroundings, links: Links, observing: Observing) {
    this.#around = around
    this.#links = links
    this.#observing = observing
  }

  /** All that can be asked over the Internet in that family: first those that answer strangers, last those that do not; else in any order. */
  of(family: AddressFamily): Observer[] {
    const askable = [...this.#links.all()].filter((link) => isAskable(link, family))
    const first = this.#around.random.below(Math.max(1, askable.length))
    const turned = [...askable.slice(first), ...askable.slice(0, first)]
    return turned
      .map((link) => ({ link, address: link.address! }))
      .sort((one, other) => this.#rank(one) - this.#rank(other))
  }

  /** Asks through a new socket, some peers beside those that are silent; undefined where none answered within some seconds. */
  async askAnew(socket: DatagramSocket, observers: readonly Observer[]): Promise<Sighted | undefined> {
    const asked: Observer[] = []
    const answers: Promise<Answer | undefined>[] = []
    while (asked.length < Math.min(observers.length, MAX_ASKED)) {
      const next = this.#nextOf(observers.slice(asked.length))
      const overdue = asked.length
      asked.push(...next)
      answers.push(...next.map((observer) => this.#ask(socket, observer)))
      const answer = await inTime(this.#around.timers, PATIENCE_MS, firstOf(answers))
      if (!answer) continue
      this.#areSilent(asked.slice(0, overdue), answer)
      return { ...answer, asked }
    }
    const answer = await firstOf(answers)
    this.#areSilent(asked, answer)
    return answer && { ...answer, asked }
  }

  /** One that has answered before is asked alone, so that one port is spent. */
  #nextOf(left: readonly Observer[]): readonly Observer[] {
    return left.slice(0, this.hasAnswered(left[0]!) ? 1 : AT_ONCE)
  }

  async #ask(socket: DatagramSocket, observer: Observer): Promise<Answer | undefined> {
    const seen = await this.#observing.ask(socket, observer.address)
    if (!seen) return undefined
    this.#answered.set(observer.link.peer.id, true)
    return { observer, seen }
  }

  /** Until they answer another time. */
  #areSilent(observers: readonly Observer[], answer: Answer | undefined): void {
    for (const observer of observers)
      if (observer !== answer?.observer) this.#answered.set(observer.link.peer.id, false)
  }

  /** Whether its last answer, or silence, to a new socket was an answer. */
  hasAnswered({ link }: Observer): boolean {
    return this.#answered.get(link.peer.id) === true
  }

  #rank(observer: Observer): number {
    if (this.hasAnswered(observer)) return 0
    return this.#answered.has(observer.link.peer.id) ? 2 : 1
  }
}

type Answer = Pick<Sighted, 'observer' | 'seen'>

/** Whether the link's peer can be asked over the Internet, in that family. */
function isAskable({ address, isOpen }: Link, family: AddressFamily): boolean {
  if (!isOpen || !address) return false
  return familyOf(address.host) === family && kindOfHost(address.host) === 'public'
}

/** Of the answers the one that comes first; undefined where there is none. */
async function firstOf<T>(answers: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  const arrived = answers.map(async (answer) => {
    const value = await answer
    if (value === undefined) throw new Error('no answer')
    return value
  })
  return Promise.any(arrived).catch(() => undefined)
}
