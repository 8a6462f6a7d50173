// Chance as the core sees it. The real source is the operating system's; the simulator's is seeded.

import { type Bytes } from '../base/bytes.ts'

export interface Random {
  bytes(length: number): Bytes
  /** A whole number from 0 to bound - 1, all equally likely; the bound is a whole number up to 2^53. */
  below(bound: number): number
  /** From 0 (included) to 1 (excluded). */
  unit(): number
}
