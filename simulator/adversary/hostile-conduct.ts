// How one hostile node behaves. Towards its own kind: as anybody. From others it lets pass what keeps it in its place and draws
// messages over it (probes, pings, handshakes of all kinds); what is worth an attack gets one of the behaviours that are
// switched on, drawn anew for each message.

import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { Reader } from '../../main/overlay/wire/codec.ts'
import {
  decodeAnswer,
  decodeAsk,
  decodePut,
  decodeStore,
  encodeAnswer,
  encodeStored,
} from '../../main/overlay/wire/dht-messages.ts'
import { encodeLeafHints, encodeLeafNews, encodeLeafState } from '../../main/overlay/wire/leaf-messages.ts'
import { APPLICATION, MESSAGE } from '../../main/overlay/wire/message-types.ts'
import {
  decodeRouted,
  encodeReply,
  encodeRouted,
  MAX_DETOURS,
  NO_KEY_HOPS,
  REPLY,
  type RoutedMessage,
} from '../../main/overlay/wire/routed-message.ts'
import { type Id } from '../../main/overlay/base/id.ts'
import { type WorldLink } from '../world/world-link.ts'
import { type WorldLinks } from '../world/world-links.ts'
import { type Behaviour, onTheWay } from './behaviours.ts'
import { type Colluders } from './colluders.ts'
import { falseNeighbours, falseRecord, falseReply, isAboutNeighbours } from './false-answers.ts'
import { Harassment } from './harassment.ts'
import { type Conduct } from './hostile-links.ts'

/** A leaf set; more hints at once are refused. */
const NAMED = 16
const HARMLESS: ReadonlySet<number> = new Set([APPLICATION.probe, APPLICATION.ping, APPLICATION.rendezvous])

export class HostileConduct implements Conduct {
  readonly #colluders: Colluders
  readonly #links: WorldLinks
  readonly #harassment: Harassment
  /** Keys that neighbours asked for, by token, so that the answer can be another. */
  readonly #asked = new Map<number, Id>()

  constructor(colluders: Colluders, links: WorldLinks) {
    this.#colluders = colluders
    this.#links = links
    this.#harassment = new Harassment(colluders, links)
  }

  attack(): void {
    this.#harassment.start()
  }

  hear(link: WorldLink, message: Uint8Array): Uint8Array | undefined {
    if (this.#colluders.has(link.peer.id)) return message
    this.#harassment.remember(message)
    switch (message[0]) {
      case MESSAGE.routed:
        return this.#onRouted(link, message)
      case MESSAGE.replicaStore:
        return this.#onStore(link, message)
      case MESSAGE.replicaAsk:
        return this.#onAsk(message)
      default:
        return message
    }
  }

  say(link: WorldLink, message: Uint8Array): Uint8Array | undefined {
    if (this.#colluders.has(link.peer.id)) return message
    if (message[0] === MESSAGE.replicaAnswer) return this.#falseAnswer(message)
    return this.#colluders.behaviours.has('name') ? this.#falseNames(link, message) : message
  }

  #onRouted(link: WorldLink, bytes: Uint8Array): Uint8Array | undefined {
    const message = decodeRouted(new Reader(bytes, 1))
    if (HARMLESS.has(message.application) || this.#colluders.has(message.source)) return bytes
    if (isAboutNeighbours(message)) return this.#onNeighbourQuestion(link, message, bytes)
    if (message.application === APPLICATION.put) this.#colluders.saw(decodePut(message.payload).record)
    const how = this.#colluders.pick(onTheWay(this.#colluders.behaviours))
    return how === undefined ? bytes : this.#mistreat(link, message, how)
  }

  #onNeighbourQuestion(link: WorldLink, message: RoutedMessage, bytes: Uint8Array): Uint8Array | undefined {
    if (!this.#colluders.behaviours.has('name')) return bytes
    this.#colluders.did('name')
    const payload = falseNeighbours(this.#colluders, message)
    const { requestId, hops } = message
    const responder = this.#links.self.id
    link.send(encodeReply({ requestId, status: REPLY.ok, hops, responder, payload }))
    return undefined
  }

  /** What its own code is to do with it, if anything. */
  #mistreat(link: WorldLink, message: RoutedMessage, how: Behaviour): Bytes | undefined {
    this.#colluders.did(how)
    if (how === 'drop') return undefined
    if (how === 'lie-hops') {
      const { bound: _, ...fresh } = { ...message, hops: 0, visited: [], keyHops: NO_KEY_HOPS }
      return encodeRouted({ ...fresh, isFollowing: false, detoursLeft: MAX_DETOURS })
    }
    if (how === 'misroute')
      this.#colluders.pick(this.#links.all())?.send(encodeRouted({ ...message, hops: message.hops + 1 }))
    else link.send(falseReply(this.#colluders, message, how))
    return undefined
  }

  /** Says that it keeps it, and shows it to the others. */
  #onStore(link: WorldLink, message: Uint8Array): Uint8Array | undefined {
    const { token, record } = decodeStore(new Reader(message, 1))
    this.#colluders.saw(record)
    if (!this.#isLyingOfRecords()) return message
    if (token === 0) return undefined
    const receipts = this.#colluders.receipts(this.#links.self.id, 1, record)
    link.send(encodeStored(token, { outcome: 'kept', receipts }))
    return undefined
  }

  #onAsk(message: Uint8Array): Uint8Array {
    const { token, key } = decodeAsk(new Reader(message, 1))
    this.#asked.set(token, key)
    return message
  }

  #falseAnswer(message: Uint8Array): Bytes | undefined {
    const { token } = decodeAnswer(new Reader(message, 1))
    const key = this.#asked.get(token)
    this.#asked.delete(token)
    const how = this.#colluders.pick(onTheWay(this.#colluders.behaviours))
    if (key === undefined || how === undefined) return message as Bytes
    this.#colluders.did(how)
    return how === 'drop' ? undefined : encodeAnswer(token, falseRecord(this.#colluders, key, how))
  }

  #falseNames({ peer }: WorldLink, message: Uint8Array): Uint8Array {
    const kind = message[0]
    if (kind !== MESSAGE.leafHints && kind !== MESSAGE.leafNews && kind !== MESSAGE.leafState) return message
    this.#colluders.did('name')
    const named = this.#colluders.nearestTo(peer.id, NAMED, peer.id)
    if (kind === MESSAGE.leafState) return encodeLeafState(named)
    const ids = named.map(({ id }) => id)
    return kind === MESSAGE.leafHints ? encodeLeafHints(ids) : encodeLeafNews(ids)
  }

  #isLyingOfRecords(): boolean {
    return onTheWay(this.#colluders.behaviours).length > 0
  }
}
