import { type Plot } from '../experiments/experiment.ts'
import { escapeText } from './escape-text.ts'
import { shortNumber } from './short-number.ts'

const WIDTH = 720
const HEIGHT = 260
const MARGIN = { top: 24, bottom: 34, left: 10, right: 10 }
/** Labels are left out where they would run into each other. */
const LEAST_LABEL_WIDTH = 38

export function drawBars({ bars, unit, title }: Plot & { kind: 'bars' }): string {
  const most = Math.max(...bars.map(({ value }) => value), 1e-9)
  const step = (WIDTH - MARGIN.left - MARGIN.right) / Math.max(1, bars.length)
  const every = Math.max(1, Math.ceil(LEAST_LABEL_WIDTH / step))
  const inner = HEIGHT - MARGIN.top - MARGIN.bottom
  const drawn = bars.map(({ label, value }, i) => {
    const height = (inner * value) / most
    const x = MARGIN.left + i * step
    const y = MARGIN.top + inner - height
    const width = Math.max(1, 0.8 * step)
    const text =
      i % every === 0
        ? `<text x="${(x + width / 2).toFixed(1)}" y="${HEIGHT - 16}" text-anchor="middle">${escapeText(label)}</text>` +
          `<text class="soft" x="${(x + width / 2).toFixed(1)}" y="${(y - 5).toFixed(1)}" text-anchor="middle">${shortNumber(value)}</text>`
        : ''
    return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" fill="var(--c0)"/>${text}`
  })
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(title)}">${drawn.join('')}<text class="soft" x="${WIDTH - 10}" y="12" text-anchor="end">${escapeText(unit)}</text></svg>`
}
