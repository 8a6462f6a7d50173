// How many ways a put and a read take. Answers of routed messages are not signed, so whoever stands on a way can answer in the
// root's place: that a put is kept, that there is nothing, that an old version is the newest. Against that stand ways that
// have little in common: route offsets take other hops and end at the root's ring neighbours, which keep the record too, and
// there are two roots. Of n ways that lead over a hostile node with probability p each, all do with p^n: at p = 0.3 two ways are
// not enough (0.09), six are (0.0007).

export interface Redundancy {
  /** Of reads: each to both roots; the next when those before were not enough. */
  readOffsets: readonly number[]
  /** Of them, so many in any case where the record is a signed one: it may be an old version. */
  confirming: number
  /** So many different nodes with the same signed record are believed to have the newest. */
  agreeing: number
  /** Of puts that were answered: who answered may be none of the root's, and have kept nothing. */
  furtherPutOffsets: readonly number[]
}

export const REDUNDANCY: Redundancy = {
  readOffsets: [0, 1, -1, 2, -2],
  confirming: 3,
  agreeing: 6,
  furtherPutOffsets: [1, -1],
}
