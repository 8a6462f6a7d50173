// Where a profile lives when nobody says otherwise: the same folder for the app and for the node without a window, so
// that both show the same conversations (one at a time).

import os from 'node:os'
import path from 'node:path'

const NAME = 'Banyan'

export function usualProfileFolder(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  home = os.homedir(),
): string {
  if (platform === 'win32') return path.join(env['APPDATA'] || path.join(home, 'AppData', 'Roaming'), NAME)
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', NAME)
  return path.join(env['XDG_CONFIG_HOME'] || path.join(home, '.config'), NAME)
}
