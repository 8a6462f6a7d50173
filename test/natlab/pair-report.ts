// The table of pairs for a person, and its figures for a program.

import { isDirectExpected } from './expected-paths.ts'
import { type KindName } from './nat-kinds.ts'
import { type PairResult } from './pairs.ts'
import { isDirect } from './path-kind.ts'

export interface PairsFigures {
  pairs: PairResult[]
  /** A session, and a message each way. */
  connected: number
  /** Of those, without anybody in between. */
  direct: number
  total: number
  /** Over the messages that arrived. */
  medianMs: number | null
  worstMs: number | null
  /** Pairs that could be direct and are not. */
  missedDirect: string[]
}

export function pairsFigures(pairs: PairResult[]): PairsFigures {
  const connected = pairs.filter(isConnected)
  const times = pairs.flatMap(({ firstMessageMs }) => firstMessageMs ?? []).sort((a, b) => a - b)
  const missed = pairs.filter(({ from, to, how }) => isDirectExpected(from, to) && !isDirect(how))
  return {
    pairs,
    connected: connected.length,
    direct: connected.filter(({ how }) => isDirect(how)).length,
    total: pairs.length,
    medianMs: times[Math.floor((times.length - 1) / 2)] ?? null,
    worstMs: times.at(-1) ?? null,
    missedDirect: missed.map(({ from, to }) => `${from} > ${to}`),
  }
}

/** One row per kind that calls, one column per kind that is called. */
export function pairsTable(pairs: readonly PairResult[], kinds: readonly KindName[]): string {
  const rows = kinds.map((from) => [from, ...kinds.map((to) => cell(pairs, from, to))])
  const lines = [['from \\ to', ...kinds], ...rows]
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return lines.map((line) => line.map((text, column) => text.padEnd(widths[column]!)).join('  ')).join('\n')
}

export function pairsSummary(figures: PairsFigures): string {
  const { connected, total, direct, medianMs, worstMs, missedDirect } = figures
  return [
    `${connected} of ${total} pairs have a session and a message each way, ${direct} of them direct;`,
    `first message ${medianMs ?? '-'} ms in the median, ${worstMs ?? '-'} ms at worst;`,
    `${missedDirect.length} pairs could be direct and are not. A cell in brackets has no session: what is told`,
    'is when a message came by way of other nodes. * no answer came back.',
  ].join('\n')
}

function cell(pairs: readonly PairResult[], from: KindName, to: KindName): string {
  const pair = pairs.find((each) => each.from === from && each.to === to)
  if (!pair) return ''
  const time = pair.firstMessageMs === null ? 'never' : `${Math.round(pair.firstMessageMs)} ms`
  const mark = pair.isAnswered ? '' : '*'
  return pair.how === 'none' ? `(${time})${mark}` : `${pair.how} ${time}${mark}`
}

function isConnected({ how, firstMessageMs, isAnswered }: PairResult): boolean {
  return how !== 'none' && firstMessageMs !== null && isAnswered
}
