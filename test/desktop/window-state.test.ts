import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type WindowState,
  reachable,
  readWindowState,
  writeWindowState,
} from '../../main/desktop/window-state.ts'

const SCREEN = { x: 0, y: 0, width: 1920, height: 1080 }
const LEFT_SCREEN = { x: -1280, y: 0, width: 1280, height: 1024 }
const FRESH: WindowState = { bounds: undefined, isMaximized: false, theme: 'system', knowsOfTray: false }

describe('the place of the window', () => {
  it.each([
    ['in the middle', { x: 100, y: 100, width: 800, height: 600 }, [SCREEN], true],
    ['partly off to the right', { x: 1800, y: 100, width: 800, height: 600 }, [SCREEN], true],
    ['hardly on the screen', { x: 1900, y: 100, width: 800, height: 600 }, [SCREEN], false],
    ['with its title above the screen', { x: 100, y: -30, width: 800, height: 600 }, [SCREEN], false],
    ['on a screen that is gone', { x: -900, y: 100, width: 800, height: 600 }, [SCREEN], false],
    ['on a second screen', { x: -900, y: 100, width: 800, height: 600 }, [SCREEN, LEFT_SCREEN], true],
    ['below the screen', { x: 100, y: 1070, width: 800, height: 600 }, [SCREEN], false],
  ])('%s', (_where, bounds, screens, isKept) => {
    expect(reachable(bounds, screens)).toEqual(isKept ? bounds : undefined)
  })
})

describe('what the window remembers', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'banyan-window-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('comes back as it was', () => {
    const state: WindowState = {
      bounds: { x: 10, y: 20, width: 900, height: 700 },
      isMaximized: true,
      theme: 'dark',
      knowsOfTray: true,
    }
    writeWindowState(folder, state)
    expect(readWindowState(folder)).toEqual(state)
  })

  it.each([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['null', 'null'],
    ['another shape', '{"bounds":{"x":"a"},"theme":"pink","isMaximized":"yes"}'],
    ['numbers that are none', '{"bounds":{"x":1e99,"y":0,"width":1,"height":1}}'],
  ])('begins anew where the file holds %s', (_what, text) => {
    if (text !== undefined) writeFileSync(path.join(folder, 'window.json'), text)
    expect(readWindowState(folder)).toEqual(FRESH)
  })

  it('never makes the window too small to use', () => {
    writeFileSync(path.join(folder, 'window.json'), '{"bounds":{"x":1,"y":1,"width":3,"height":3}}')
    expect(readWindowState(folder).bounds).toMatchObject({ width: 380, height: 480 })
  })
})
