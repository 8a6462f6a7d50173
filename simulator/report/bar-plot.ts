// Bars over a few names, or the columns of a histogram.

import { yAxis } from './axes.ts'
import { escapeText } from './escape-text.ts'
import { type BarsPlot } from './plot.ts'
import { scaleOver } from './scale.ts'
import { shortNumber } from './short-number.ts'

const WIDTH = 720
const HEIGHT = 280
const TITLE_HEIGHT = 16
const BOX = { left: 56, right: 712, top: 40, bottom: 248 }
/** A few bars stay slim instead of filling the width. */
const WIDEST_STEP = 130
const FILLED = 0.72
const CHARACTER_WIDTH = 6.6
const LABEL_GAP = 6

export function drawBars({ bars, unit, title, x, isLog }: BarsPlot): string {
  const step = Math.min(WIDEST_STEP, (BOX.right - BOX.left) / Math.max(1, bars.length))
  const scale = scaleOver(
    bars.map(({ value }) => value),
    { from: BOX.bottom, to: BOX.top, isLog, hasZero: true },
  )
  const everyLabel = spacing(
    bars.map(({ label }) => label),
    step,
  )
  const values = bars.map(({ value }) => shortNumber(value))
  const hasValues = spacing(values, step) === 1
  const drawn = bars.map(({ label, value }, i) => {
    const middle = BOX.left + (i + 0.5) * step
    const top = isLog && !(value > 0) ? BOX.bottom : scale.at(value)
    return (
      column(middle, FILLED * step, top) +
      (i % everyLabel === 0 ? text(middle, BOX.bottom + 18, label) : '') +
      (hasValues ? text(middle, top - 5, values[i]!, 'soft') : '')
    )
  })
  const height = x ? HEIGHT + TITLE_HEIGHT : HEIGHT
  return (
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeText(title)}">` +
    yAxis(BOX, scale, unit) +
    drawn.join('') +
    `<line x1="${BOX.left}" x2="${BOX.right}" y1="${BOX.bottom}" y2="${BOX.bottom}" stroke="var(--soft)"/>` +
    (x ? text((BOX.left + BOX.right) / 2, BOX.bottom + 38, x, 'soft') : '') +
    '</svg>'
  )
}

/** Of how many texts one is shown, so that none runs into the next. */
function spacing(texts: readonly string[], step: number): number {
  const longest = texts.reduce((most, { length }) => Math.max(most, length), 0)
  return Math.max(1, Math.ceil((longest * CHARACTER_WIDTH + LABEL_GAP) / step))
}

function column(middle: number, width: number, top: number): string {
  const drawnWidth = Math.max(1, width)
  const height = Math.max(0, BOX.bottom - top)
  return `<rect x="${(middle - drawnWidth / 2).toFixed(1)}" y="${top.toFixed(1)}" width="${drawnWidth.toFixed(1)}" height="${height.toFixed(1)}" fill="var(--c0)"/>`
}

function text(x: number, y: number, words: string, className = ''): string {
  const classed = className ? ` class="${className}"` : ''
  return `<text${classed} x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="middle">${escapeText(words)}</text>`
}
