// Protocols side by side: a table for the terminal, and bars.

import { type BarsPlot } from '../report/plot.ts'

/** What a protocol does not have, or what was not measured of it, is left out. */
export interface Row {
  /** As in the names of figures. */
  name: string
  label: string
  sends: number
  delivered: number
  meanHops: number
  p99Hops: number
  medianMs?: number
  packetsPerSend?: number
  bytesPerSend?: number
  /** Both per node and second. */
  upkeepPackets?: number
  upkeepBytes?: number
  /** Per node, mean and most. */
  entries: number
  entriesMax: number
}

interface Column {
  /** In two lines, over a column of the table. */
  heading: readonly [string, string]
  title: string
  unit: string
  digits: number
  value: (row: Row) => number | undefined
  /** Where protocols differ by orders of magnitude. */
  isLog?: boolean
}

const COLUMNS: readonly Column[] = [
  {
    heading: ['delivered', '%'],
    title: 'Delivered within five seconds',
    unit: '%',
    digits: 2,
    value: ({ delivered }) => 100 * delivered,
  },
  { heading: ['hops', 'mean'], title: 'Mean hops', unit: 'hops', digits: 2, value: (row) => row.meanHops },
  {
    heading: ['hops', 'p99'],
    title: '99 of 100 within',
    unit: 'hops',
    digits: 0,
    value: (row) => row.p99Hops,
  },
  {
    heading: ['answer', 'median ms'],
    title: 'Answer, in the median',
    unit: 'ms',
    digits: 0,
    value: (row) => row.medianMs,
  },
  {
    heading: ['a send', 'packets'],
    title: 'Packets for a send and its answer',
    unit: 'packets',
    digits: 1,
    value: (row) => row.packetsPerSend,
    isLog: true,
  },
  {
    heading: ['a send', 'bytes'],
    title: 'Bytes for a send and its answer',
    unit: 'bytes',
    digits: 0,
    value: (row) => row.bytesPerSend,
    isLog: true,
  },
  {
    heading: ['upkeep', 'B/s a node'],
    title: 'Upkeep of a node while nobody sends',
    unit: 'B/s',
    digits: 1,
    value: (row) => row.upkeepBytes,
    isLog: true,
  },
  {
    heading: ['state', 'a node'],
    title: 'What a node keeps',
    unit: 'entries',
    digits: 0,
    value: (row) => row.entries,
    isLog: true,
  },
]

const NAME_WIDTH = 14

export function comparisonTable(rows: readonly Row[]): string[] {
  const widths = COLUMNS.map(({ heading }) => Math.max(9, ...heading.map(({ length }) => length)))
  const line = (name: string, cells: readonly string[]): string =>
    name.padEnd(NAME_WIDTH) + cells.map((cell, i) => cell.padStart(widths[i]! + 2)).join('')
  const cellsOf = (row: Row): string[] =>
    COLUMNS.map(({ value, digits }) => value(row)?.toFixed(digits) ?? '-')
  return [
    line(
      '',
      COLUMNS.map(({ heading }) => heading[0]),
    ),
    line(
      '',
      COLUMNS.map(({ heading }) => heading[1]),
    ),
    ...rows.map((row) => line(row.label, cellsOf(row))),
  ]
}

export function comparisonPlots(rows: readonly Row[]): BarsPlot[] {
  return COLUMNS.map(({ title, unit, isLog = false, value }) => {
    const bars = rows.flatMap((row) => {
      const measured = value(row)
      return measured === undefined ? [] : [{ label: row.label, value: measured }]
    })
    return { kind: 'bars', title, unit, isLog, bars }
  })
}
