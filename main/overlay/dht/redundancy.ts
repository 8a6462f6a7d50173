// How many ways a put and a read take. Answers of routed messages are not signed, so whoever stands on a way can answer in the
// root's place: that a put is kept, that there is nothing, that an old version is the newest. Against that stand ways that
// have little in common: route offsets take other hops and end at the root's ring neighbours, which keep the record too, and
// there are two roots. Of n ways that lead over a hostile node with probability p each, all do with p^n: at p = 0.3 two ways are
// not enough (0.09), six are (0.0007), if all are waited for: of ten, eight that came first are (0.002).
//
// That is for what is believed as it was read. An address shows itself to be right when its node answers there, and wrong ones cost a
// dial: for those two ways do, and a message goes by route meanwhile. There are as many puts and reads of addresses as nodes start.

interface MayBeMissing {
  ways: number
  afterMs: number
}

export interface ReadRedundancy {
  /** Each to both roots; the next when those before were not enough. */
  readOffsets: readonly number[]
  /** Of them, so many at once when the first answer is a signed record: it may be an old version. */
  confirming: number
  /** The read ends when the same one has come along all ways but so many, so long after the first. */
  mayBeMissing: readonly [MayBeMissing, ...MayBeMissing[]]
  /** After the first, where all that answered have given the same: what has not come was swallowed, or there is no more of it. */
  undisputedWithinMs: number
  /** After the first in any case. */
  settledWithinMs: number
  /** A way is tried again over another first hop after so many times as long as answers take. */
  retryAfterUsual: number
  /** Along so many offsets both roots have said that there is no such record. */
  convincing: number
}

export interface Redundancy extends ReadRedundancy {
  /** Of puts, where too few near a root say that they keep it; each list where those before it were not enough (puts.ts). */
  furtherPutOffsets: readonly (readonly number[])[]
}

export const THOROUGH: Redundancy = {
  readOffsets: [0, 1, -1, 2, -2],
  confirming: 5,
  mayBeMissing: [
    { ways: 2, afterMs: 0 },
    { ways: 5, afterMs: 350 },
  ],
  undisputedWithinMs: 1200,
  settledWithinMs: 3000,
  retryAfterUsual: 4,
  convincing: 3,
  furtherPutOffsets: [
    [1, -1],
    [2, -2],
  ],
}

export const LIGHT: ReadRedundancy = {
  readOffsets: [0, 1, -1],
  confirming: 1,
  mayBeMissing: [{ ways: 0, afterMs: 0 }],
  undisputedWithinMs: 250,
  settledWithinMs: 250,
  retryAfterUsual: Infinity,
  convincing: 2,
}
