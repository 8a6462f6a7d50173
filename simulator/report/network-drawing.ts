// The network from above: nodes where they stand, links, and some ways of messages from a ring to an arrow's point.

import { escapeText } from './escape-text.ts'
import { drawKey, drawNode, type KeyEntry, MAP_SIZE, nodeKey, placeOf, radiusFor } from './map-marks.ts'
import { type NetworkMap, type Point } from './plot.ts'

const COLOURS = 8
const ARROW = 9

export function drawMap({ nodes, links, routes }: NetworkMap, title: string): string {
  const places = nodes.map(placeOf)
  const radius = radiusFor(nodes.length)
  const ways = routes.filter(({ length }) => length > 1)
  const key = drawKey(keyOf(nodes, links.length, ways.length), MAP_SIZE, MAP_SIZE)
  return (
    `<svg viewBox="0 0 ${MAP_SIZE} ${MAP_SIZE + key.height}" role="img" aria-label="${escapeText(title)}">` +
    drawLinks(links, places) +
    nodes.map((node, i) => drawNode(places[i]!, node, radius)).join('') +
    ways
      .map((way, i) =>
        drawWay(
          way.map((each) => places[each]!),
          i,
        ),
      )
      .join('') +
    `${key.drawn}</svg>`
  )
}

/** The more there are, the fainter each: what shows is where many run. */
function drawLinks(links: NetworkMap['links'], places: readonly Point[]): string {
  const drawn = links.map(([a, b]) => `M${point(places[a]!)}L${point(places[b]!)}`)
  const opacity = Math.max(0.12, Math.min(0.9, 400 / Math.max(1, links.length)))
  return `<path d="${drawn.join('')}" stroke="var(--soft)" stroke-width="0.6" opacity="${opacity.toFixed(2)}" fill="none"/>`
}

function drawWay(way: readonly Point[], i: number): string {
  const colour = `var(--c${i % COLOURS})`
  const [from, last] = [way.at(-2)!, way.at(-1)!]
  const angle = (180 / Math.PI) * Math.atan2(last.y - from.y, last.x - from.x)
  const stops = way
    .slice(1, -1)
    .map(({ x, y }) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3"/>`)
  return (
    `<polyline points="${way.map(point).join(' ')}" fill="none" stroke="${colour}" stroke-width="2.2" stroke-linejoin="round"/>` +
    `<g fill="${colour}">${stops.join('')}<path d="M0 0L${-ARROW} ${ARROW / 2}L${-ARROW} ${-ARROW / 2}Z" transform="translate(${point(last)}) rotate(${angle.toFixed(1)})"/></g>` +
    `<circle cx="${way[0]!.x.toFixed(1)}" cy="${way[0]!.y.toFixed(1)}" r="5" fill="var(--paper)" stroke="${colour}" stroke-width="2.2"/>`
  )
}

function keyOf(nodes: NetworkMap['nodes'], links: number, ways: number): KeyEntry[] {
  const link = '<line x1="-8" x2="8" stroke="var(--soft)" stroke-width="1"/>'
  const way =
    '<line x1="-8" x2="8" stroke="var(--c0)" stroke-width="2.2"/><circle cx="-7" r="4" fill="var(--paper)" stroke="var(--c0)" stroke-width="2"/>'
  return [
    ...nodeKey(nodes),
    ...(links > 0 ? [{ mark: link, words: 'link', width: 58 }] : []),
    ...(ways > 0 ? [{ mark: way, words: 'a message, from its sender', width: 210 }] : []),
  ]
}

function point({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`
}
