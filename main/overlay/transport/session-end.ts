// How a session ends, and what both sides then know. A close tells its codes apart as QUIC does (RFC 9000 §19.19): those of the
// transport, and those of the application, which mean what the application says. With it goes the last ack, so that whoever is
// left behind learns exactly what of its own has arrived: what that ack does not name is lost.

import { type PacketWriter } from '../wire/packet-codec.ts'
import {
  CLOSE_BROKEN_RULE,
  CLOSE_DONE,
  CLOSE_GIVEN_UP,
  CLOSE_LEFT,
  type CloseFrame,
  writeFrame,
} from '../wire/packet-frames.ts'
import { MAX_FRAMES_BYTES } from '../wire/packet.ts'
import { type Acknowledger } from './acknowledger.ts'
import { LEFT } from './link-ends.ts'

/** An application's close: a whole number of its own from 0 to 2^53 - 1, and words for a log line (128 bytes of them travel). */
export interface ApplicationClose {
  readonly code: number
  readonly reason?: string
}

/** A close with nothing to tell but words is the transport's "done". */
export type Closing = string | ApplicationClose

/** What is known of a session that has ended. */
export interface SessionEnd {
  /** What `down` was told: a reason of ours, or "closed-by-peer", "left", "given-up", "silent", "idle", "replaced", ... */
  readonly cause: string
  /** By whose close; undefined where nothing was said or heard. */
  readonly by: 'us' | 'peer' | undefined
  /** Of the close, whose codes `isApplication` names; undefined where there was none. */
  readonly code: number | undefined
  readonly isApplication: boolean
  /** The words of the close. */
  readonly reason: string
  /** Of messages and streams: written here, and not known to have arrived. */
  readonly undeliveredBytes: number
}

export type KnownEnd = Omit<SessionEnd, 'undeliveredBytes'>

/** Chosen: what did not arrive lately was told by earlier acks; and a close is answered to packets of a third of its length only. */
const LAST_ACK_RANGES = 4

/** What `down` is told of a close by the peer, by code. */
const CAUSES: Partial<Record<number, string>> = { [CLOSE_GIVEN_UP]: 'given-up', [CLOSE_LEFT]: LEFT }

/** Nothing is said, and nothing was. */
export function endedSilently(cause: string): KnownEnd {
  return { cause, by: undefined, code: undefined, isApplication: false, reason: '' }
}

export function closedByUs(closing: Closing): KnownEnd {
  if (typeof closing === 'string') return ours(closing, closing === LEFT ? CLOSE_LEFT : CLOSE_DONE, closing)
  const { code, reason = '' } = closing
  return { ...ours(reason || `code ${code}`, code, reason), isApplication: true }
}

/** The peer's silence, should it speak again after all. */
export function gaveUp(): KnownEnd {
  return ours('silent', CLOSE_GIVEN_UP, 'silent')
}

export function brokeRule(message: string): KnownEnd {
  return ours('broken-rule', CLOSE_BROKEN_RULE, message)
}

export function closedByPeer({ type, code, reason }: CloseFrame): KnownEnd {
  const isApplication = type === 'application-close'
  const cause = (isApplication ? undefined : CAUSES[code]) ?? 'closed-by-peer'
  return { cause, by: 'peer', code, isApplication, reason }
}

/** The last packet's frames: what has arrived here, and the close. */
export function writeLastWords(out: PacketWriter, end: KnownEnd, acks: Acknowledger, nowMs: number): void {
  out.reset(MAX_FRAMES_BYTES)
  const ack = acks.take(nowMs)
  ack.ranges.length = Math.min(ack.ranges.length, LAST_ACK_RANGES)
  if (ack.ranges.length > 0) writeFrame(out, ack)
  const { code = CLOSE_DONE, reason } = end
  writeFrame(out, { type: end.isApplication ? 'application-close' : 'close', code, reason })
}

function ours(cause: string, code: number, reason: string): KnownEnd {
  return { cause, by: 'us', code, isApplication: false, reason }
}
