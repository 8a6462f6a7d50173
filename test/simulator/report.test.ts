import { expect, it } from 'vitest'
import { type Outcome } from '../../simulator/experiments/experiment.ts'
import { htmlReport } from '../../simulator/report/html-report.ts'

const OUTCOME: Outcome = {
  figures: { delivered: 0.9999, meanHops: 2.5 },
  notes: ['a < b & "c"'],
  plots: [
    { kind: 'bars', title: 'Hops', unit: 'messages', bars: [{ label: '<2>', value: 7 }] },
    { kind: 'bars', title: 'Nothing', unit: '', bars: [] },
    {
      kind: 'lines',
      title: 'State',
      x: 'nodes',
      y: 'links',
      isLogX: true,
      lines: [{ label: 'measured', points: [1000, 10_000].map((x) => ({ x, y: Math.log10(x) })) }],
    },
    { kind: 'lines', title: 'Empty', x: '', y: '', lines: [] },
    {
      kind: 'map',
      title: 'Network',
      map: {
        nodes: [0, 1].map((x) => ({ x, y: 0.5, isTranslated: x === 1 })),
        links: [[0, 1]],
        routes: [[0, 1]],
      },
    },
  ],
}

it('the report is one file that loads nothing, follows light and dark, and escapes what it prints', () => {
  const html = htmlReport('reach', ['5 nodes'], OUTCOME, { events: 12 })
  expect(html).not.toMatch(/src=|href=|url\(|@import|<script/)
  expect(html).toContain('prefers-color-scheme: dark')
  expect(html).toContain('a &lt; b &amp; &quot;c&quot;')
  expect(html).toContain('&lt;2&gt;')
  expect(html).not.toMatch(/NaN|Infinity|undefined/)
  expect(html.match(/<svg /g)).toHaveLength(5)
  expect(html.match(/<svg /g)!.length).toBe(html.match(/<\/svg>/g)!.length)
  expect(html.match(/role="img" aria-label=/g)).toHaveLength(5)
})
