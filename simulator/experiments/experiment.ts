// What every experiment is: a name, a sentence, and a function from a laboratory to figures and pictures.

import { type Lab } from './lab.ts'

export type Figures = Record<string, number>

export type Plot =
  | { kind: 'bars'; title: string; unit: string; bars: { label: string; value: number }[] }
  | {
      kind: 'lines'
      title: string
      x: string
      y: string
      isLogX?: boolean
      lines: { label: string; points: { x: number; y: number }[] }[]
    }
  | { kind: 'map'; title: string; map: NetworkMap }

export interface NetworkMap {
  nodes: { x: number; y: number; isTranslated: boolean }[]
  /** Pairs of indices into the nodes. */
  links: [number, number][]
  routes: number[][]
}

export interface Outcome {
  figures: Figures
  plots: Plot[]
  /** Sentences: what a figure means, what it does not yet count. */
  notes: string[]
}

export interface Experiment {
  readonly name: string
  readonly about: string
  run(lab: Lab): Promise<Outcome>
}
