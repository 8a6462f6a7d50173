// Whether a router has lost its mappings since it last spoke, told from the clock it sends along (RFC 6886 §3.6): that
// clock begins anew with the table. It may run an eighth too slow, and two seconds are for rounding.

export interface HeardEpoch {
  readonly epochSeconds: number
  readonly atMs: number
}

const TOLERANCE_SECONDS = 2

export function hasForgotten(before: HeardEpoch, now: HeardEpoch): boolean {
  const passedSeconds = (now.atMs - before.atMs) / 1000
  return now.epochSeconds < before.epochSeconds + (passedSeconds * 7) / 8 - TOLERANCE_SECONDS
}
