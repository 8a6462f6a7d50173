// Everything that a report can draw, as plain data: experiments make it, this folder draws it.

export interface Point {
  x: number
  y: number
}

export interface Series {
  label: string
  points: Point[]
}

export interface BarsPlot {
  kind: 'bars'
  title: string
  unit: string
  /** What the bars' labels count or measure; nothing where they are names. */
  x?: string
  bars: { label: string; value: number }[]
  /** Where values differ by orders of magnitude; those that are not above 0 get no bar. */
  isLog?: boolean
}

export interface LinesPlot {
  kind: 'lines'
  title: string
  x: string
  y: string
  isLogX?: boolean
  isLogY?: boolean
  lines: Series[]
  /** Moments on the x axis at which something else began. */
  marks?: { x: number; label: string }[]
}

export interface ScatterPlot {
  kind: 'scatter'
  title: string
  x: string
  y: string
  isLogX?: boolean
  isLogY?: boolean
  series: Series[]
}

/** A node from above; both coordinates from 0 to 1. */
export interface MapNode extends Point {
  isTranslated: boolean
}

export interface NetworkMap {
  nodes: MapNode[]
  /** Pairs of indices into the nodes. */
  links: [number, number][]
  /** Each a message's way, as indices into the nodes. */
  routes: number[][]
}

/** Every node's next hop towards one of them. */
export interface SpanningTree {
  nodes: MapNode[]
  /** For each node the index of its parent; -1 for the root, and for a node that is a dead end. */
  parents: number[]
  /** Nodes whose parent is a step by id: they have neither a link to the root nor a record of it. */
  areById: boolean[]
  root: number
}

export type Plot =
  | BarsPlot
  | LinesPlot
  | ScatterPlot
  | { kind: 'map'; title: string; map: NetworkMap }
  | { kind: 'tree'; title: string; tree: SpanningTree }
