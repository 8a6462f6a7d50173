// `npm run -s bench -- NAME`: builds the program and the measurements, and runs one. Measurements of the window need a
// display: where there is none, a virtual one is started around them.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { EXTERNAL, buildIfNeeded } from './build.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const NEEDS_DISPLAY = new Set(['start'])
const name = process.argv[2] ?? ''

await buildIfNeeded()
await build({
  configFile: false,
  root,
  logLevel: 'warn',
  publicDir: false,
  ssr: { noExternal: true, external: EXTERNAL },
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'out/bench',
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      input: {
        index: 'bench/index.ts',
        'crowd-process': 'bench/crowd-process.ts',
        'transport-process': 'bench/transport-process.ts',
      },
      external: (id) =>
        id.startsWith('node:') || EXTERNAL.some((one) => id === one || id.startsWith(`${one}/`)),
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
})

const bench = [process.execPath, path.join(root, 'out/bench/index.js'), ...process.argv.slice(2)]
const needsVirtualDisplay =
  process.platform === 'linux' &&
  NEEDS_DISPLAY.has(name) &&
  !process.env.DISPLAY &&
  !process.env.WAYLAND_DISPLAY
const [command, ...args] = needsVirtualDisplay ? ['xvfb-run', '-a', ...bench] : bench
process.exitCode = spawnSync(command, args, { stdio: 'inherit', cwd: root }).status ?? 1
