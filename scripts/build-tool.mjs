// A program for people who work on Banyan (the simulator, the bench, the soak), built with the code it runs into out/NAME.

import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { EXTERNAL } from './build.mjs'

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** `input`: the entry points by name, as paths from the root. */
export function buildTool(name, input) {
  return build({
    configFile: false,
    root,
    logLevel: 'warn',
    clearScreen: false,
    publicDir: false,
    ssr: { noExternal: true, external: EXTERNAL },
    build: {
      ssr: true,
      target: 'node20',
      outDir: `out/${name}`,
      emptyOutDir: true,
      minify: false,
      rolldownOptions: {
        input,
        external: (id) =>
          id.startsWith('node:') || EXTERNAL.some((one) => id === one || id.startsWith(`${one}/`)),
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
}
