// How many ways a put and a read take. Answers of routed messages are not signed, so whoever stands on a way can answer in the
// root's place: that a put is kept, that there is nothing, that an old version is the newest. Against that stand ways that
// have little in common: route offsets take other hops and end at the root's ring neighbours, which keep the record too, and
// there are two roots. Of n ways that lead over a hostile node with probability p each, all do with p^n: at p = 0.3 two ways are
// not enough (0.09), six are (0.0007).
//
// That is for what is believed as it was read. An address shows itself to be right when its node answers there, and wrong ones cost a
// dial: for those two ways do, and a message goes by route meanwhile. There are as many puts and reads of addresses as nodes start.

export interface Redundancy {
  /** Of reads: each to both roots; the next when those before were not enough. */
  readOffsets: readonly number[]
  /** Of them, so many in any case where the record is a signed one: it may be an old version. */
  confirming: number
  /** Behind the first answer with a signed record: what does not come until then was mostly swallowed, or there is no more of it. */
  confirmedWithinMs: number
  /** So many different nodes with the same signed record are believed to have the newest. */
  agreeing: number
  /** Along so many offsets both roots have said that there is no such record. */
  convincing: number
  /** Of puts, where too few near a root say that they keep it; each list where those before it were not enough (puts.ts). */
  furtherPutOffsets: readonly (readonly number[])[]
}

export const THOROUGH: Redundancy = {
  readOffsets: [0, 1, -1, 2, -2],
  confirming: 3,
  confirmedWithinMs: 1200, // docs/decisions.md 76
  agreeing: 6,
  convincing: 3,
  furtherPutOffsets: [
    [1, -1],
    [2, -2],
  ],
}

export const LIGHT: Redundancy = {
  readOffsets: [0, 1, -1],
  confirming: 1,
  confirmedWithinMs: 250,
  agreeing: 2,
  convincing: 2,
  furtherPutOffsets: [],
}
