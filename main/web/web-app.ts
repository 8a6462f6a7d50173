// The chat with its interface in a browser: what the desktop app is, minus everything a browser tab cannot do.

import { type AppState, type Capabilities, type Emit } from '../../preload/contract.ts'
import { type Chat } from '../chat/chat.ts'
import { type Shell } from '../chat/ports/shell.ts'
import { type Log } from '../overlay/ports/log.ts'
import { errorDescriber } from '../describe-error.ts'
import { FrontDoor } from '../front-door.ts'
import { PageFiles } from '../page-files.ts'
import { WebServer } from './web-server.ts'

export const WEB_CAPABILITIES: Capabilities = {
  surface: 'web',
  tray: false,
  autostart: false,
  notifications: false,
}

/** A browser tab shows for itself what is new; there is no desktop to tell. */
export const webShell: Shell = {
  notify: () => undefined,
  setUnread: () => undefined,
  applySettings: () => undefined,
}

export interface WebAppOptions {
  profilePath: string
  version: string
  /** TCP port; 0 for any. */
  port: number
  /** The folder of the built page. */
  page: string
  log: Log
  say(line: string): void
  /** Opens a sealed profile without asking in the browser. */
  passphrase: string | undefined
  loadChat(surface: { shell: Shell; emit: Emit; capabilities: Capabilities }): Promise<Chat>
}

/** Errors: port-in-use, store-locked, store-full, wrong-passphrase. */
export async function startWebApp(options: WebAppOptions): Promise<{ stop(): Promise<void> }> {
  const { say } = options
  const door = new FrontDoor(errorDescriber(options.log), startingState(options))
  const announce = (url: string) => say(`Open ${url} in a browser on this computer. The address works once.`)
  const server = new WebServer({
    port: options.port,
    door,
    files: new PageFiles(options.page),
    log: options.log,
    announce,
  })
  await server.start()
  try {
    const chat = await options.loadChat({ shell: webShell, emit: door.emit, capabilities: WEB_CAPABILITIES })
    await chat.start()
    tellOfNetwork(door, chat, say)
    await unlock(chat, options.passphrase)
    door.open(chat.handlers)
    door.emit('app.state', await chat.handlers['app.state'](undefined))
    return {
      async stop() {
        await server.stop()
        await chat.stop()
      },
    }
  } catch (error) {
    door.fail(error)
    await server.stop()
    throw error
  }
}

async function unlock(chat: Chat, passphrase: string | undefined): Promise<void> {
  const { stage } = await chat.handlers['app.state'](undefined)
  if (stage === 'locked' && passphrase !== undefined) await chat.handlers['account.unlock']({ passphrase })
}

/** The network's state in its own words, and once there is a node, how others join through it. */
function tellOfNetwork(door: FrontDoor, chat: Chat, say: (line: string) => void): void {
  let lastWords = ''
  let hasTold = false
  const tellEntry = async () => {
    const { stage } = await chat.handlers['app.state'](undefined)
    if (hasTold || (stage !== 'ready' && stage !== 'phrase')) return
    const { bootstrapEntry } = await chat.handlers['health.get'](undefined)
    if (bootstrapEntry === '') return
    hasTold = true
    say(`bootstrap entry ${bootstrapEntry}`)
  }
  door.enter((name, payload) => {
    if (name !== 'network.state') return
    const { words } = payload as { words: string }
    if (words !== lastWords) say(words)
    lastWords = words
    tellEntry().catch(() => undefined) // no node yet: the next change asks again
  })
}

function startingState({ profilePath, version }: WebAppOptions): AppState {
  return {
    stage: 'starting',
    secretStorage: 'file',
    capabilities: WEB_CAPABILITIES,
    version,
    profilePath,
    problem: '',
    backupPath: '',
  }
}
