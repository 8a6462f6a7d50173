// Called by electron-builder with the unpacked Electron: takes out the app that Electron shows without one. (Some
// distributions hold it as a folder, which electron-builder does not expect.)

import fs from 'node:fs'
import path from 'node:path'

export default function afterExtract({ appOutDir }) {
  fs.rmSync(path.join(appOutDir, 'resources', 'default_app.asar'), { recursive: true, force: true })
}
