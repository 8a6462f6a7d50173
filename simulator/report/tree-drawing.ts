// One spanning tree, twice: where its nodes stand, and unrolled with the root in the middle and a ring for each depth.
// Edges have the colour of their depth, and are dashed where the step is one by id; nodes from which no message comes to the root
// without a detour are crosses.

import { escapeText } from './escape-text.ts'
import { drawKey, drawNode, type KeyEntry, MAP_SIZE, nodeKey, placeOf, radiusFor } from './map-marks.ts'
import { type Point, type SpanningTree } from './plot.ts'
import { depthsOf, radialPlaces } from './tree-layout.ts'

/** In a deeper tree a colour stands for a range of depths. */
const DEPTH_COLOURS = 7
const DASHES = '3 3'
const GAP = 24
const WIDTH = 2 * MAP_SIZE + GAP
/** The page is half as wide as the drawing. */
const KEY_SCALE = 1.7

export function drawTree(tree: SpanningTree, title: string): string {
  const depths = depthsOf(tree)
  const radial = radialPlaces(tree, depths)
  const fromAbove = drawPanel(tree, depths, tree.nodes.map(placeOf))
  const unrolled = drawPanel(
    tree,
    depths,
    radial.map((place) => place && placeOf(place)),
  )
  const key = drawKey(keyOf(tree, depths), 0, WIDTH / KEY_SCALE)
  return (
    `<svg viewBox="0 0 ${WIDTH} ${(MAP_SIZE + KEY_SCALE * key.height).toFixed(0)}" role="img" aria-label="${escapeText(title)}">` +
    `<g>${fromAbove}</g><g transform="translate(${MAP_SIZE + GAP} 0)">${unrolled}</g>` +
    `<g transform="translate(0 ${MAP_SIZE}) scale(${KEY_SCALE})">${key.drawn}</g></svg>`
  )
}

/** Nodes without a place are left out. */
function drawPanel(
  tree: SpanningTree,
  depths: readonly number[],
  places: readonly (Point | undefined)[],
): string {
  const radius = radiusFor(tree.nodes.length)
  const nodes = tree.nodes.map((node, i) => {
    const place = places[i]
    if (!place || i === tree.root) return ''
    return depths[i]! < 0 ? cross(place, radius) : drawNode(place, node, radius)
  })
  const root = places[tree.root]
  return drawEdges(tree, depths, places) + nodes.join('') + (root ? rootMark(root) : '')
}

/** The deepest first, so that what all messages share lies on top. */
function drawEdges(
  { parents, areById }: SpanningTree,
  depths: readonly number[],
  places: readonly (Point | undefined)[],
): string {
  const range = rangeOf(depths)
  const colours = Array.from({ length: DEPTH_COLOURS }, () => ({ known: '', byId: '' }))
  for (const [i, parent] of parents.entries()) {
    const [from, to] = [places[i], places[parent]]
    if (depths[i]! > 0 && from && to)
      colours[Math.ceil(depths[i]! / range) - 1]![areById[i] ? 'byId' : 'known'] +=
        `M${point(from)}L${point(to)}`
  }
  return colours
    .map(({ known, byId }, i) => drawEdge(known, i) + drawEdge(byId, i, DASHES))
    .reverse()
    .join('')
}

function drawEdge(path: string, colour: number, dashes?: string): string {
  if (path === '') return ''
  const width = Math.max(0.9, 2.6 - 0.35 * colour).toFixed(1)
  const dashed = dashes ? ` stroke-dasharray="${dashes}"` : ''
  return `<path d="${path}" stroke="var(--d${colour})" stroke-width="${width}"${dashed} fill="none" opacity="0.85"/>`
}

function keyOf({ nodes, areById }: SpanningTree, depths: readonly number[]): KeyEntry[] {
  const range = rangeOf(depths)
  const rings = Array.from({ length: DEPTH_COLOURS }, (_, i) => {
    const [first, last] = [i * range + 1, (i + 1) * range]
    const count = depths.filter((depth) => depth >= first && depth <= last).length
    const mark = `<line x1="-8" x2="8" stroke="var(--d${i})" stroke-width="3.5"/>`
    const hops = range > 1 ? `${first} to ${last} hops` : `${first} ${first === 1 ? 'hop' : 'hops'}`
    return { mark, words: `${hops}: ${count}`, width: range > 1 ? 150 : 112, count }
  })
  const lost = depths.filter((depth) => depth < 0).length
  const cut = { mark: cross({ x: 0, y: 0 }, 4), words: `by detours only: ${lost}`, width: 160 }
  const stepping = areById.filter((isById, i) => isById && depths[i]! > 0).length
  const dashed = `<line x1="-9" x2="9" stroke="var(--ink)" stroke-width="2" stroke-dasharray="${DASHES}"/>`
  const byId = { mark: dashed, words: `step by id: ${stepping}`, width: 140 }
  return [
    { mark: rootMark({ x: 0, y: 0 }), words: 'root', width: 66 },
    ...nodeKey(nodes),
    ...rings.filter(({ count }) => count > 0),
    ...(stepping > 0 ? [byId] : []),
    ...(lost > 0 ? [cut] : []),
  ]
}

/** How many depths share a colour. */
function rangeOf(depths: readonly number[]): number {
  const deepest = depths.reduce((most, depth) => Math.max(most, depth), 1)
  return Math.ceil(deepest / DEPTH_COLOURS)
}

function rootMark({ x, y }: Point): string {
  const at = `cx="${x.toFixed(1)}" cy="${y.toFixed(1)}"`
  return `<circle ${at} r="9" fill="var(--paper)" stroke="var(--ink)" stroke-width="2.5"/><circle ${at} r="4.5" fill="var(--ink)"/>`
}

function cross({ x, y }: Point, radius: number): string {
  const arm = Math.max(2.5, radius)
  return `<path d="M${point({ x: x - arm, y: y - arm })}l${2 * arm} ${2 * arm}m0 ${-2 * arm}l${-2 * arm} ${2 * arm}" stroke="var(--c5)" stroke-width="1.6" fill="none"/>`
}

function point({ x, y }: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`
}
