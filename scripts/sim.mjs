// `npm run sim -- EXPERIMENT`: builds the simulator with the overlay in it, and runs it. What follows the experiment's
// name goes to simulator/options.ts; `--help` lists it.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { EXTERNAL } from './build.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
/** A network of 100,000 nodes is more than V8 takes by itself. */
const HEAP_MEGABYTES = 12_288

await build({
  configFile: false,
  root,
  logLevel: 'warn',
  clearScreen: false,
  publicDir: false,
  ssr: { noExternal: true, external: EXTERNAL },
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'out/sim',
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      input: { index: 'simulator/index.ts' },
      external: (id) =>
        id.startsWith('node:') || EXTERNAL.some((one) => id === one || id.startsWith(`${one}/`)),
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
})

const args = [
  `--max-old-space-size=${HEAP_MEGABYTES}`,
  '--max-semi-space-size=64',
  path.join(root, 'out/sim/index.js'),
  ...process.argv.slice(2),
]
process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root }).status ?? 1
