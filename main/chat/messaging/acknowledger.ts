// Collects what is to be acknowledged, and says it once per batch.

import { type Bytes } from '../../overlay/base/bytes.ts'
import { type NodeId } from '../../overlay/base/id.ts'
import { type ChatCore } from '../core.ts'
import { type Ack, MAX_ACKS, encodeFrame } from './frames.ts'

export class Acknowledger {
  readonly #core: ChatCore
  readonly #acks = new Map<NodeId, Ack[]>()
  readonly #nacks = new Map<NodeId, Bytes[]>()
  #isPlanned = false

  constructor(core: ChatCore) {
    this.#core = core
  }

  ack(to: NodeId, ack: Ack): void {
    push(this.#acks, to, ack)
    this.#plan()
  }

  nack(to: NodeId, envelope: Bytes): void {
    push(this.#nacks, to, envelope)
    this.#plan()
  }

  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    queueMicrotask(() => this.#flush())
  }

  /** A lost acknowledgement is asked for again by the repeated envelope, so nothing is kept. */
  #flush(): void {
    this.#isPlanned = false
    for (const [to, acks] of this.#acks)
      for (const part of parts(acks)) void this.#core.door.send(to, encodeFrame({ kind: 'ack', acks: part }))
    for (const [to, envelopes] of this.#nacks)
      for (const part of parts(envelopes))
        void this.#core.door.send(to, encodeFrame({ kind: 'nack', envelopes: part }))
    this.#acks.clear()
    this.#nacks.clear()
  }
}

function push<T>(map: Map<NodeId, T[]>, key: NodeId, value: T): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

function parts<T>(list: readonly T[]): T[][] {
  const count = Math.ceil(list.length / MAX_ACKS)
  return Array.from({ length: count }, (_, i) => list.slice(i * MAX_ACKS, (i + 1) * MAX_ACKS))
}
