// `npm run soak`: builds the long tests of test/soak with the code they test, and runs them. What follows goes to
// test/soak/index.ts.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { buildTool, root } from './build-tool.mjs'

await buildTool('soak', { index: 'test/soak/index.ts' })

const args = ['--expose-gc', path.join(root, 'out/soak/index.js'), ...process.argv.slice(2)]
process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root }).status ?? 1
