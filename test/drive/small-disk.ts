// A disk that is soon full: a small tmpfs, where this computer lets us mount one (Linux, as root).

import { spawnSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { scratchFolder } from './scratch-folder.ts'

const FILLER = 'filler'

export interface SmallDisk {
  path: string
  at(...parts: string[]): string
  /** Takes all room but so much. */
  fill(leaveBytes?: number): void
  /** Gives it back. */
  free(): void
  remove(): void
}

/** Why none can be had here; empty where one can. */
export function whyNoSmallDisk(): string {
  if (process.platform !== 'linux') return `no tmpfs on ${process.platform}`
  if (process.getuid?.() !== 0) return 'only root may mount a tmpfs'
  const scratch = scratchFolder('mount')
  const problem = mount(scratch.path, 1)
  if (problem === '') spawnSync('umount', [scratch.path])
  scratch.remove()
  return problem
}

export function smallDisk(mebibytes: number): SmallDisk {
  const scratch = scratchFolder('small-disk')
  const problem = mount(scratch.path, mebibytes)
  if (problem !== '') throw new Error(problem)
  return {
    path: scratch.path,
    at: scratch.at,
    fill(leaveBytes = 0) {
      const { bavail, bsize } = statfsSync(scratch.path)
      writeFileSync(path.join(scratch.path, FILLER), Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)))
    },
    free: () => rmSync(path.join(scratch.path, FILLER), { force: true }),
    remove() {
      spawnSync('umount', ['--lazy', scratch.path])
      scratch.remove()
    },
  }
}

function mount(folder: string, mebibytes: number): string {
  const run = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder], {
    encoding: 'utf8',
  })
  if (run.error) return `mount cannot be run: ${run.error.message}`
  return run.status === 0 ? '' : run.stderr.trim() || `mount ended with ${run.status}`
}
