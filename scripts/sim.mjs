// `npm run sim -- EXPERIMENT`: builds the simulator with the overlay in it, and runs it. What follows the experiment's
// name goes to simulator/options.ts; `--help` lists it.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { buildTool, root } from './build-tool.mjs'

/** A network of 100,000 nodes is more than V8 takes by itself. */
const HEAP_MEGABYTES = 16_384
/** What is under way is to be garbage before it counts as old: 6,000 nodes run a quarter faster with 512 than with 64. */
const YOUNG_MEGABYTES = 1024

await buildTool('sim', { index: 'simulator/index.ts' })

const args = [
  `--max-old-space-size=${HEAP_MEGABYTES}`,
  `--max-semi-space-size=${YOUNG_MEGABYTES}`,
  path.join(root, 'out/sim/index.js'),
  ...process.argv.slice(2),
]
process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root }).status ?? 1
