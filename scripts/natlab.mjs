// `npm run test:nat` and `npm run test:reach`: builds the NAT laboratory's programs with the node they run, and starts one.
// What follows goes to test/natlab/nat-command.ts or test/natlab/reach-command.ts.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildTool, root } from './build-tool.mjs'

const COMMANDS = ['nat-command', 'reach-command']

/** The node that the lab drives, and the two experiments. */
export function buildNatlab() {
  const names = ['lab-node', ...COMMANDS]
  return buildTool('natlab', Object.fromEntries(names.map((name) => [name, `test/natlab/${name}.ts`])))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [command, ...args] = process.argv.slice(2)
  await buildNatlab()
  const program = path.join(root, `out/natlab/${command}.js`)
  process.exitCode =
    spawnSync(process.execPath, [program, ...args], { stdio: 'inherit', cwd: root }).status ?? 1
}
