// Banyan as a terminal sees it: `npm start` without a display, the node without a window, and how both end.

import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HeadlessProcess } from '../drive/headless-process.ts'
import { scratchFolder } from '../drive/scratch-folder.ts'

const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))

let scratch: ReturnType<typeof scratchFolder>
beforeEach(() => {
  scratch = scratchFolder('terminal')
})
afterEach(() => scratch.remove())

/** The output so far, each time it matches. */
function says(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (pattern.test(output)) resolve(output)
    })
    child.on('exit', (code) => reject(new Error(`ended with ${code}:\n${output}`)))
  })
}

describe.runIf(process.platform === 'linux')('npm start', () => {
  it.each([
    ['there is no display', '', [], 'there is no display here'],
    ['the display that is named is none', ':7777', ['--no-sandbox'], 'Electron cannot open one here'],
  ])(
    'says in one line why there is no window where %s, and serves a browser',
    async (_what, display, more, why) => {
      const env = { ...process.env, DISPLAY: display, WAYLAND_DISPLAY: '' }
      const node = ['--data', scratch.at('profile'), '--host', '127.0.0.1', '--network', 'test:2', '--hidden']
      const args = ['scripts/start.mjs', ...node, ...more]
      const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'ignore'] })
      const ended = new Promise((resolve) => child.once('exit', resolve))
      const output = await says(child, /token=/)
      expect(output.match(/^No window: .*$/gm)).toEqual([expect.stringContaining(why)])
      expect(output).toMatch(/http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}/)
      child.kill('SIGTERM')
      expect(await ended).toBe(0)
    },
  )
})

describe('a defect that nobody caught', () => {
  it('is logged with its stack, and the node goes on', async () => {
    const planted = `data:text/javascript,setTimeout(() => Promise.reject(new Error('planted')), 1500)`
    const node = ['--data', scratch.at('profile'), '--host', '127.0.0.1', '--network', 'test:2']
    const args = ['--import', planted, 'out/main/headless.js', ...node]
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    expect(await says(child, /planted/)).toMatch(/error process: nobody caught Error: planted/)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

describe('the node without a window', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends cleanly at %s and is the same node the next time',
    async (signal) => {
      const first = new HeadlessProcess({ data: scratch.at('node') })
      const entry = await first.bootstrapEntry()
      expect(await first.stop(signal)).toBe(0)
      const second = new HeadlessProcess({ data: scratch.at('node') })
      expect(await second.bootstrapEntry()).toBe(entry)
      expect(await second.stop(signal)).toBe(0)
    },
  )

  it('keeps its key where only its owner can read it, and says so', async () => {
    const node = new HeadlessProcess({ data: scratch.at('node') })
    await node.says(/node key in a file only you can read/)
    await node.stop()
    expect(statSync(scratch.at('node', 'node.key')).mode & 0o077).toBe(
      process.platform === 'win32' ? 0o066 : 0,
    )
  })

  it('seals its key with a passphrase, and opens it with no other', async () => {
    writeFileSync(scratch.at('right'), 'a long enough passphrase\n')
    writeFileSync(scratch.at('wrong'), 'another passphrase\n')
    const start = (...args: string[]) => new HeadlessProcess({ data: scratch.at('node'), args })
    const first = start('--passphrase-file', scratch.at('right'))
    const entry = await first.bootstrapEntry()
    await first.says(/sealed with a passphrase/)
    await first.stop()
    for (const args of [['--passphrase-file', scratch.at('wrong')], []]) {
      const refused = start(...args)
      await refused.says(/banyan: .*passphrase/)
      expect(await refused.ended()).toBe(1)
    }
    const again = start('--passphrase-file', scratch.at('right'))
    expect(await again.bootstrapEntry()).toBe(entry)
    await again.stop()
  })

  it('names the port that is taken, and ends', async () => {
    const other = createSocket('udp4')
    const port = await new Promise<number>((resolve) =>
      other.bind(0, '127.0.0.1', () => resolve(other.address().port)),
    )
    const node = new HeadlessProcess({ data: scratch.at('node'), port })
    await node.says(new RegExp(`banyan: UDP port ${port} is taken`))
    expect(await node.ended()).toBe(1)
    other.close()
  })

  it('leaves a profile alone that another copy holds', async () => {
    const first = new HeadlessProcess({ data: scratch.at('node') })
    await first.bootstrapEntry()
    const second = new HeadlessProcess({ data: scratch.at('node') })
    await second.says(/banyan: another running copy/)
    expect(await second.ended()).toBe(1)
    expect(await first.stop()).toBe(0)
  })

  it('explains its options, and what is wrong with those it was given', async () => {
    const help = new HeadlessProcess({ data: scratch.at('node'), args: ['--help'] })
    await help.says(/--bootstrap HOST:PORT#KEY/)
    expect(await help.ended()).toBe(0)
    const wrong = new HeadlessProcess({ data: scratch.at('node'), args: ['--prot', '1'] })
    await wrong.says(/banyan: unknown option --prot/)
    expect(await wrong.ended()).toBe(1)
  })
})
