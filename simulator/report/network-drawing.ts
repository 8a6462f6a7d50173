// The network from above: nodes where they stand (filled: the Internet can reach them), links, and some ways of messages.

import { type NetworkMap } from '../experiments/experiment.ts'
import { escapeText } from './escape-text.ts'

const SIZE = 720
const MARGIN = 12
const COLOURS = 8

export function drawMap({ nodes, links, routes }: NetworkMap, title: string): string {
  const at = (i: number): [string, string] => {
    const { x, y } = nodes[i]!
    return [place(x), place(y)]
  }
  const radius = Math.max(1.2, Math.min(5, 90 / Math.sqrt(nodes.length)))
  const lines = links.map(([a, b]) => {
    const [[x1, y1], [x2, y2]] = [at(a), at(b)]
    return `M${x1} ${y1}L${x2} ${y2}`
  })
  const dots = nodes.map(({ isTranslated }, i) => {
    const [x, y] = at(i)
    const fill = isTranslated ? 'var(--paper)' : 'var(--c2)'
    return `<circle cx="${x}" cy="${y}" r="${radius.toFixed(1)}" fill="${fill}" stroke="var(--c2)" stroke-width="0.8"/>`
  })
  const ways = routes.map((route, i) => {
    const points = route.map((each) => at(each).join(',')).join(' ')
    return `<polyline points="${points}" fill="none" stroke="var(--c${i % COLOURS})" stroke-width="2.2" stroke-linejoin="round"/>`
  })
  return `<svg viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label="${escapeText(title)}"><path d="${lines.join('')}" stroke="var(--faint)" stroke-width="0.5" opacity="0.5" fill="none"/>${dots.join('')}${ways.join('')}</svg>`
}

function place(share: number): string {
  return (MARGIN + (SIZE - 2 * MARGIN) * share).toFixed(1)
}
