// What drawings of the network share: where a node stands, how it looks, and the key below.

import { escapeText } from './escape-text.ts'
import { type MapNode, type Point } from './plot.ts'

export const MAP_SIZE = 720
const MARGIN = 16
const KEY_STEP = 22

/** From the unit square to the drawing's. */
export function placeOf({ x, y }: Point): Point {
  return { x: MARGIN + (MAP_SIZE - 2 * MARGIN) * x, y: MARGIN + (MAP_SIZE - 2 * MARGIN) * y }
}

/** So that a thousand do not touch and ten can be seen. */
export function radiusFor(nodes: number): number {
  return Math.max(1.3, Math.min(6, 80 / Math.sqrt(nodes)))
}

/** Filled where the Internet can reach it, hollow behind a translator. */
export function drawNode({ x, y }: Point, { isTranslated }: MapNode, radius: number): string {
  const fill = isTranslated ? 'var(--paper)' : 'var(--node)'
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}" fill="${fill}" stroke="var(--node)" stroke-width="0.9"/>`
}

/** One line of the key: a mark drawn around 0,0 and what it means. */
export interface KeyEntry {
  mark: string
  words: string
  width: number
}

/** Where nobody is behind a translator, as among radios, there is nothing to tell apart. */
export function nodeKey(nodes: readonly MapNode[]): KeyEntry[] {
  const filled = '<circle r="5" fill="var(--node)" stroke="var(--node)"/>'
  const hollow = '<circle r="5" fill="var(--paper)" stroke="var(--node)"/>'
  if (!nodes.some(({ isTranslated }) => isTranslated)) return [{ mark: filled, words: 'node', width: 70 }]
  return [
    { mark: filled, words: 'open to the Internet', width: 160 },
    { mark: hollow, words: 'behind NAT', width: 106 },
  ]
}

/** Entries side by side, in as many rows as the width needs. */
export function drawKey(
  entries: readonly KeyEntry[],
  top: number,
  width: number,
): { drawn: string; height: number } {
  let [x, row] = [MARGIN, 0]
  const drawn = entries.map((entry) => {
    if (x + entry.width > width && x > MARGIN) [x, row] = [MARGIN, row + 1]
    const at = `translate(${x + 8} ${top + 16 + KEY_STEP * row})`
    x += entry.width
    return `<g transform="${at}">${entry.mark}<text x="14" y="4">${escapeText(entry.words)}</text></g>`
  })
  return { drawn: drawn.join(''), height: entries.length === 0 ? 0 : 12 + KEY_STEP * (row + 1) }
}
