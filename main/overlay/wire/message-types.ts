// The first byte of every message on a link, and the application byte of every routed message. Append only: a number
// once given is never given again (3 was), and a node drops (and counts) a number it does not know.

export const MESSAGE = {
  leafState: 1,
  leafDigest: 2,
  suspect: 4,
  routed: 5,
  routedReply: 6,
  direct: 7,
  topicJoined: 8,
  topicLeave: 9,
  topicHeartbeat: 10,
  publication: 11,
  replicaStore: 12,
  replicaStored: 13,
  replicaAsk: 14,
  replicaAnswer: 15,
  replicaOffer: 16,
  replicaWant: 17,
  parting: 18,
  leafHints: 19,
  leafWant: 20,
  leafNews: 21,
  candidates: 40,
} as const

/** What a routed message is for. */
export const APPLICATION = {
  join: 1,
  ping: 2,
  direct: 3,
  subscribe: 4,
  publish: 5,
  put: 6,
  get: 7,
  probe: 8,
  leaves: 9,
  row: 10,
  rendezvous: 12,
} as const
