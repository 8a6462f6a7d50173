import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A folder for one test or measurement, and how to be rid of it. */
export function scratchFolder(name: string): {
  path: string
  at(...parts: string[]): string
  remove(): void
} {
  const folder = mkdtempSync(path.join(tmpdir(), `banyan-${name}-`))
  return {
    path: folder,
    at: (...parts) => path.join(folder, ...parts),
    remove: () => removeWhole(folder),
  }
}

/** Helpers of a window that was killed write on for a moment; `maxRetries` of Node lists a folder only once. */
function removeWhole(folder: string): void {
  for (let tries = 20; ; tries--)
    try {
      return rmSync(folder, { recursive: true, force: true })
    } catch (error) {
      if (tries === 0 || (error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    }
}
