// The desktop around the node: window, tray, badge, notifications, theme, autostart. The chat tells it what happened
// (the Shell port); it tells its owner what the person wants: open a conversation, quit.

import { app, dialog, nativeTheme } from 'electron'
import path from 'node:path'
import { type Settings } from '../../preload/contract.ts'
import { type Notice, type Shell } from '../chat/ports/shell.ts'
import { type Autostart } from './autostart.ts'
import { MainWindow } from './main-window.ts'
import { Notifications } from './notifications.ts'
import { type TrayHost } from './tray-host.ts'
import { TrayMenu } from './tray-menu.ts'
import { type WindowState, readWindowState, writeWindowState } from './window-state.ts'

/** A window that is being dragged reports its place many times a second. */
const SAVE_DELAY_MS = 400

export interface DesktopShellOptions {
  profilePath: string
  preload: string
  iconFolder: string
  startsHidden: boolean
  autostart: Autostart
  trayHost: TrayHost
  onOpenConversation(conversationId: string): void
  /** Clicked in the tray. */
  onHelpOthers(isOn: boolean): void
  /** The tray's host came or went since it was last looked at. */
  onTrayHostChange(): void
}

export class DesktopShell implements Shell {
  readonly #options: DesktopShellOptions
  readonly #state: WindowState
  readonly #notifications: Notifications
  readonly main: MainWindow
  #tray: TrayMenu | undefined
  #closesToTray = false
  #isHelping = false
  #isQuitting = false
  #unread = 0
  #saving: NodeJS.Timeout | undefined

  constructor(options: DesktopShellOptions) {
    this.#options = options
    this.#state = readWindowState(options.profilePath)
    nativeTheme.themeSource = this.#state.theme
    this.#notifications = new Notifications(this.#icon('256x256.png'))
    this.main = new MainWindow({
      preload: options.preload,
      icon: this.#icon('256x256.png'),
      state: this.#state,
      startsHidden: options.startsHidden,
      staysOnClose: () => this.#closesToTray && !this.#isQuitting,
      onStay: () => void this.#putAway(),
      onStateChange: () => this.#saveSoon(),
      onCrash: (outcome) => this.#tellOfCrash(outcome),
    })
  }

  /** Before the chat: while it waits for a keychain, a hidden window has no other way back. */
  showTray(): void {
    this.#tray ??= new TrayMenu(this.#options.iconFolder, {
      open: () => this.main.reveal(),
      quit: () => app.quit(),
      helpOthers: (isOn) => {
        this.#tray?.showHelp(this.#isHelping) // until the setting is stored, what holds
        this.#options.onHelpOthers(isOn)
      },
    })
    this.#tray.showHelp(this.#isHelping)
    this.#tray.showUnread(this.#unread)
  }

  notify(notice: Notice): void {
    if (this.main.isInFront) return
    this.#notifications.show({
      title: notice.title,
      body: notice.body,
      key: notice.conversationId,
      onClick: () => {
        this.main.reveal()
        this.#options.onOpenConversation(notice.conversationId)
      },
    })
  }

  setUnread(count: number): void {
    this.#unread = count
    this.#tray?.showUnread(count)
    app.setBadgeCount(count)
    if (count === 0) this.#notifications.clearAll()
  }

  applySettings(settings: Settings): void {
    this.#closesToTray = settings.closeToTray
    this.#isHelping = settings.helpOthers
    this.#tray?.showHelp(settings.helpOthers)
    if (nativeTheme.themeSource !== settings.theme) nativeTheme.themeSource = settings.theme
    if (this.#state.theme !== settings.theme) {
      this.#state.theme = settings.theme
      this.#saveSoon()
    }
    this.#options.autostart.apply(settings.autostart)
  }

  /** The app is going: closing the window means closing now. */
  prepareQuit(): void {
    this.#isQuitting = true
    this.main.remember()
    clearTimeout(this.#saving)
    writeWindowState(this.#options.profilePath, this.#state)
    this.#tray?.remove()
    this.#tray = undefined
  }

  #icon(name: string): string {
    return path.join(this.#options.iconFolder, name)
  }

  #saveSoon(): void {
    clearTimeout(this.#saving)
    this.#saving = setTimeout(() => writeWindowState(this.#options.profilePath, this.#state), SAVE_DELAY_MS)
  }

  /** Into the tray where there is one; else to where minimised windows go, for there must be a way back. */
  async #putAway(): Promise<void> {
    const { trayHost, onTrayHostChange } = this.#options
    const before = trayHost.isThere
    const hasTray = await trayHost.look()
    if (this.#isQuitting) return
    if (hasTray) this.main.window.hide()
    else this.main.window.minimize()
    if (hasTray) this.#tellOfTray()
    if (hasTray !== before) onTrayHostChange()
  }

  #tellOfTray(): void {
    if (this.#state.knowsOfTray) return
    this.#state.knowsOfTray = true
    this.#saveSoon()
    this.#notifications.show({
      title: 'Banyan keeps running',
      body: 'Messages still reach you. Open or quit it from the tray; Settings can change this.',
      key: 'tray',
      onClick: () => this.main.reveal(),
    })
  }

  #tellOfCrash(outcome: 'reloaded' | 'gave-up'): void {
    const words =
      outcome === 'reloaded'
        ? {
            message: 'The window had stopped working and was opened again.',
            detail: 'Nothing that was sent or received is lost.',
          }
        : {
            message: 'The window keeps stopping.',
            detail: 'Your messages are safe. Please quit Banyan and start it again.',
          }
    void dialog.showMessageBox(this.main.window, { type: 'warning', title: 'Banyan', ...words })
  }
}
