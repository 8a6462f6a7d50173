// What a node remembers of a message that passed through it or ended here: the way back, and where it was sent. There are as many of
// these as messages in twenty seconds, so each is one small object: the link that was tried last stands alone, and becomes a list
// with the second.

import { type Bytes } from '../base/bytes.ts'
import { type NodeId } from '../base/id.ts'
import { type RoutedReply } from '../wire/routed-message.ts'

/** The record that a message was sent along. */
export interface FollowedPath {
  target: NodeId
  link: NodeId
  isToKey: boolean
}

export class WayBack {
  /** undefined: this node asked. */
  readonly previous: NodeId | undefined
  isDelivered = false
  /** Set at the root, so that a copy over another way is answered and not delivered twice. */
  reply: RoutedReply | undefined = undefined
  /** What goes behind a good answer when it passes here. */
  addition: Bytes | undefined = undefined
  #sentTo: NodeId | NodeId[] | undefined = undefined
  #target: NodeId | undefined = undefined
  #isToKey = false

  constructor(previous: NodeId | undefined) {
    this.previous = previous
  }

  /** The links it has been sent over from here. */
  get sentTo(): readonly NodeId[] {
    const sentTo = this.#sentTo
    return sentTo === undefined ? [] : typeof sentTo === 'string' ? [sentTo] : sentTo
  }

  /** The record that it was sent along last; undefined where it was not, or its truth is known. */
  get path(): FollowedPath | undefined {
    if (this.#target === undefined) return undefined
    return { target: this.#target, link: this.sentTo.at(-1)!, isToKey: this.#isToKey }
  }

  /** `target`: of the record, where it went along one. */
  sent(link: NodeId, target: NodeId | undefined, isToKey: boolean): void {
    if (this.#sentTo === undefined) this.#sentTo = link
    else this.#sentTo = [...this.sentTo, link]
    this.#target = target
    this.#isToKey = isToKey
  }

  /** Whether the record was true is known. */
  judged(): void {
    this.#target = undefined
  }
}
