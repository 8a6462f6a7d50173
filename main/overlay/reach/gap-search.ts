// How long may a binding be silent? Gaps are tried from short to long, each twice the last, until one is too long; then the
// space between is halved until it is small. A pure rule: `nextGapMs` says what to try, `tried` what came of it.

/** Chosen: shorter than every binding timeout that was measured (Hätönen et al. 2010: 30 s) but for a few. */
const FIRST_GAP_MS = 10_000
/** Chosen: a session says something in 120 s in any case, by which a dead peer is noticed; more is not of use. */
export const MOST_KEEP_ALIVE_MS = 120_000
/** Chosen: timers and paths are late by a second; the rest is for boxes that look at their table now and then only. */
const MARGIN = 0.9
const MOST_GAP_MS = Math.ceil(MOST_KEEP_ALIVE_MS / MARGIN)
/** Chosen: a binding that does not live this long is no use of measuring. */
const LEAST_GAP_MS = 4_000
/** Found closely enough: the keep-alive is at least four fifths of the true timeout. */
const PRECISION = 0.1

export interface GapSearch {
  /** The longest that was survived, and the shortest that was not. */
  readonly survivedMs: number
  readonly lostMs: number
}

export const NEW_SEARCH: GapSearch = { survivedMs: 0, lostMs: Infinity }

/** Undefined where nothing is left to try. */
export function nextGapMs({ survivedMs, lostMs }: GapSearch): number | undefined {
  if (survivedMs >= MOST_GAP_MS || lostMs <= LEAST_GAP_MS) return undefined
  if (lostMs === Infinity) return survivedMs === 0 ? FIRST_GAP_MS : Math.min(2 * survivedMs, MOST_GAP_MS)
  if (lostMs - survivedMs <= PRECISION * survivedMs) return undefined
  return (survivedMs + lostMs) / 2
}

export function tried({ survivedMs, lostMs }: GapSearch, gapMs: number, hasSurvived: boolean): GapSearch {
  return hasSurvived ? { survivedMs: gapMs, lostMs } : { survivedMs, lostMs: gapMs }
}

/** What follows from a search that is over; undefined where every gap was too long. */
export function keepAliveOf({ survivedMs }: GapSearch): number | undefined {
  return survivedMs > 0 ? Math.min(Math.floor(MARGIN * survivedMs), MOST_KEEP_ALIVE_MS) : undefined
}
