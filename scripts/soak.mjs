// `npm run soak`: builds the long tests of test/soak with the code they test, and runs them. What follows goes to
// test/soak/index.ts.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { EXTERNAL } from './build.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

await build({
  configFile: false,
  root,
  logLevel: 'warn',
  publicDir: false,
  ssr: { noExternal: true, external: EXTERNAL },
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'out/soak',
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      input: { index: 'test/soak/index.ts' },
      external: (id) =>
        id.startsWith('node:') || EXTERNAL.some((one) => id === one || id.startsWith(`${one}/`)),
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
})

const args = ['--expose-gc', path.join(root, 'out/soak/index.js'), ...process.argv.slice(2)]
process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root }).status ?? 1
