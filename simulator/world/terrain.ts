// Where hosts stand and what lies between them. A terrain answers from a seed and host numbers alone and keeps no table.

export interface Terrain {
  /** In words, with its parameters, for the output. */
  readonly describe: string
  /** Whether two hosts can have a session, however it comes about; the same for both orders. */
  canLink(a: number, b: number): boolean
  /** Whether a call needs somebody to pass a signal first, because the called one cannot be reached unasked. */
  needsSignal(caller: number, called: number): boolean
  /** One way, mean; the same for both directions. */
  delayMs(a: number, b: number): number
  /** Share of packets lost from one to the other. */
  lossRate(from: number, to: number): number
  /** Behind an address translator. */
  isTranslated(host: number): boolean
  /** For a drawing: both from 0 to 1. */
  position(host: number): { x: number; y: number }
  /** Whom a new host is told of, of those numbered below `count`. */
  introducers(host: number, count: number): number[]
}
