// Builds what runs: out/main (the node), out/preload (the sandboxed window's script), out/renderer (the page and, for a
// browser tab, its bridge). `npm run build` always ends with a fresh out/; where no input has changed it does nothing.
// `--force` builds anyway.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const stampFile = path.join(root, 'out', 'built-from')
const INPUTS = [
  'main',
  'preload',
  'renderer',
  'resources',
  'scripts/build.mjs',
  'vite.renderer.config.ts',
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
]

/** Native code, and what must find native code beside itself: stays in node_modules. Everything else is bundled. */
export const EXTERNAL = [
  'electron',
  'sodium-native',
  'classic-level',
  'level',
  'keytar',
  '@signalapp/libsignal-client',
  'noise-handshake',
  'nat-pmp',
  'bufferutil',
  'utf-8-validate',
]

let build // of Vite, loaded only when something has to be built

const common = { configFile: false, root, logLevel: 'warn', clearScreen: false, publicDir: false }

function isExternal(id) {
  return id.startsWith('node:') || EXTERNAL.some((name) => id === name || id.startsWith(`${name}/`))
}

/** What main/index.ts loads, as files that are there beside it. */
const ENTRIES = { 'desktop-app': 'main/desktop/desktop-app.ts', compose: 'main/compose.ts' }

/** ES modules for Node 20 and Electron alike; what is imported dynamically stays in files of its own, loaded when asked for. */
function buildMain() {
  return build({
    ...common,
    ssr: { noExternal: true, external: EXTERNAL },
    build: {
      ssr: true,
      target: 'node20',
      outDir: 'out/main',
      emptyOutDir: true,
      minify: false,
      rolldownOptions: {
        input: { headless: 'main/headless.ts', ...ENTRIES },
        external: isExternal,
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
}

/** The app's first file, in CommonJS; its dynamic imports lead to the ES modules above, which exist once. */
function buildIndex() {
  const leadOut = {
    name: 'lead-out',
    enforce: 'pre',
    resolveId(id) {
      const entry = Object.entries(ENTRIES).find(([, source]) => source === `main/${id.replace('./', '')}`)
      return entry && { id: `./${entry[0]}.js`, external: true }
    },
  }
  return build({
    ...common,
    plugins: [leadOut],
    ssr: { noExternal: true, external: EXTERNAL },
    build: {
      ssr: true,
      target: 'node20',
      outDir: 'out/main',
      emptyOutDir: false,
      minify: false,
      rolldownOptions: {
        input: { index: 'main/index.ts' },
        external: isExternal,
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  })
}

/** One file: a sandboxed preload script is CommonJS and can require nothing but Electron. */
function buildPreload() {
  return build({
    ...common,
    build: {
      target: 'chrome130',
      outDir: 'out/preload',
      emptyOutDir: true,
      minify: false,
      lib: { entry: 'preload/preload.ts', formats: ['cjs'], fileName: () => 'preload.cjs' },
      rolldownOptions: { external: ['electron'] },
    },
  })
}

/** The page's other bridge, for a browser tab. Runs before the page's own script, so it is no module. */
function buildWebBridge() {
  return build({
    ...common,
    build: {
      target: 'es2022',
      outDir: 'out/renderer',
      emptyOutDir: false,
      lib: {
        entry: 'preload/web-bridge.ts',
        formats: ['iife'],
        name: 'banyanBridge',
        fileName: () => 'bridge.js',
      },
    },
  })
}

function buildRenderer() {
  return build({
    configFile: path.join(root, 'vite.renderer.config.ts'),
    logLevel: 'warn',
    clearScreen: false,
    build: {
      outDir: path.join(root, 'out/renderer'),
      emptyOutDir: true,
      rolldownOptions: { checks: { bundlerTimings: false, pluginTimings: false } },
    },
  })
}

function* filesUnder(name) {
  const full = path.join(root, name)
  if (!fs.existsSync(full)) return
  if (fs.statSync(full).isFile()) return yield name
  for (const entry of fs.readdirSync(full).sort()) yield* filesUnder(`${name}/${entry}`)
}

/** Changes when any input does, and when the tools do (the lock file is one of the inputs). */
export function inputStamp() {
  const hash = createHash('sha256')
  for (const input of INPUTS)
    for (const file of filesUnder(input))
      hash
        .update(`${file}\0`)
        .update(fs.readFileSync(path.join(root, file)))
        .update('\0')
  return hash.digest('hex')
}

function isFresh(stamp) {
  return fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === stamp
}

/** Resolves to the milliseconds it took, or undefined where out/ was fresh already. */
export async function buildIfNeeded({ force = false } = {}) {
  const stamp = inputStamp()
  if (!force && isFresh(stamp)) return undefined
  const startedMs = performance.now()
  build = (await import('vite')).build
  fs.rmSync(stampFile, { force: true }) // a build that fails half-way must not pass for the last good one
  await Promise.all([buildMain(), buildPreload(), buildRenderer()])
  await Promise.all([buildIndex(), buildWebBridge()]) // after those that empty the folders they write to
  fs.writeFileSync(stampFile, stamp)
  return performance.now() - startedMs
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const tookMs = await buildIfNeeded({ force: process.argv.includes('--force') })
  console.log(tookMs === undefined ? 'out/ is up to date' : `built in ${(tookMs / 1000).toFixed(1)} s`)
}
