import { app } from 'electron'
import os from 'node:os'
import path from 'node:path'
import { Autostart } from './autostart.ts'

/** The autostart entry of this copy of the program, and of the profile, where it is not the usual one. */
export function ownAutostart(profile: string | undefined): Autostart {
  return new Autostart({
    platform: process.platform,
    isPackaged: app.isPackaged,
    command: ownCommand(),
    profile,
    configFolder: process.env['XDG_CONFIG_HOME'] || path.join(os.homedir(), '.config'),
    loginItems: app,
  })
}

export function wasStartedAtLogin(): boolean {
  return process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin
}

/** An AppImage is mounted at another place each time; the file itself stays where it is. */
function ownCommand(): string[] {
  if (process.env['APPIMAGE']) return [process.env['APPIMAGE']]
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()]
}
