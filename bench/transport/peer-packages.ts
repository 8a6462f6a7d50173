// The programs that Banyan is measured against are packages of bench/ alone, with a lock file of their own: nobody who
// installs Banyan gets them. They are installed when a measurement first needs them.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Of the bundle in out/bench. */
const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))
const BENCH = path.join(ROOT, 'bench')
/** What npm leaves behind an installation that came to its end. */
const INSTALLED_MARK = path.join(BENCH, 'node_modules', '.package-lock.json')
const COMMAND = 'npm ci --prefix bench'
/** Building sets NODE_ENV to production, with which npm would leave out the only packages there are. */
const NPM_ARGUMENTS = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']

export function installPeers(): void {
  if (existsSync(INSTALLED_MARK)) return
  console.log(`first use: ${COMMAND}`)
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { status } = spawnSync(npm, NPM_ARGUMENTS, {
    cwd: BENCH,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`the programs to measure against are missing; try: ${COMMAND}`)
}

/** A package of bench/node_modules; `Exports` is what the caller uses of it. */
export async function loadPeer<Exports>(name: string): Promise<Exports> {
  const loader = (await import(pathToFileURL(path.join(BENCH, 'peers.mjs')).href)) as {
    loadPeer(name: string): Promise<Exports>
  }
  return loader.loadPeer(name)
}
