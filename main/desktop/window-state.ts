// What the window remembers from one run to the next, in a small file of its own, so that it can open at its place and
// in its colours before the profile's database is read.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Theme } from '../../preload/contract.ts'

export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

export interface WindowState {
  bounds: Rectangle | undefined
  isMaximized: boolean
  theme: Theme
  /** Whether the person was told once that Banyan goes on in the tray. */
  knowsOfTray: boolean
}

export const DEFAULT_SIZE = { width: 1080, height: 740 }
export const MINIMUM_SIZE = { width: 380, height: 480 }
/** So much of the window must be on a screen that it can be grasped and moved. */
const GRASP_PIXELS = 64

const FILE = 'window.json'

export function readWindowState(folder: string): WindowState {
  try {
    return checked(JSON.parse(readFileSync(path.join(folder, FILE), 'utf8')))
  } catch {
    return checked(undefined) // the first start, or a file that cannot be used: nothing of value is lost
  }
}

export function writeWindowState(folder: string, state: WindowState): void {
  const file = path.join(folder, FILE)
  try {
    writeFileSync(`${file}.new`, JSON.stringify(state))
    renameSync(`${file}.new`, file)
  } catch {
    // a full disk costs the window its place, and must not keep it from closing
  }
}

/** The remembered bounds where they can still be reached on the screens there are, else undefined. */
export function reachable(
  bounds: Rectangle | undefined,
  screens: readonly Rectangle[],
): Rectangle | undefined {
  if (!bounds) return undefined
  const isOn = (screen: Rectangle) =>
    overlap(bounds.x, bounds.width, screen.x, screen.width) >= GRASP_PIXELS &&
    bounds.y >= screen.y &&
    bounds.y + GRASP_PIXELS <= screen.y + screen.height
  return screens.some(isOn) ? bounds : undefined
}

function overlap(a: number, aLength: number, b: number, bLength: number): number {
  return Math.min(a + aLength, b + bLength) - Math.max(a, b)
}

function checked(value: unknown): WindowState {
  const raw = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const theme = raw['theme'] === 'light' || raw['theme'] === 'dark' ? raw['theme'] : 'system'
  return {
    bounds: checkedBounds(raw['bounds']),
    isMaximized: raw['isMaximized'] === true,
    theme,
    knowsOfTray: raw['knowsOfTray'] === true,
  }
}

function checkedBounds(value: unknown): Rectangle | undefined {
  const { x, y, width, height } = (value ?? {}) as Record<string, unknown>
  if (![x, y, width, height].every((side) => Number.isSafeInteger(side))) return undefined
  const size = {
    width: Math.max(width as number, MINIMUM_SIZE.width),
    height: Math.max(height as number, MINIMUM_SIZE.height),
  }
  return { x: x as number, y: y as number, ...size }
}
