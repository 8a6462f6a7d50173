// From the program's launch to the first view that a person can use, beside an empty Electron window that is started and
// watched in the same way (start-probe/: the probe is loaded before either and reports when a button has been drawn).
// Runs alternate, so that what else the machine does falls on both; the first pair warms the disk's cache and is dropped.

import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { appArguments, electronBinary } from '../scripts/electron-binary.mjs'
import { scratchFolder } from '../test/drive/scratch-folder.ts'
import { TEST_NETWORK } from '../test/drive/headless-process.ts'
import { median, report } from './report.ts'

const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))
const PROBE = path.join(ROOT, 'bench/start-probe')
const PAIRS = 9
const LIMIT_MS = 30_000

export async function benchStart(): Promise<void> {
  const electron = electronBinary()
  if (!('path' in electron)) throw new Error(`no Electron to measure with: ${electron.problem}`)
  const scratch = scratchFolder('bench-start')
  const banyan: number[] = []
  const empty: number[] = []
  try {
    for (let i = 0; i <= PAIRS; i++) {
      const emptyMs = await launch(electron.path, 'empty', scratch.at(`empty-${i}`))
      const banyanMs = await launch(electron.path, 'banyan', scratch.at(`banyan-${i}`))
      if (i === 0) continue
      empty.push(emptyMs)
      banyan.push(banyanMs)
    }
  } finally {
    scratch.remove()
  }
  report('start', {
    startRatio: median(banyan) / median(empty),
    banyanMs: median(banyan),
    emptyMs: median(empty),
  })
}

/** Milliseconds from the launch to the probe's word; the process is killed after it. */
function launch(electron: string, which: 'banyan' | 'empty', data: string): Promise<number> {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const program =
    which === 'banyan' ? appArguments(ROOT) : ['-r', path.join(PROBE, 'empty-window.cjs'), PROBE]
  const node = ['--data', data, '--host', '127.0.0.1', '--network', TEST_NETWORK, '--secrets', 'file']
  const args = [...sandbox, '-r', path.join(PROBE, 'probe.cjs'), ...program, ...node]
  const startMs = performance.now()
  const child = spawn(electron, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  return new Promise((resolve, reject) => {
    const end = (then: () => void): void => {
      clearTimeout(timer)
      child.once('exit', then)
      process.kill(-child.pid!, 'SIGKILL')
    }
    const timer = setTimeout(
      () => end(() => reject(new Error(`${which} showed no view in ${LIMIT_MS} ms`))),
      LIMIT_MS,
    )
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!text.includes('interactive')) return
      const tookMs = performance.now() - startMs
      end(() => resolve(tookMs))
    })
  })
}
