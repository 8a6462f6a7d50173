// What a lab that was killed has left behind. Every namespace and folder of a lab carries the id of the process that made
// it, so whoever comes next knows which are nobody's any more, and leaves alone the lab of a process that still runs.

import { readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runTool } from './namespace.ts'

const NAME = /^banyan-lab-(\d+)-/
/** Where iproute2 keeps the names. */
const NAMES = '/run/netns'

export function labPrefix(processId: number, number: number): string {
  return `banyan-lab-${processId}-${number}-`
}

/** Ends every process in the namespaces and removes them; those that are gone already are no error. */
export function removeNamespaces(fullNames: readonly string[]): void {
  const present = new Set(listed(NAMES))
  for (const name of fullNames.filter((each) => present.has(each))) {
    for (const processId of runTool('ip', ['netns', 'pids', name]).split('\n').filter(Boolean))
      endNow(Number(processId))
    runTool('ip', ['netns', 'del', name])
  }
}

/** Removes what labs of processes that are no more have left. */
export function sweepLeftovers(): void {
  removeNamespaces(listed(NAMES).filter(isOrphan))
  for (const folder of listed(tmpdir()).filter(isOrphan))
    rmSync(path.join(tmpdir(), folder), { recursive: true, force: true })
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no namespace was ever made here
  }
}

function isOrphan(name: string): boolean {
  const match = NAME.exec(name)
  return match !== null && !isAlive(Number(match[1]))
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function endNow(processId: number): void {
  try {
    process.kill(processId, 'SIGKILL')
  } catch {
    return // it ended by itself in between
  }
}
