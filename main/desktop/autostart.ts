// Starting with the computer, hidden in the tray. Windows and macOS keep a list of login items; on Linux it is a file in
// the autostart folder (XDG Desktop Application Autostart Specification). It is touched only when the person changes the
// setting: who has switched the entry off with the system's own means is not overruled at the next start.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { desktopEntry } from './desktop-entry.ts'

export const HIDDEN_SWITCH = '--hidden'

export interface AutostartPlace {
  platform: NodeJS.Platform
  isPackaged: boolean
  /** How this copy is started. */
  command: readonly string[]
  /** The profile's folder where it is not the usual one; it has an entry of its own. */
  profile: string | undefined
  /** Linux: the user's configuration folder. */
  configFolder: string
  /** Windows and macOS: Electron's app. */
  loginItems: { setLoginItemSettings(settings: Electron.Settings): void }
}

export class Autostart {
  readonly #place: AutostartPlace
  #isOn: boolean | undefined

  constructor(place: AutostartPlace) {
    this.#place = place
  }

  /**
   * Away from Linux a copy that is not installed would enter the bare Electron; and macOS starts an app without
   * arguments, which is always the usual profile.
   */
  get isPossible(): boolean {
    const { platform, isPackaged, profile } = this.#place
    if (platform === 'linux') return true
    return isPackaged && (platform !== 'darwin' || profile === undefined)
  }

  /** The setting as it is at the start, and at every change of any setting. */
  apply(on: boolean): void {
    const before = this.#isOn
    this.#isOn = on
    if (!this.isPossible) return
    if (before !== undefined && before !== on) this.#enter(on)
    else if (before === undefined && on && this.#hasFile) this.#enter(true) // the program may have moved
  }

  #enter(on: boolean): void {
    if (this.#place.platform === 'linux') return this.#writeFile(on)
    // The same name and arguments both ways: Windows finds the entry by its name alone.
    this.#place.loginItems.setLoginItemSettings({
      openAtLogin: on,
      args: this.#arguments,
      ...(this.#place.profile === undefined ? {} : { name: this.#name }),
    })
  }

  #writeFile(on: boolean): void {
    if (!on) return rmSync(this.#file, { force: true })
    const entry = desktopEntry('Banyan', 'Peer-to-peer chat', [...this.#place.command, ...this.#arguments])
    mkdirSync(path.dirname(this.#file), { recursive: true })
    writeFileSync(this.#file, entry)
  }

  get #arguments(): string[] {
    const { profile } = this.#place
    return [HIDDEN_SWITCH, ...(profile === undefined ? [] : ['--data', profile])]
  }

  get #name(): string {
    const { profile } = this.#place
    if (profile === undefined) return 'banyan'
    return `banyan-${createHash('sha256').update(profile).digest('hex').slice(0, 8)}`
  }

  get #file(): string {
    return path.join(this.#place.configFolder, 'autostart', `${this.#name}.desktop`)
  }

  get #hasFile(): boolean {
    return this.#place.platform === 'linux' && existsSync(this.#file)
  }
}
