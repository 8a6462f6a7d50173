// Starting with the computer, hidden in the tray. Windows and macOS keep a list of login items; on Linux it is a file in
// the autostart folder (XDG Desktop Application Autostart Specification).

import { app } from 'electron'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { desktopEntry } from './desktop-entry.ts'

export const HIDDEN_SWITCH = '--hidden'

/** `profile` is the folder given by --data, where one was: that profile is the one to start. */
export function setAutostart(on: boolean, profile: string | undefined): void {
  const args = [HIDDEN_SWITCH, ...(profile === undefined ? [] : ['--data', profile])]
  if (process.platform === 'linux') return setLinuxAutostart(on, args)
  if (!app.isPackaged) return // the login item would be the bare Electron
  app.setLoginItemSettings({ openAtLogin: on, args })
}

export function wasStartedAtLogin(): boolean {
  return process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin
}

function setLinuxAutostart(on: boolean, args: readonly string[]): void {
  const folder = path.join(process.env['XDG_CONFIG_HOME'] || path.join(os.homedir(), '.config'), 'autostart')
  const file = path.join(folder, 'banyan.desktop')
  if (!on) return rmSync(file, { force: true })
  const entry = desktopEntry('Banyan', 'Peer-to-peer chat', [...ownCommand(), ...args])
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, entry)
}

export function isAutostartOn(): boolean {
  if (process.platform !== 'linux') return app.getLoginItemSettings().openAtLogin
  const config = process.env['XDG_CONFIG_HOME'] || path.join(os.homedir(), '.config')
  return existsSync(path.join(config, 'autostart', 'banyan.desktop'))
}

/** An AppImage is mounted at another place each time; the file itself stays where it is. */
function ownCommand(): string[] {
  if (process.env['APPIMAGE']) return [process.env['APPIMAGE']]
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()]
}
