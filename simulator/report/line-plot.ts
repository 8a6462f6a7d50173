import { type Plot } from '../experiments/experiment.ts'
import { escapeText } from './escape-text.ts'
import { shortNumber } from './short-number.ts'

const WIDTH = 720
const HEIGHT = 300
const BOX = { left: 56, right: 560, top: 14, bottom: 256 }
const COLOURS = 8
const TICKS = 5

interface Scale {
  (value: number): number
}

export function drawLines(plot: Plot & { kind: 'lines' }): string {
  const points = plot.lines.flatMap((line) => line.points)
  const onX = (value: number): number => (plot.isLogX ? Math.log10(Math.max(value, 1e-9)) : value)
  const xs = points.map(({ x }) => onX(x))
  const [least, most] = [Math.min(...xs, Infinity), Math.max(...xs, -Infinity)]
  const top = Math.max(...points.map(({ y }) => y), 1e-9)
  const x: Scale = (value) =>
    BOX.left + ((onX(value) - least) / Math.max(1e-9, most - least)) * (BOX.right - BOX.left)
  const y: Scale = (value) => BOX.bottom - (value / top) * (BOX.bottom - BOX.top)
  const lines = plot.lines.map(({ label, points: own }, i) => {
    const colour = `var(--c${i % COLOURS})`
    const way = own.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(' ')
    const at = BOX.top + 14 + 18 * i
    return (
      `<polyline points="${way}" fill="none" stroke="${colour}" stroke-width="1.6"/>` +
      `<line x1="${BOX.right + 14}" x2="${BOX.right + 32}" y1="${at - 4}" y2="${at - 4}" stroke="${colour}" stroke-width="3"/>` +
      `<text x="${BOX.right + 38}" y="${at}">${escapeText(label)}</text>`
    )
  })
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(plot.title)}">` +
    yAxis(top, y) +
    xAxis(plot, least, most) +
    lines.join('') +
    `<text class="soft" x="${BOX.left}" y="10">${escapeText(plot.y)}</text>` +
    `<text class="soft" x="${BOX.right}" y="${HEIGHT - 8}" text-anchor="end">${escapeText(plot.x)}</text></svg>`
  )
}

function yAxis(top: number, y: Scale): string {
  let drawn = ''
  for (let tick = 0; tick <= TICKS; tick++) {
    const value = (top * tick) / TICKS
    const at = y(value).toFixed(1)
    drawn +=
      `<line x1="${BOX.left}" x2="${BOX.right}" y1="${at}" y2="${at}" stroke="var(--faint)"/>` +
      `<text class="soft" x="${BOX.left - 6}" y="${Number(at) + 4}" text-anchor="end">${shortNumber(value)}</text>`
  }
  return drawn
}

function xAxis(plot: Plot & { kind: 'lines' }, least: number, most: number): string {
  let drawn = ''
  for (let tick = 0; tick <= TICKS; tick++) {
    const value = least + ((most - least) * tick) / TICKS
    const at = BOX.left + ((BOX.right - BOX.left) * tick) / TICKS
    const label = Number.isFinite(value) ? shortNumber(plot.isLogX ? 10 ** value : value) : ''
    drawn += `<text class="soft" x="${at.toFixed(1)}" y="${BOX.bottom + 18}" text-anchor="middle">${label}</text>`
  }
  return drawn
}
