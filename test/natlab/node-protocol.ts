// What the lab and a node in it say to each other, one line of JSON at a time. Times are Unix time with fractions of a
// millisecond: all processes share one computer and its clock.

import { type OverlayStatus, type SendResult } from '../../main/overlay/api.ts'

/** A node as others are told of it: HOST:PORT for each address, keys as text. */
export interface NodeCard {
  id: string
  noiseKey: string
  addresses: string[]
}

export type NodeCommand =
  | { do: 'addPeers'; peers: NodeCard[] }
  | { do: 'start' }
  /** `card` where one knows where it was. */
  | { do: 'keepInTouch'; id: string; card?: NodeCard }
  | { do: 'forget'; id: string }
  | { do: 'send'; call: number; to: string; text: string }
  | { do: 'status'; call: number }
  | { do: 'countHops'; call: number; to: string }

export type NodeEvent =
  /** Composed; its addresses are found out when it starts. */
  | { event: 'ready'; id: string; noiseKey: string }
  | { event: 'started'; atMs: number }
  /** The first time it has peers. */
  | { event: 'joined'; atMs: number }
  | { event: 'contactUp'; id: string; atMs: number }
  | { event: 'contactDown'; id: string; atMs: number }
  | { event: 'message'; from: string; text: string; atMs: number }
  | Answer

export type Answer =
  | { event: 'answer'; call: number; sent: SendResult; atMs: number }
  | { event: 'answer'; call: number; status: OverlayStatus }
  /** Nodes passed on the way and the one at its end; undefined where the way was not found. */
  | { event: 'answer'; call: number; hops: number | undefined }
