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
    // Helpers of a window that was killed write on for a moment.
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  }
}
