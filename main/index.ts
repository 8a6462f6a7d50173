// The desktop app, put together. This file is one CommonJS file in the end, because what must happen before Electron is
// ready (the page's scheme, the profile's folder) must not wait for modules to load. The window comes next; the node's
// heavy parts (LevelDB, Signal's library, sodium) load while it is being drawn, and early calls wait at the front door.

import { app } from 'electron'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { registerPageScheme } from './desktop/page-scheme.ts'
import { fileWriter, lineLog } from './host/line-log.ts'
import { type Options, parseOptions } from './options.ts'
import { usualProfileFolder } from './profile-folder.ts'
import { tellStarter } from './tell-starter.ts'
import { watchDefects } from './watch-defects.ts'

const OUT = path.join(import.meta.dirname, '..')

function run(options: Options): void {
  app.setName('Banyan') // names the usual profile folder, however Electron was told of this app
  if (options.data !== undefined) {
    mkdirSync(options.data, { recursive: true, mode: 0o700 })
    app.setPath('userData', path.resolve(options.data))
  }
  const profilePath = app.getPath('userData')
  app.setPath('sessionData', path.join(profilePath, 'chromium')) // caches, apart from what is worth keeping
  if (!app.requestSingleInstanceLock({ link: options.link })) {
    tellStarter()
    console.log('Banyan runs with this profile already: its window comes to the front.')
    return app.exit(0)
  }
  registerPageScheme()
  void app.whenReady().then(tellStarter)
  // macOS tells of the link that started us while the rest still loads; whoever comes later has listeners of his own.
  app.once('open-url', (_event, url) => (options.link = url))
  void open(options, profilePath)
}

async function open(options: Options, profilePath: string): Promise<void> {
  const { DesktopApp } = await import('./desktop/desktop-app.ts')
  const isUsual = profilePath === usualProfileFolder(process.platform, process.env)
  const log = lineLog(fileWriter(path.join(profilePath, 'banyan.log')))
  watchDefects(log)
  new DesktopApp({
    options,
    profilePath,
    ownProfile: isUsual ? undefined : profilePath,
    out: OUT,
    iconFolder: path.join(OUT, '..', 'resources', 'icons'),
    log,
    async loadChat(surface) {
      const { composeChat } = await import('./compose.ts')
      return composeChat({ options, profilePath, log, version: app.getVersion(), ...surface })
    },
  }).run()
}

const parsed = parseOptions(process.argv.slice(1), 'desktop')
if (parsed.kind === 'options') run(parsed.options)
else {
  tellStarter()
  console.error(`banyan: ${parsed.kind === 'problem' ? parsed.words : 'see the README for the options'}`)
  app.exit(1)
}
