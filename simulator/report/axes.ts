// The frame of a plot: grid lines with their values, and what is on either axis.

import { escapeText } from './escape-text.ts'
import { type Scale } from './scale.ts'
import { shortNumber } from './short-number.ts'

/** Edges of the plot within the drawing. */
export interface Box {
  left: number
  right: number
  top: number
  bottom: number
}

const LABEL_GAP = 6

export function yAxis(box: Box, scale: Scale, title: string): string {
  const drawn = scale.ticks.map((value) => {
    const at = scale.at(value).toFixed(1)
    return (
      `<line x1="${box.left}" x2="${box.right}" y1="${at}" y2="${at}" stroke="var(--faint)" stroke-width="0.8"/>` +
      `<text class="soft" x="${box.left - LABEL_GAP}" y="${(Number(at) + 4).toFixed(1)}" text-anchor="end">${shortNumber(value)}</text>`
    )
  })
  return `${drawn.join('')}<text class="soft" x="${LABEL_GAP}" y="13">${escapeText(title)}</text>`
}

export function xAxis(box: Box, scale: Scale, title: string): string {
  const drawn = scale.ticks.map((value) => {
    const at = scale.at(value).toFixed(1)
    return (
      `<line x1="${at}" x2="${at}" y1="${box.bottom}" y2="${box.bottom + 5}" stroke="var(--soft)"/>` +
      `<text class="soft" x="${at}" y="${box.bottom + 19}" text-anchor="middle">${shortNumber(value)}</text>`
    )
  })
  const middle = (box.left + box.right) / 2
  return (
    `<line x1="${box.left}" x2="${box.right}" y1="${box.bottom}" y2="${box.bottom}" stroke="var(--soft)"/>` +
    drawn.join('') +
    `<text class="soft" x="${middle}" y="${box.bottom + 38}" text-anchor="middle">${escapeText(title)}</text>`
  )
}
