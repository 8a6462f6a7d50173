// `npm start`: builds what has changed and opens the window. Where no window can be had it says why, in one line, and
// serves the same interface on 127.0.0.1 for a browser. Arguments after `--` go to Banyan itself.

import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildIfNeeded } from './build.mjs'
import { appArguments, electronBinary } from './electron-binary.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const WEB_PORT = '0' // any free one: the address is printed

/** What only a window understands, and the browser's interface would refuse as a typing error. */
const WINDOW_ONLY = new Set(['--hidden', '--no-sandbox'])

/** Why no window can be opened on this machine as it is; undefined where one can. */
function whyNoWindow(args) {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env
  if (process.platform !== 'linux') return undefined
  if (!DISPLAY && !WAYLAND_DISPLAY) return 'there is no display here'
  if (process.getuid() === 0 && !args.includes('--no-sandbox'))
    return 'as root the window could only run without its sandbox (start Banyan as another user to get one)'
  return undefined
}

let child
let isEnding = false
// The terminal sends Ctrl-C to both; a plain `kill` reaches only this process and is handed on.
process.on('SIGINT', () => (isEnding = true))
process.on('SIGTERM', () => {
  isEnding = true
  child?.kill('SIGTERM')
})

/** Resolves with how the program ended, and whether it had said before that it stands on its feet. */
function run(command, args, stdio) {
  return new Promise((resolve) => {
    let isUp = false
    child = spawn(command, args, { stdio, cwd: root })
    child.once('message', () => {
      isUp = true
      child.disconnect()
    })
    child.on('error', (error) => resolve({ words: error.message, code: 1, isUp }))
    child.on('exit', (code, signal) => {
      const words = code === null ? `it was ended by ${signal}` : `it ended with code ${code}`
      resolve({ words, code: code ?? 1, isUp })
    })
  })
}

/** A display that is named may still be none, and libraries may be missing: then Electron ends before our code decides. */
async function startWindow(electron, args) {
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const flags = args.includes('--no-sandbox') ? ['--no-sandbox'] : []
  const { words, code, isUp } = await run(electron, [...flags, ...appArguments(root), ...args], stdio)
  if (isUp || isEnding) process.exitCode = code
  else await startWeb(`Electron cannot open one here (${words})`, args)
}

async function startWeb(reason, args) {
  console.log(`No window: ${reason}. Serving Banyan to a browser on this computer instead.`)
  const port = args.includes('--web') ? [] : ['--web', WEB_PORT]
  const understood = args.filter((arg) => !WINDOW_ONLY.has(arg))
  const headless = path.join(root, 'out/main/headless.js')
  const { code } = await run(process.execPath, [headless, ...port, ...understood], 'inherit')
  process.exitCode = code
}

const args = process.argv.slice(2)
const tookMs = await buildIfNeeded()
if (tookMs !== undefined) console.log(`Built in ${(tookMs / 1000).toFixed(1)} s.`)

const reason = whyNoWindow(args)
const electron = reason === undefined ? electronBinary() : { problem: reason }
if (electron.path) await startWindow(electron.path, args)
else await startWeb(reason ?? `Electron is not here, ${electron.problem}`, args)
