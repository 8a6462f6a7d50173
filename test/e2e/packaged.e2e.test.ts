// The app as an installer would put it on the disk: packed here, started, and its window looked at. The executable takes
// no Node debugger (its fuses are off), so the window is watched through Chromium's own door.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TEST_NETWORK } from '../drive/headless-process.ts'
import { scratchFolder } from '../drive/scratch-folder.ts'

const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))
const PACKED = path.join(ROOT, 'test-results', 'packaged')
const LIMIT_MS = 240_000

const EXECUTABLES: Partial<Record<NodeJS.Platform, (folder: string) => string>> = {
  linux: (folder) => path.join(folder, 'banyan'),
  win32: (folder) => path.join(folder, 'Banyan.exe'),
  darwin: (folder) => path.join(folder, 'Banyan.app/Contents/MacOS/Banyan'),
}

function pack(): string {
  const args = ['scripts/package.mjs', '--dir', `-c.directories.output=${PACKED}`]
  const run = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, CSC_IDENTITY_AUTO_DISCOVERY: 'false' },
  })
  if (run.status !== 0) throw new Error(`packing failed:\n${run.stdout}${run.stderr}`)
  const folder = readdirSync(PACKED).find((name) => /^(linux|win|mac)/.test(name))
  return EXECUTABLES[process.platform]!(path.join(PACKED, folder!))
}

/** Where Chromium's debugger listens (ws:), as it says on its error output. */
function debuggerOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const match = /DevTools listening on (ws:\S+)/.exec(output)
      if (match) resolve(match[1]!)
    })
    child.on('exit', (code) => reject(new Error(`ended with ${code} before it opened a window:\n${output}`)))
  })
}

/** Waits until the window is there: Playwright that joins while one is being made can wait for it for ever. */
async function windowOf(debuggerAt: string): Promise<void> {
  const list = new URL('/json/list', debuggerAt.replace('ws:', 'http:'))
  for (;;) {
    const targets = (await (await fetch(list)).json()) as { type: string; url: string }[]
    if (targets.some(({ type, url }) => type === 'page' && url.startsWith('app:'))) return
    await setTimeout(100)
  }
}

describe('the packaged app', () => {
  const scratch = scratchFolder('packaged')
  let executable: string

  beforeAll(() => {
    executable = pack()
  }, LIMIT_MS)
  afterAll(() => scratch.remove())

  it('holds its code in an archive and its native modules beside it', () => {
    const resources = path.join(
      path.dirname(executable),
      process.platform === 'darwin' ? '../Resources' : 'resources',
    )
    expect(existsSync(path.join(resources, 'app.asar'))).toBe(true)
    expect(existsSync(path.join(resources, 'app'))).toBe(false)
    expect(readdirSync(path.join(resources, 'app.asar.unpacked/node_modules')).sort()).toEqual(
      expect.arrayContaining(['@signalapp', 'classic-level', 'sodium-native']),
    )
  })

  it(
    'opens its window on the first page, in a visible page without Node',
    { timeout: LIMIT_MS },
    async () => {
      const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
      const node = [
        '--data',
        scratch.at('profile'),
        '--host',
        '127.0.0.1',
        '--network',
        TEST_NETWORK,
        '--secrets',
        'file',
      ]
      const child = spawn(executable, [...sandbox, '--remote-debugging-port=0', ...node], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
      try {
        const debuggerAt = await debuggerOf(child)
        await windowOf(debuggerAt)
        const browser = await chromium.connectOverCDP(debuggerAt)
        const [context] = browser.contexts()
        const page = context!.pages()[0] ?? (await context!.waitForEvent('page'))
        await page.getByRole('button', { name: 'Create an account' }).waitFor()
        expect(page.url()).toBe('app://banyan/')
        expect(await page.evaluate('[document.visibilityState, typeof require, typeof process]')).toEqual([
          'visible',
          'undefined',
          'undefined',
        ])
      } finally {
        child.kill('SIGTERM')
      }
      expect(await ended).toBe(0)
    },
  )
})
