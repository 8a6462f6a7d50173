// `npm run -s bench -- NAME`: builds the program and the measurements, and runs one. Measurements of the window need a
// display: where there is none, a virtual one is started around them.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { buildIfNeeded } from './build.mjs'
import { buildTool, root } from './build-tool.mjs'

const NEEDS_DISPLAY = new Set(['start'])
const name = process.argv[2] ?? ''

await buildIfNeeded()
await buildTool('bench', {
  index: 'bench/index.ts',
  'crowd-process': 'bench/crowd-process.ts',
  'transport-process': 'bench/transport-process.ts',
})

const bench = [process.execPath, path.join(root, 'out/bench/index.js'), ...process.argv.slice(2)]
const needsVirtualDisplay =
  process.platform === 'linux' &&
  NEEDS_DISPLAY.has(name) &&
  !process.env.DISPLAY &&
  !process.env.WAYLAND_DISPLAY
const [command, ...args] = needsVirtualDisplay ? ['xvfb-run', '-a', ...bench] : bench
process.exitCode = spawnSync(command, args, { stdio: 'inherit', cwd: root }).status ?? 1
