// What goes first where one session carries several things at once, as the urgency of RFC 9218 but with three classes:
// strict between classes, in turns within one.

export type Urgency = 0 | 1 | 2

/** Somebody waits for it, or the overlay does: the default for messages. */
export const PROMPT: Urgency = 0
/** The default for streams, and what a large message becomes. */
export const NORMAL: Urgency = 1
/** Nobody waits: replicas, history. */
export const BACKGROUND: Urgency = 2

export const URGENCIES: readonly Urgency[] = [PROMPT, NORMAL, BACKGROUND]
