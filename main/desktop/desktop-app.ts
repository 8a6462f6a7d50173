// The life of the desktop app: starting -> (chat loads behind the window) running -> quitting. Links, second starts and
// signals may come at any time; each is kept until there is somebody to take it.

import { Menu, app, dialog, session } from 'electron'
import path from 'node:path'
import { type AppState, type Capabilities, type Emit } from '../../preload/contract.ts'
import { type Chat } from '../chat/chat.ts'
import { type Shell } from '../chat/ports/shell.ts'
import { type Log } from '../overlay/ports/log.ts'
import { errorDescriber } from '../describe-error.ts'
import { FrontDoor } from '../front-door.ts'
import { type Options, isLink } from '../options.ts'
import { PageFiles } from '../page-files.ts'
import { servePage } from './app-protocol.ts'
import { type Autostart } from './autostart.ts'
import { DesktopShell } from './desktop-shell.ts'
import { hardenSession } from './hardening.ts'
import { connectWindow } from './ipc.ts'
import { applicationMenu } from './application-menu.ts'
import { Notifications } from './notifications.ts'
import { ownAutostart, wasStartedAtLogin } from './own-autostart.ts'
import { TrayHost } from './tray-host.ts'

/** What was accepted is on the disk already; stopping only says goodbye to peers. */
const STOP_LIMIT_MS = 4_000
/** Stages in which nothing works until somebody decides: not to be left in the tray after a hidden start. */
const NEEDS_ITS_OWNER: ReadonlySet<AppState['stage']> = new Set(['damaged', 'keys-missing'])

/** What the node needs of the desktop. */
export interface Surface {
  shell: Shell
  emit: Emit
  capabilities: Capabilities
}

export interface DesktopAppOptions {
  options: Options
  profilePath: string
  /** The same where it is not the usual one: such a profile has an autostart entry of its own. */
  ownProfile: string | undefined
  /** The built files. */
  out: string
  iconFolder: string
  log: Log
  loadChat(surface: Surface): Promise<Chat>
}

export class DesktopApp {
  readonly #parts: DesktopAppOptions
  readonly #autostart: Autostart
  readonly #trayHost = new TrayHost()
  /** One object for its whole life: the chat shows what stands in it now. */
  readonly #capabilities: Capabilities
  readonly #door: FrontDoor
  #shell: DesktopShell | undefined
  #chat: Chat | undefined
  #link: string | undefined
  #stopping: Promise<void> | undefined

  constructor(parts: DesktopAppOptions) {
    this.#parts = parts
    this.#link = parts.options.link
    this.#autostart = ownAutostart(parts.ownProfile)
    this.#capabilities = {
      surface: 'desktop',
      tray: this.#trayHost.isThere,
      autostart: this.#autostart.isPossible,
      notifications: Notifications.areSupported,
    }
    this.#door = new FrontDoor(errorDescriber(parts.log), this.#startingState())
  }

  run(): void {
    Menu.setApplicationMenu(null) // Electron would build its own before the window; ours comes after it
    app.setAppUserModelId('chat.banyan.desktop')
    app.on('second-instance', (_event, _argv, _folder, handed) => this.#takeSecondStart(handed))
    app.on('open-url', (event, url) => {
      event.preventDefault()
      this.#takeLink(url)
    })
    app.on('activate', () => this.#shell?.main.reveal())
    app.on('window-all-closed', () => app.quit())
    app.on('before-quit', (event) => {
      event.preventDefault()
      void this.#quit(0)
    })
    void app.whenReady().then(() => this.#begin())
  }

  async #begin(): Promise<void> {
    const { out, iconFolder, profilePath, options } = this.#parts
    const lookingForTray = this.#trayHost.look()
    hardenSession(session.defaultSession)
    servePage(new PageFiles(path.join(out, 'renderer')))
    this.#shell = new DesktopShell({
      profilePath,
      preload: path.join(out, 'preload', 'preload.cjs'),
      iconFolder,
      startsHidden: options.hidden || wasStartedAtLogin(),
      autostart: this.#autostart,
      trayHost: this.#trayHost,
      onTrayHostChange: () => this.#tellOfTrayHost(),
      onOpenConversation: (conversationId) => this.#chat?.openConversation(conversationId),
      onHelpOthers: (helpOthers) => void this.#chat?.handlers['settings.set']({ helpOthers }),
    })
    connectWindow(this.#shell.main.window, this.#door)
    this.#shell.showTray()
    this.#capabilities.tray = await lookingForTray
    if (options.hidden && !this.#capabilities.tray) this.#shell.main.window.minimize()
    await this.#startChat(this.#shell)
    Menu.setApplicationMenu(applicationMenu())
    if (process.platform !== 'linux' && app.isPackaged) app.setAsDefaultProtocolClient('banyan')
  }

  async #startChat(shell: DesktopShell): Promise<void> {
    try {
      const chat = await this.#parts.loadChat({
        shell,
        emit: this.#door.emit,
        capabilities: this.#capabilities,
      })
      await chat.start()
      if (this.#stopping) return await chat.stop()
      this.#chat = chat
      this.#door.open(chat.handlers)
      const state = await chat.handlers['app.state'](undefined)
      this.#door.emit('app.state', state)
      if (NEEDS_ITS_OWNER.has(state.stage)) shell.main.reveal()
      if (this.#link !== undefined) this.#takeLink(this.#link)
    } catch (error) {
      this.#door.fail(error)
      await this.#giveUp(error)
    }
  }

  /** Most likely another copy holds the profile. The line is for whoever looks at the terminal. */
  async #giveUp(error: unknown): Promise<void> {
    const { message } = errorDescriber(this.#parts.log)(error)
    console.error(`banyan: ${message}`)
    await dialog.showMessageBox({
      type: 'error',
      title: 'Banyan',
      message: 'Banyan cannot start.',
      detail: message,
    })
    await this.#quit(1)
  }

  #tellOfTrayHost(): void {
    this.#capabilities.tray = this.#trayHost.isThere
    void this.#chat?.handlers['app.state'](undefined).then((state) => this.#door.emit('app.state', state))
  }

  #takeSecondStart(handed: unknown): void {
    const link = (handed as { link?: unknown } | undefined)?.link
    if (typeof link === 'string' && isLink(link)) this.#takeLink(link)
    else this.#shell?.main.reveal()
  }

  #takeLink(link: string): void {
    this.#shell?.main.reveal()
    if (this.#chat) this.#chat.openLink(link)
    else this.#link = link
  }

  #quit(code: number): Promise<void> {
    this.#stopping ??= this.#stop().then(() => app.exit(code))
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#shell?.prepareQuit()
    const limit = new Promise<void>((resolve) => setTimeout(resolve, STOP_LIMIT_MS))
    const stopped = this.#chat?.stop().catch((error: unknown) => {
      this.#parts.log.log('error', 'desktop', `stopping: ${String(error)}`)
    })
    await Promise.race([stopped, limit])
  }

  #startingState(): AppState {
    return {
      stage: 'starting',
      secretStorage: 'keychain',
      capabilities: this.#capabilities,
      version: app.getVersion(),
      profilePath: this.#parts.profilePath,
      problem: '',
      backupPath: '',
    }
  }
}
