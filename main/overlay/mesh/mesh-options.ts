/** What of a mesh can be chosen; the defaults are what docs/decisions.md measured. */
export interface MeshOptions {
  /** Copies of a subscription beyond one for each member of the contact's view: SCAMP's c (Ganesh et al. 2003, §2.2). */
  extraCopies: number
  /** A copy is kept with this probability, divided by 1 + the view's size: 1 is SCAMP's. More makes walks shorter. */
  acceptance: number
  /** Steps of the walk that makes of any first contact a nearly random one (SCAMP's indirection, §3.1). */
  walkSteps: number
  /** How long a place in others' views lasts. */
  leaseMs: number
  heartbeatMs: number
  /** Neighbours that a new message is announced to, besides those it is pushed to; all of them in an alarm. */
  announceTo: number
  /** Announcements gather for so long ... */
  announceDelayMs: number
  /** ... and for so long in a tree where nobody has grafted, pruned, repeated anything or gone here for some time. */
  calmDelayMs: number
  calmAfterMs: number
  /** How long a message may lag behind its announcement: this, and up to as much again, for where one asks all behind it hear. */
  graftAfterMs: number
  /** ... and behind a graft, before the next announcer is asked. */
  graftAgainMs: number
  /** A link that has brought a message first within this long is needed ... */
  neededMs: number
  /** ... and pruned only by duplicates of some messages: of those of so long a time by one (agreed-cuts.ts). */
  cutsApartMs: number
  /** A message that came over so many hops more than its announcement makes the announcer the way. */
  optimiseHops: number
  /** After the loss of a neighbour in the tree, everything is announced to everybody for so long. */
  alarmMs: number
  /** Messages are kept to answer grafts with. */
  keptMs: number
  keptBytes: number
  keptMessages: number
  /** Joins and leaves are broadcast, so that every member sees them, and not only those they came by. */
  areJoinsBroadcast: boolean
}

export const MESH_DEFAULTS: MeshOptions = {
  extraCopies: 4,
  acceptance: 1,
  walkSteps: 8,
  leaseMs: 2 * 3_600_000,
  heartbeatMs: 24_000, // just before the transport's idle ping at 25 s, which it replaces
  announceTo: 3,
  announceDelayMs: 250,
  calmDelayMs: 500,
  calmAfterMs: 5000,
  graftAfterMs: 500,
  graftAgainMs: 400, // a long round trip, with one loss repaired
  neededMs: 5000,
  cutsApartMs: 2000,
  optimiseHops: 8,
  alarmMs: 20_000,
  keptMs: 60_000, // a heartbeat and the silence after it, twice
  keptBytes: 4 * 1024 * 1024,
  keptMessages: 1024,
  areJoinsBroadcast: true,
}
