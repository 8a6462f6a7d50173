// When a message was written, as its sender says, within what can be true. What is shown is this; what the conversations
// are sorted by is when a message came here, which no sender can choose.

import { type ConversationRow } from './rows.ts'

/** Clocks differ: so far ahead a sender's time is shown as it is. */
const MAX_AHEAD_MS = 5 * 60_000
/** Words may have waited with their sender for so long before the conversation began here. */
const MAX_BEFORE_MS = 30 * 24 * 3600 * 1000

export function believableTime(claimedMs: number, conversation: ConversationRow, wallMs: number): number {
  const earliestMs = Math.max(0, conversation.createdAtMs - MAX_BEFORE_MS)
  return Math.max(earliestMs, Math.min(claimedMs, wallMs + MAX_AHEAD_MS))
}
