// `npm test`: build, types, lint, units and laws, stories from end to end. Says how long each took and ends with the
// sum of the tests on a line of its own; a step that is no test but fails counts as one.

import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { buildIfNeeded } from './build.mjs'
import { electronBinary } from './electron-binary.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const results = path.join(root, 'test-results')
const bin = (name) => path.join(root, 'node_modules', name)
const VITEST = bin('vitest/vitest.mjs')
const SCREEN = '-screen 0 1280x860x24'

const sum = { passed: 0, failed: 0 }
const durations = []

/** Runs a program to its end. Where it is quiet, its output is shown only if it fails. */
function run(command, args, { isQuiet = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: isQuiet ? ['ignore', 'pipe', 'pipe'] : 'inherit' })
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ isOk: false, output: error.message }))
    child.on('close', (code) => resolve({ isOk: code === 0, output }))
  })
}

async function step(name, work) {
  const startedMs = performance.now()
  const problem = await work().catch((error) => String(error?.stack ?? error))
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  durations.push(`${name} ${seconds} s`)
  console.log(`\n== ${name}: ${problem === undefined ? 'ok' : 'FAILED'} (${seconds} s)`)
  if (problem !== undefined) console.log(problem)
  return problem === undefined
}

/** A step that is no test. */
async function chore(name, work) {
  const isOk = await step(name, work)
  if (!isOk) sum.failed++
  return isOk
}

const quietly =
  (script, ...args) =>
  async () => {
    const { isOk, output } = await run(process.execPath, [script, ...args], { isQuiet: true })
    return isOk ? undefined : output
  }

async function inOrder(...works) {
  for (const work of works) {
    const problem = await work()
    if (problem !== undefined) return problem
  }
  return undefined
}

const tsc = (project) => quietly(bin('typescript/bin/tsc'), '-p', project)
const checkTypes = () =>
  inOrder(
    tsc('tsconfig.core.json'),
    tsc('tsconfig.json'),
    quietly(
      bin('svelte-check/bin/svelte-check'),
      '--tsconfig',
      './tsconfig.renderer.json',
      '--fail-on-warnings',
    ),
  )
const lint = () =>
  inOrder(
    quietly(bin('eslint/bin/eslint.js'), '.'),
    quietly(bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'),
  )

/** Windows need a display; where there is none, a virtual one serves. */
function onDisplay(command, args) {
  const hasDisplay = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY
  return hasDisplay ? [command, args] : ['xvfb-run', ['-a', '-s', SCREEN, command, ...args]]
}

function vitest(config, { onADisplay = false } = {}) {
  return async () => {
    const file = path.join(results, `${path.basename(config, '.ts')}.json`)
    const args = [
      VITEST,
      'run',
      '--config',
      config,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ]
    const { isOk, output } = await run(
      ...(onADisplay ? onDisplay(process.execPath, args) : [process.execPath, args]),
    )
    const counted = fs.existsSync(file)
      ? JSON.parse(fs.readFileSync(file, 'utf8'))
      : { numPassedTests: 0, numFailedTests: 0 }
    sum.passed += counted.numPassedTests
    // A file that cannot even be loaded fails without a failing test in it.
    sum.failed += isOk ? 0 : Math.max(1, counted.numFailedTests)
    return isOk ? undefined : output || 'see above'
  }
}

fs.rmSync(results, { recursive: true, force: true })
fs.mkdirSync(results, { recursive: true })
const startedMs = performance.now()

const isBuilt = await chore('build', async () => void (await buildIfNeeded()))
// Both are single-threaded for most of their time: side by side they take as long as the slower one.
await Promise.all([chore('check', checkTypes), chore('lint', lint)])
await step('tests', vitest('vitest.config.ts'))
if (
  isBuilt &&
  fs.existsSync(path.join(root, 'test/e2e')) &&
  fs.readdirSync(path.join(root, 'test/e2e')).length > 0
) {
  const { problem } = electronBinary() // fetched here, once, rather than in the middle of a story
  if (problem) console.log(`Electron is not here: ${problem}. The stories that need it will fail.`)
  await step('end to end', vitest('vitest.e2e.config.ts', { onADisplay: true }))
}

const totalSeconds = ((performance.now() - startedMs) / 1000).toFixed(1)
console.log(`\n${durations.join(', ')}; together ${totalSeconds} s\n`)
console.log(`${sum.passed} passed, ${sum.failed} failed`)
process.exitCode = sum.failed === 0 ? 0 : 1
