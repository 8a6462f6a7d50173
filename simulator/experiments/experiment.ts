// What every experiment is: a name, a sentence, and a function from a laboratory to figures and pictures.

import { type NetworkMap, type Plot } from '../report/plot.ts'
import { type SimOptions } from '../options.ts'
import { type Lab } from './lab.ts'

export { type NetworkMap, type Plot }

export type Figures = Record<string, number>

export interface Outcome {
  figures: Figures
  plots: Plot[]
  /** Sentences: what a figure means, what it does not yet count. */
  notes: string[]
  /** The hash of all messages that were measured, where the laboratory's has more by the end. */
  trace?: string
}

export interface Experiment {
  readonly name: string
  readonly about: string
  /** Everything the figures depend on, in words, where that is not what the laboratory says of itself. */
  parameters?(options: SimOptions): string[]
  run(lab: Lab): Promise<Outcome>
}
