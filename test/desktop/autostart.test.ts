import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Autostart, type AutostartPlace } from '../../main/desktop/autostart.ts'

let folder: string
let entries: Map<string, string[]>
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'banyan-autostart-'))
  entries = new Map()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Windows' list as Electron keeps it: a value per name, which is the app's own where none is given. */
const loginItems = {
  setLoginItemSettings({ openAtLogin, args = [], name = 'the app' }: Electron.Settings) {
    if (openAtLogin) entries.set(name, args)
    else entries.delete(name)
  },
}

function autostart(place: Partial<AutostartPlace> = {}): Autostart {
  return new Autostart({
    platform: 'linux',
    isPackaged: true,
    command: ['/opt/banyan'],
    profile: undefined,
    configFolder: folder,
    loginItems,
    ...place,
  })
}

const files = () =>
  existsSync(path.join(folder, 'autostart')) ? readdirSync(path.join(folder, 'autostart')) : []
const file = (name: string) => path.join(folder, 'autostart', name)

describe('autostart on Linux', () => {
  it('is a file, from the moment the setting is switched on until it is switched off', () => {
    const one = autostart()
    one.apply(false)
    expect(files()).toEqual([])
    one.apply(true)
    expect(readFileSync(file('banyan.desktop'), 'utf8')).toMatch(/^Exec=\/opt\/banyan --hidden$/m)
    one.apply(false)
    expect(files()).toEqual([])
  })

  it('of another profile is another file, and leaves the first alone', () => {
    const usual = autostart()
    for (const on of [false, true]) usual.apply(on)
    const other = autostart({ profile: '/data/other' })
    for (const on of [false, true]) other.apply(on)
    expect(files()).toHaveLength(2)
    const own = files().find((name) => name !== 'banyan.desktop')!
    expect(readFileSync(file(own), 'utf8')).toMatch(/ --hidden --data \/data\/other$/m)
    other.apply(false)
    autostart({ profile: '/data/third' }).apply(false)
    expect(files()).toEqual(['banyan.desktop'])
  })

  it('names the copy that runs now, and does not come back where the person took the file away', () => {
    const first = autostart()
    for (const on of [false, true]) first.apply(on)
    autostart({ command: ['/new/place'] }).apply(true)
    expect(readFileSync(file('banyan.desktop'), 'utf8')).toContain('Exec=/new/place ')
    rmSync(file('banyan.desktop'))
    autostart().apply(true)
    expect(files()).toEqual([])
  })
})

describe('autostart on Windows', () => {
  it('is an entry per profile that can be switched off again', () => {
    const usual = autostart({ platform: 'win32' })
    const other = autostart({ platform: 'win32', profile: 'C:\\other' })
    for (const on of [false, true]) for (const one of [usual, other]) one.apply(on)
    expect([...entries.values()]).toEqual([['--hidden'], ['--hidden', '--data', 'C:\\other']])
    other.apply(false)
    expect([...entries.keys()]).toEqual(['the app'])
    const next = autostart({ platform: 'win32' })
    for (const on of [true, false]) next.apply(on)
    expect(entries.size).toBe(0)
  })
})

it.each([
  ['linux', false, '/x', true],
  ['win32', true, '/x', true],
  ['win32', false, undefined, false],
  ['darwin', true, undefined, true],
  ['darwin', true, '/x', false],
] as const)(
  'is offered on %s (installed: %s, profile %s): %s',
  (platform, isPackaged, profile, isPossible) => {
    const one = autostart({ platform, isPackaged, profile })
    expect(one.isPossible).toBe(isPossible)
    if (isPossible) return
    for (const on of [false, true]) one.apply(on)
    expect([entries.size, files()]).toEqual([0, []])
  },
)
