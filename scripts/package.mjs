// `npm run package`: builds and packs the app with electron-builder; what follows `--` goes to it (`--dir` for the
// unpacked app only). Where electron-binary.mjs finds an Electron on this machine, that one is packed.

import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnSync } from 'node:child_process'
import { buildIfNeeded } from './build.mjs'
import { electronBinary } from './electron-binary.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
electronBinary()
const given = process.env.ELECTRON_OVERRIDE_DIST_PATH

function electronArguments() {
  if (!given) return []
  const version = fs.readFileSync(path.join(given, 'version'), 'utf8').trim().replace(/^v/, '')
  return [`-c.electronDist=${given}`, `-c.electronVersion=${version}`]
}

await buildIfNeeded()
const builder = path.join(root, 'node_modules/electron-builder/out/cli/cli.js')
const run = spawnSync(
  process.execPath,
  [builder, '--publish', 'never', ...electronArguments(), ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
)
process.exitCode = run.status ?? 1
