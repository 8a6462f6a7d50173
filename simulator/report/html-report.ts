// A report in one file: figures, plots and drawings as inline SVG, in colours that follow the reader's light or dark.

import { type Figures } from '../experiments/experiment.ts'
import { escapeText } from './escape-text.ts'
import { drawBars } from './bar-plot.ts'
import { drawLines, drawScatter } from './line-plot.ts'
import { drawMap } from './network-drawing.ts'
import { type Plot } from './plot.ts'
import { drawTree } from './tree-drawing.ts'

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2320; --paper: #fbfcfa; --faint: #cfd6d1; --soft: #66706b;
  --node: #3b66b0; --c0: #1b7f5c; --c1: #b4552d; --c2: #3b66b0; --c3: #8a4f9e; --c4: #94812a; --c5: #b23a5e; --c6: #2f8a98; --c7: #6b6f75;
  --d0: #7a1f5c; --d1: #b3324f; --d2: #d0652a; --d3: #b8962a; --d4: #5f9a4e; --d5: #3a8a94; --d6: #5a6ea6 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebe8; --paper: #151917; --faint: #3a423e; --soft: #9aa59f;
  --node: #86aaf0; --c0: #4fc79a; --c1: #e8925f; --c2: #86aaf0; --c3: #c793da; --c4: #d6c25c; --c5: #ee86a2; --c6: #6fcbd8; --c7: #b3b8bd;
  --d0: #f08ac8; --d1: #f57f8e; --d2: #f2a063; --d3: #dcc660; --d4: #8fd07c; --d5: #66c3cd; --d6: #94a9ea } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse } td { padding: .15rem 1rem .15rem 0; border-bottom: 1px solid var(--faint) }
td + td { text-align: right; font-variant-numeric: tabular-nums }
svg { width: 100%; height: auto } svg text { fill: var(--ink); font: 12px system-ui, sans-serif } svg .soft { fill: var(--soft) } svg .small { font-size: 10px }
pre { white-space: pre-wrap; color: var(--soft); font-size: .85rem }
`

export function htmlReport(
  name: string,
  parameters: readonly string[],
  outcome: { figures: Figures; plots: readonly Plot[]; notes: readonly string[] },
  cost: Figures,
): string {
  const title = `Banyan simulator: ${name}`
  const rows = Object.entries({ ...outcome.figures, ...cost })
    .map(
      ([key, value]) =>
        `<tr><td>${escapeText(wordsOf(key))}</td><td>${Number(value.toPrecision(6))}</td></tr>`,
    )
    .join('\n')
  const plots = outcome.plots.map((plot) => `<h2>${escapeText(plot.title)}</h2>\n${draw(plot)}`).join('\n')
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title><style>${STYLE}</style></head>
<body>
<h1>${escapeText(title)}</h1>
<pre>${escapeText(parameters.join('\n'))}</pre>
<table>${rows}</table>
${plots}
<h2>Notes</h2>
<pre>${escapeText(outcome.notes.join('\n'))}</pre>
</body>
</html>
`
}

/** linksPerNodeP99 becomes "links per node P99". */
function wordsOf(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after}`)
    .replace(/ [A-Z](?=[a-z ])/g, (found) => found.toLowerCase())
}

function draw(plot: Plot): string {
  switch (plot.kind) {
    case 'bars':
      return drawBars(plot)
    case 'lines':
      return drawLines(plot)
    case 'scatter':
      return drawScatter(plot)
    case 'map':
      return drawMap(plot.map, plot.title)
    case 'tree':
      return drawTree(plot.tree, plot.title)
  }
}
