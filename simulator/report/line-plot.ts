// Lines, or points alone, over two axes of which each may be logarithmic.

import { type Box, xAxis, yAxis } from './axes.ts'
import { escapeText } from './escape-text.ts'
import { type LinesPlot, type Point, type ScatterPlot, type Series } from './plot.ts'
import { type Scale, scaleOver } from './scale.ts'

const WIDTH = 720
const BOX: Box = { left: 56, right: 536, top: 28, bottom: 260 }
const HEIGHT = BOX.bottom + 46
const COLOURS = 8
const LEGEND_STEP = 19
const LONGEST_LABEL = 20
/** Up to so many points a line shows them as dots too: that is where it was measured. */
const FEW_POINTS = 24

/** A label has a place above the plot or, beside another there, in it; a third at the same place is left out. */
const MARK_ROWS = [BOX.top - 4, BOX.top + 12]
const MARK_GAP = 6
const MARK_CHARACTER_WIDTH = 5.6

export function drawLines({ lines, ...frame }: LinesPlot): string {
  return drawFrame(frame, lines, (points, colour) => {
    const way = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
    const line = `<polyline points="${way}" fill="none" stroke="${colour}" stroke-width="1.8" stroke-linejoin="round"/>`
    return points.length > FEW_POINTS ? line : line + dots(points, colour, 2.6, 1)
  })
}

export function drawScatter({ series, ...frame }: ScatterPlot): string {
  const count = series.reduce((total, { points }) => total + points.length, 0)
  const radius = Math.max(1.3, Math.min(3.2, 60 / Math.sqrt(Math.max(1, count))))
  return drawFrame(frame, series, (points, colour) => dots(points, colour, radius, count > 200 ? 0.55 : 0.9))
}

type Frame = Pick<LinesPlot, 'title' | 'x' | 'y' | 'isLogX' | 'isLogY' | 'marks'>

function drawFrame(
  { title, x, y, isLogX, isLogY, marks = [] }: Frame,
  series: readonly Series[],
  draw: (points: Point[], colour: string) => string,
): string {
  const all = series.flatMap(({ points }) => points)
  const onX = scaleOver(
    all.map((point) => point.x),
    { from: BOX.left, to: BOX.right, isLog: isLogX },
  )
  const onY = scaleOver(
    all.map((point) => point.y),
    {
      from: BOX.bottom,
      to: BOX.top,
      isLog: isLogY,
      hasZero: true,
    },
  )
  const drawn = series.map(({ points }, i) => draw(placed(points, onX, onY, { isLogX, isLogY }), colourOf(i)))
  const height = Math.max(HEIGHT, BOX.top + LEGEND_STEP * (series.length + 1))
  return (
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeText(title)}">` +
    yAxis(BOX, onY, y) +
    xAxis(BOX, onX, x) +
    drawMarks(marks, onX) +
    drawn.join('') +
    series.map(({ label }, i) => legend(label, i)).join('') +
    '</svg>'
  )
}

/** What a logarithmic axis cannot show is left out. */
function placed(
  points: readonly Point[],
  onX: Scale,
  onY: Scale,
  { isLogX, isLogY }: Pick<Frame, 'isLogX' | 'isLogY'>,
): Point[] {
  return points
    .filter(({ x, y }) => (!isLogX || x > 0) && (!isLogY || y > 0))
    .map(({ x, y }) => ({ x: onX.at(x), y: onY.at(y) }))
}

function drawMarks(marks: readonly { x: number; label: string }[], onX: Scale): string {
  const freeFrom = MARK_ROWS.map(() => BOX.left)
  return marks
    .map(({ x, label }) => {
      const at = onX.at(x)
      const line = `<line x1="${at.toFixed(1)}" x2="${at.toFixed(1)}" y1="${BOX.top}" y2="${BOX.bottom}" stroke="var(--soft)" stroke-dasharray="3 4"/>`
      const row = freeFrom.findIndex((free) => at >= free)
      if (row < 0) return line
      freeFrom[row] = at + MARK_GAP + MARK_CHARACTER_WIDTH * label.length
      return `${line}<text class="soft small" x="${(at + 3).toFixed(1)}" y="${MARK_ROWS[row]}">${escapeText(label)}</text>`
    })
    .join('')
}

function dots(points: readonly Point[], colour: string, radius: number, opacity: number): string {
  const drawn = points.map(
    ({ x, y }) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}"/>`,
  )
  return `<g fill="${colour}" opacity="${opacity}">${drawn.join('')}</g>`
}

function legend(label: string, i: number): string {
  const y = BOX.top + 6 + LEGEND_STEP * i
  const shown = label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label
  return (
    `<line x1="${BOX.right + 16}" x2="${BOX.right + 34}" y1="${y - 4}" y2="${y - 4}" stroke="${colourOf(i)}" stroke-width="3"/>` +
    `<text x="${BOX.right + 40}" y="${y}">${escapeText(shown)}</text>`
  )
}

function colourOf(i: number): string {
  return `var(--c${i % COLOURS})`
}
