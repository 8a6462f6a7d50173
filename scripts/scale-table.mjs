// `npm run -s scale-table`: what 10^4 to 10^9 online users cost each volunteer, from sizes measured now. docs/scale.md holds
// what it prints; `--write` puts it there.

import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildTool, root } from './build-tool.mjs'

await buildTool('scale-table', { index: 'simulator/on-paper/scale-table.ts' })
const { scaleText } = await import(pathToFileURL(path.join(root, 'out/scale-table/index.js')).href)
const text = await scaleText()
console.log(text)
if (process.argv.includes('--write')) {
  const file = path.join(root, 'docs/scale.md')
  const page = fs.readFileSync(file, 'utf8')
  fs.writeFileSync(
    file,
    page.replace(/```text\n[\s\S]*?```/, () => `\`\`\`text\n${text}\n\`\`\``),
  )
}
