import { describe, expect, it } from 'vitest'
import { htmlReport } from '../../simulator/report/html-report.ts'
import { type Plot, type SpanningTree } from '../../simulator/report/plot.ts'
import { scaleOver } from '../../simulator/report/scale.ts'
import { shortNumber } from '../../simulator/report/short-number.ts'
import { drawTree } from '../../simulator/report/tree-drawing.ts'
import { depthsOf, radialPlaces } from '../../simulator/report/tree-layout.ts'

/** 0 is the root, to which 3 finds by id; 4 and 5 point at each other, and 6 knows nobody. */
const TREE: SpanningTree = {
  nodes: Array.from({ length: 7 }, (_, i) => ({ x: i / 7, y: 0.5, isTranslated: i % 2 === 1 })),
  parents: [-1, 0, 0, 1, 5, 4, -1],
  areById: [false, false, false, true, true, false, true],
  root: 0,
}

const PLOTS: Plot[] = [
  { kind: 'bars', title: 'Hops', unit: 'messages', bars: [{ label: '<2>', value: 7 }] },
  { kind: 'bars', title: 'Nothing', unit: '', bars: [] },
  {
    kind: 'bars',
    title: 'Far apart',
    unit: 'packets',
    isLog: true,
    bars: [0, 1, 70_000].map((value) => ({ label: `${value}`, value })),
  },
  {
    kind: 'lines',
    title: 'State',
    x: 'nodes',
    y: 'links',
    isLogX: true,
    lines: [{ label: 'measured', points: [1000, 10_000].map((x) => ({ x, y: Math.log10(x) })) }],
    marks: ['first', 'beside it', 'on both'].map((label) => ({ x: 1000, label })),
  },
  { kind: 'lines', title: 'Empty', x: '', y: '', lines: [] },
  { kind: 'lines', title: 'One point', x: '', y: '', lines: [{ label: 'a', points: [{ x: 3, y: 0 }] }] },
  {
    kind: 'scatter',
    title: 'Records',
    x: 'nodes',
    y: 'records',
    isLogX: true,
    isLogY: true,
    series: [{ label: 'a', points: [0, 10, 300].map((x) => ({ x, y: x / 2 })) }],
  },
  {
    kind: 'map',
    title: 'Network',
    map: { nodes: TREE.nodes.slice(0, 2), links: [[0, 1]], routes: [[0, 1], [1]] },
  },
  { kind: 'map', title: 'Nobody', map: { nodes: [], links: [], routes: [] } },
  { kind: 'tree', title: 'All ways to one', tree: TREE },
]

describe('the report', () => {
  const outcome = { figures: { delivered: 0.9999, meanHops: 2.5 }, notes: ['a < b & "c"'], plots: PLOTS }
  const html = htmlReport('reach', ['5 nodes'], outcome, { events: 12 })

  it('is one file that loads nothing, follows light and dark, and escapes what it prints', () => {
    expect(html).not.toMatch(/src=|href=|url\(|@import|<script/)
    expect(html).toContain('prefers-color-scheme: dark')
    expect(html).toContain('a &lt; b &amp; &quot;c&quot;')
    expect(html).toContain('&lt;2&gt;')
    expect(html).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('has a drawing with a name for each plot, and closes what it opens', () => {
    expect(html.match(/<svg /g)).toHaveLength(PLOTS.length)
    expect(html.match(/role="img" aria-label=/g)).toHaveLength(PLOTS.length)
    for (const tag of ['svg', 'g', 'text', 'table'])
      expect(html.match(new RegExp(`<${tag}[ >]`, 'g'))!.length).toBe(html.split(`</${tag}>`).length - 1)
  })

  it('marks what begins when, as far as there is room for its name', () => {
    for (const label of ['first', 'beside it']) expect(html).toContain(`>${label}</text>`)
    expect(html).not.toContain('>on both<')
    expect(html.match(/stroke-dasharray="3 4"/g)).toHaveLength(3)
  })

  it('knows every colour that it uses, in light and in dark', () => {
    const [light, dark] = html.split('prefers-color-scheme: dark') as [string, string]
    for (const [, name] of html.matchAll(/var\((--\w+)\)/g)) {
      expect(light).toContain(`${name}: #`)
      expect(dark.slice(0, 1000)).toContain(`${name}: #`)
    }
  })
})

describe('the drawing of a tree', () => {
  it('counts hops to the root, and none for those whose way ends elsewhere', () => {
    expect(depthsOf(TREE)).toEqual([0, 1, 1, 2, -1, -1, -1])
  })

  it('unrolls it with the root in the middle and each depth on its ring', () => {
    const places = radialPlaces(TREE, depthsOf(TREE))
    const radii = places.map((place) => place && Math.hypot(place.x - 0.5, place.y - 0.5))
    expect(radii.slice(0, 4)).toEqual(
      [0, 0.25, 0.25, 0.5].map((radius) => expect.closeTo(radius, 9) as number),
    )
    expect(radii.slice(4)).toEqual([undefined, undefined, undefined])
  })

  it('names in its key what there is, and gives deep trees ranges', () => {
    const small = drawTree(TREE, 'tree')
    for (const words of [
      'root',
      'behind NAT',
      '1 hop: 2',
      '2 hops: 1',
      'step by id: 1',
      'by detours only: 3',
    ])
      expect(small).toContain(`>${words}<`)
    const chain = Array.from({ length: 21 }, (_, i) => i - 1)
    const nodes = chain.map(() => ({ x: 0, y: 0, isTranslated: false }))
    const areById = chain.map(() => false)
    const deep = drawTree({ nodes, parents: chain, areById, root: 0 }, 'chain')
    for (const words of ['node', '1 to 3 hops: 3', '19 to 21 hops: 2']) expect(deep).toContain(`>${words}<`)
  })
})

describe('an axis', () => {
  it.each([
    [[3, 97], {}, [0, 20, 40, 60, 80, 100]],
    [[0, 0.003], {}, [0, 0.0005, 0.001, 0.0015, 0.002, 0.0025, 0.003]],
    [[5, 5], { hasZero: true }, [0, 1, 2, 3, 4, 5]],
    [[], {}, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [[250, 100_000], { isLog: true }, [100, 1000, 10_000, 100_000]],
    [[0, 20, 90], { isLog: true }, [10, 20, 50, 100]],
  ])('over %j with %j has round ticks', (values, options, ticks) => {
    const scale = scaleOver(values as number[], { from: 0, to: 100, ...(options as object) })
    expect(scale.ticks).toEqual(ticks)
    expect(scale.at(scale.ticks[0]!)).toBeCloseTo(0, 9)
    expect(scale.at(scale.ticks.at(-1)!)).toBeCloseTo(100, 9)
  })

  it.each([
    [99.96, '99.96'],
    [12_345, '12.3 k'],
    [5_589_322, '5.59 M'],
    [0.1234, '0.123'],
    [0, '0'],
  ])('shows %d as %s', (value, text) => {
    expect(shortNumber(value)).toBe(text)
  })
})
