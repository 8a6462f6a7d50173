// What every baseline is: another protocol on the same hosts, with the same delays and losses, that is asked to bring
// the same messages to the same nodes. It runs on messages in virtual time like the overlay, with its authors' parameters;
// where a choice is open it is made in the baseline's favour, so that its figures are an upper bound.

import { type Carrier } from './carrier.ts'

export interface Request {
  /** Unique within a run; both attempts of one send have the same. */
  readonly send: number
  readonly from: number
  readonly to: number
  /** The answer is back at the sender. `hops` are those of the way there. */
  arrived(hops: number): void
}

export interface Upkeep {
  packetsPerNodeSecond: number
  bytesPerNodeSecond: number
}

export interface Baseline {
  /** As in the names of figures. */
  readonly name: string
  readonly label: string
  /** In words: parameters, and what is modelled more kindly than reality. */
  readonly describe: string
  readonly carrier: Carrier
  /** Message types that it sends although nobody asks anything of it. */
  readonly upkeepTypes: readonly number[]
  /** Brings the network to where it would be after a long quiet time. */
  settle(): Promise<void>
  send(request: Request): void
  upkeep(): Upkeep | Promise<Upkeep>
  /** What each node must remember, in entries of whatever table the protocol has. */
  entries(): number[]
  /** Figures that only this protocol has, by the last part of their names. */
  more?(sends: number): Record<string, number>
}
