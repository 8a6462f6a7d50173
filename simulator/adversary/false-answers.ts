// What a hostile node answers in the place of a key's root. Answers of routed messages are not signed, so it also says who
// it is: somebody next to the key, another each time, as if several nodes agreed.

import { type Bytes, EMPTY } from '../../main/overlay/base/bytes.ts'
import { type Id, type NodeId } from '../../main/overlay/base/id.ts'
import { type DhtRecord } from '../../main/overlay/api.ts'
import { decodeGet, decodePut, encodeGetReply, encodePutReply } from '../../main/overlay/wire/dht-messages.ts'
import { HINT_DIGITS } from '../../main/overlay/wire/id-hints.ts'
import { APPLICATION } from '../../main/overlay/wire/message-types.ts'
import { encodeNamed } from '../../main/overlay/wire/ring-questions.ts'
import { encodeReply, REPLY, type RoutedMessage } from '../../main/overlay/wire/routed-message.ts'
import { type Behaviour } from './behaviours.ts'
import { type Colluders } from './colluders.ts'

/** A leaf set. */
const NAMED = 16
/** Who say that they keep what was put. */
const CLAIMED_HOLDERS = 4

export function falseReply(colluders: Colluders, message: RoutedMessage, how: Behaviour): Bytes {
  return encodeReply({
    requestId: message.requestId,
    status: REPLY.ok,
    hops: message.hops + 1,
    responder: message.isExact ? message.key : idBeside(colluders, message.key),
    payload: falsePayload(colluders, message, how),
  })
}

/** Instead of the record that its node keeps. */
export function falseRecord(colluders: Colluders, key: Id, how: Behaviour): DhtRecord | undefined {
  if (how === 'stale') return colluders.oldest(key)
  return how === 'forge' ? colluders.forged(key) : undefined
}

export function isAboutNeighbours({ application }: RoutedMessage): boolean {
  return (
    application === APPLICATION.join || application === APPLICATION.leaves || application === APPLICATION.row
  )
}

/** Only colluders, those with a place near the one who asks first. */
export function falseNeighbours(colluders: Colluders, { source }: RoutedMessage): Bytes {
  return encodeNamed(colluders.nearestTo(source, NAMED, source))
}

function falsePayload(colluders: Colluders, message: RoutedMessage, how: Behaviour): Bytes {
  const { application, payload, key } = message
  if (isAboutNeighbours(message)) return falseNeighbours(colluders, message)
  if (application === APPLICATION.get) return encodeGetReply(falseRecord(colluders, decodeGet(payload), how))
  if (application === APPLICATION.put) {
    const { record } = decodePut(payload)
    return encodePutReply({ outcome: 'kept', receipts: colluders.receipts(key, CLAIMED_HOLDERS, record) })
  }
  return EMPTY
}

/** Nobody's. */
function idBeside({ random }: Colluders, key: Id): NodeId {
  const digits = Array.from({ length: key.length - HINT_DIGITS }, () => random.below(16).toString(16))
  return (key.slice(0, HINT_DIGITS) + digits.join('')) as NodeId
}
