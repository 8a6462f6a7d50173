// Where Electron's executable is. ELECTRON_OVERRIDE_DIST_PATH names the folder of one; else a workspace without access to
// Electron's own downloads may carry a runtime beside the project; else the electron package downloads it when first
// asked. Where none of these serves, the caller gets the reason.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/**
 * How to tell Electron to run the app from the project's folder. The first file is loaded by `-r`, at once: not every build of
 * Electron waits for an app's modules before it is ready, and some things must happen before. (An installed Banyan
 * needs none of this.)
 */
export function appArguments(root) {
  return ['-r', path.join(root, 'out/main/index.cjs'), root]
}

const DOWNLOAD_LIMIT_MS = 300_000
const require = createRequire(import.meta.url)

/** Returns { path } or { problem }. */
export function electronBinary() {
  const folder = path.dirname(require.resolve('electron/package.json'))
  process.env.ELECTRON_OVERRIDE_DIST_PATH ||= runtimeBeside(folder)
  if (!process.env.ELECTRON_OVERRIDE_DIST_PATH && !isDownloaded(folder)) {
    const problem = download(folder)
    if (problem) return { problem }
  }
  try {
    const found = require('electron')
    return fs.existsSync(found) ? { path: found } : { problem: 'its executable is missing' }
  } catch {
    return { problem: 'it is not installed completely' } // the package throws a plain Error with advice on itself
  }
}

/** The folder that the workspace's own script prints; empty where there is none. */
function runtimeBeside(electronFolder) {
  const script = path.resolve(electronFolder, '../../../shared/tools/electron-runtime/electron-runtime.mjs')
  if (!fs.existsSync(script)) return ''
  const run = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: DOWNLOAD_LIMIT_MS })
  return run.status === 0 ? run.stdout.trim() : ''
}

function isDownloaded(folder) {
  const pathFile = path.join(folder, 'path.txt')
  return (
    fs.existsSync(pathFile) && fs.existsSync(path.join(folder, 'dist', fs.readFileSync(pathFile, 'utf8')))
  )
}

function download(folder) {
  console.log('Fetching Electron, once ...')
  const run = spawnSync(process.execPath, [path.join(folder, 'install.js')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: DOWNLOAD_LIMIT_MS,
  })
  return run.status === 0 ? undefined : 'it could not be downloaded'
}
