// `npm start`: builds what has changed and opens the window. Where no window can be had it says why, in one line, and
// serves the same interface on 127.0.0.1 for a browser. Arguments after `--` go to Banyan itself.

import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildIfNeeded } from './build.mjs'
import { appArguments, electronBinary } from './electron-binary.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const WEB_PORT = '0' // any free one: the address is printed

/** Why no window can be opened on this machine as it is; undefined where one can. */
function whyNoWindow() {
  const { DISPLAY, WAYLAND_DISPLAY, BANYAN_TEST_NO_SANDBOX } = process.env
  if (process.platform !== 'linux') return undefined
  if (!DISPLAY && !WAYLAND_DISPLAY) return 'there is no display here'
  if (process.getuid() === 0 && !BANYAN_TEST_NO_SANDBOX)
    return 'as root the window could only run without its sandbox (start Banyan as another user to get one)'
  return undefined
}

function run(command, args) {
  const child = spawn(command, args, { stdio: 'inherit', cwd: root })
  // The terminal sends Ctrl-C to both; a plain `kill` reaches only this process and is handed on.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('error', (error) => {
    console.error(`Banyan could not be started: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}

function startWindow(electron, args) {
  const flags = process.env.BANYAN_TEST_NO_SANDBOX ? ['--no-sandbox'] : []
  run(electron, [...flags, ...appArguments(root), ...args])
}

function startWeb(reason, args) {
  console.log(`No window: ${reason}. Serving Banyan to a browser on this computer instead.`)
  const port = args.includes('--web') ? [] : ['--web', WEB_PORT]
  run(process.execPath, [path.join(root, 'out/main/headless.js'), ...port, ...args])
}

const args = process.argv.slice(2)
const tookMs = await buildIfNeeded()
if (tookMs !== undefined) console.log(`Built in ${(tookMs / 1000).toFixed(1)} s.`)

const reason = whyNoWindow()
const electron = reason === undefined ? electronBinary() : { problem: reason }
if (electron.path) startWindow(electron.path, args)
else startWeb(reason ?? `Electron is not here, ${electron.problem}`, args)
