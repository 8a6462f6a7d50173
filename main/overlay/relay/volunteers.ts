// Who helps, without a list of them. A volunteer tells its neighbours what it offers; whoever needs one asks along a route to a
// random key, and gets the first volunteer on the way, or those that the root is a neighbour of. So every node's own
// neighbourhood and chance spread the requests over all volunteers, and what is known of one is never older than a link.
//
//   asker --volunteer, random key--> node --> volunteer (answers itself)
//                                    node --> root (answers with volunteers it has links to)

import { type Bytes } from '../base/bytes.ts'
import { BanyanError, codeOf } from '../base/errors.ts'
import { type NodeId, idFromBytes } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Address, isCircuit, sameAddress } from '../ports/datagram-socket.ts'
import { type Application, type Routes } from '../ports/routes.ts'
import { type Link, type Links } from '../transport/links.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { MAX_ADDRESSES, type PeerRecord, verifyPeerRecord } from '../wire/peer-record.ts'
import {
  MAX_NAMED_VOLUNTEERS,
  type Offer,
  decodeVolunteers,
  encodeOffer,
  encodeVolunteers,
} from '../wire/relay-messages.ts'

export interface VolunteersParts {
  readonly links: Links
  /** Missing where nothing is routed. */
  readonly routes: Routes | undefined
  /** What this node offers now; undefined for nothing. */
  readonly offer: () => Offer | undefined
}

/** Somebody who has said that he helps. */
export interface Volunteer {
  readonly record: PeerRecord
  readonly offer: Offer
}

const NOTHING: Offer = { isRelay: false, isHandshakeServer: false, load: 0 }
/** Chosen: a load told is a hint for choosing; smaller changes change no choice. */
const TOLD_STEP = 1 / 4
/** Chosen: neighbours are some dozens, so a volunteer whose load sways costs a packet in two seconds at most. */
const TELL_PERIOD_MS = 60_000
const ASK_MS = 5_000
const ID_BYTES = 32

export class Volunteers {
  readonly #around: Surroundings
  readonly #parts: VolunteersParts
  readonly #offers = new Map<NodeId, Offer>() // of linked nodes
  #told = NOTHING
  #isTellingSoon = false
  #toldMs = -Infinity

  constructor(around: Surroundings, parts: VolunteersParts) {
    this.#around = around
    this.#parts = parts
    parts.routes?.register(APPLICATION.volunteer, this.#application())
  }

  /** Linked nodes that relay, and what they say of themselves. */
  get linked(): { link: Link; offer: Offer }[] {
    return [...this.#offers].flatMap(([id, offer]) => {
      const link = this.#parts.links.get(id)
      return link?.isOpen && offer.isRelay ? [{ link, offer }] : []
    })
  }

  linkUp(link: Link): void {
    if (this.#told !== NOTHING) link.send(encodeOffer(this.#told))
  }

  linkDown(id: NodeId): void {
    this.#offers.delete(id)
  }

  /** Whether that is news: a neighbour that did not help before. */
  onOffer(link: Link, offer: Offer): boolean {
    const isNew = offer.isRelay && !this.#offers.has(link.peer.id)
    if (offer.isRelay || offer.isHandshakeServer) this.#offers.set(link.peer.id, offer)
    else this.#offers.delete(link.peer.id)
    return isNew
  }

  /** What this node offers may have changed. */
  changed(): void {
    const offer = this.#parts.offer()
    const isSwitched = (offer !== undefined) !== (this.#told !== NOTHING)
    if (isSwitched) return this.#tell()
    if (!offer || Math.abs(offer.load - this.#told.load) < TOLD_STEP || this.#isTellingSoon) return
    this.#isTellingSoon = true
    const waitMs = Math.max(0, this.#toldMs + TELL_PERIOD_MS - this.#around.clock.nowMs())
    this.#around.timers.after(waitMs, () => {
      this.#isTellingSoon = false
      this.#tell()
    })
  }

  /** Volunteers somewhere in the network. Empty where none is found; errors are counted only. */
  async find(): Promise<Volunteer[]> {
    const { routes, links } = this.#parts
    if (!routes) return []
    const key = idFromBytes(this.#around.random.bytes(ID_BYTES))
    try {
      const reply = await routes.request(key, APPLICATION.volunteer, Uint8Array.of(), {
        timeoutMs: ASK_MS,
        isOnce: true,
      })
      const found = decodeVolunteers(reply.payload, this.#around)
      return found.filter(({ record }) => record.id !== links.self.id && this.#isGenuine(record))
    } catch (error) {
      this.#around.drops.count(`volunteer: ${codeOf(error)}`)
      return []
    }
  }

  #tell(): void {
    this.#told = this.#parts.offer() ?? NOTHING
    this.#toldMs = this.#around.clock.nowMs()
    const message = encodeOffer(this.#told)
    for (const link of this.#parts.links.all()) link.send(message)
  }

  #isGenuine(record: PeerRecord): boolean {
    const { crypto, network, records, drops } = this.#around
    try {
      if (records) records.verify(record)
      else verifyPeerRecord(record, crypto, network)
      return true
    } catch (error) {
      if (!(error instanceof BanyanError)) throw error
      drops.count(`volunteer: ${error.code}`)
      return false
    }
  }

  #application(): Application {
    return {
      forward: () => {
        const offer = this.#parts.offer()
        const hasRoom = offer?.isRelay && offer.load < 1
        return hasRoom ? { kind: 'consume', reply: this.#ownAnswer(offer) } : { kind: 'pass' }
      },
      deliver: () => {
        const offer = this.#parts.offer()
        return offer?.isRelay ? this.#ownAnswer(offer) : encodeVolunteers(this.#named())
      },
    }
  }

  #ownAnswer(offer: Offer): Bytes {
    return encodeVolunteers([{ record: this.#parts.links.self, offer }])
  }

  /** Some neighbours, any of them: the least loaded would be everybody's choice. */
  #named(): Volunteer[] {
    const all = this.linked.filter(({ offer }) => offer.load < 1)
    const first = all.length > 0 ? this.#around.random.below(all.length) : 0
    const chosen = [...all.slice(first), ...all.slice(0, first)].slice(0, MAX_NAMED_VOLUNTEERS)
    return chosen.map(({ link, offer }) => ({ record: recordOf(link), offer }))
  }
}

/** As others can find it: where we see it comes first, for it may not know that itself. */
export function recordOf({ peer, provenAddress }: Link): PeerRecord {
  if (!provenAddress || isCircuit(provenAddress)) return peer
  const others = peer.addresses.filter((address) => !sameAddress(address, provenAddress))
  const addresses: Address[] = [provenAddress, ...others].slice(0, MAX_ADDRESSES)
  return { ...peer, addresses }
}
