// The window: opened once, hidden rather than destroyed while Banyan stays in the tray, remembered where it stood.

import { BrowserWindow, Menu, type MenuItemConstructorOptions, nativeTheme, screen } from 'electron'
import { hardenContents } from './hardening.ts'
import { PAGE_URL } from './page-scheme.ts'
import { DEFAULT_SIZE, MINIMUM_SIZE, type WindowState, reachable } from './window-state.ts'

/** The page's own background (--bg in renderer/tokens.css), so that nothing flashes before its first paint. */
const BACKGROUND = { light: '#f4f6f4', dark: '#101513' }
/** A page that dies again right after it was loaded afresh is not loaded for ever. */
const CRASHES_TO_GIVE_UP = 3
const CRASH_WINDOW_MS = 60_000

export interface MainWindowOptions {
  preload: string
  icon: string
  state: WindowState
  startsHidden: boolean
  /** True keeps the window instead of closing it. */
  staysOnClose(): boolean
  /** It was told to close and stays: it shall be put out of sight. */
  onStay(): void
  onStateChange(): void
  /** The page died: loaded again, or given up. */
  onCrash(outcome: 'reloaded' | 'gave-up'): void
}

export class MainWindow {
  readonly window: BrowserWindow
  readonly #options: MainWindowOptions
  #crashesMs: number[] = []

  constructor(options: MainWindowOptions) {
    this.#options = options
    const { state } = options
    const bounds = reachable(
      state.bounds,
      screen.getAllDisplays().map((display) => display.workArea),
    )
    this.window = new BrowserWindow({
      ...DEFAULT_SIZE,
      ...bounds,
      minWidth: MINIMUM_SIZE.width,
      minHeight: MINIMUM_SIZE.height,
      show: false,
      title: 'Banyan',
      icon: options.icon,
      autoHideMenuBar: true,
      backgroundColor: BACKGROUND[nativeTheme.shouldUseDarkColors ? 'dark' : 'light'],
      webPreferences: {
        preload: options.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: false, // Chromium would fetch its dictionaries from a server that is not ours
      },
    })
    if (state.isMaximized && !options.startsHidden) this.window.maximize()
    this.#listen()
    hardenContents(this.window.webContents)
    void this.window.loadURL(PAGE_URL)
  }

  get isInFront(): boolean {
    return this.window.isVisible() && this.window.isFocused()
  }

  reveal(): void {
    if (this.window.isMinimized()) this.window.restore()
    this.window.show()
    this.window.focus()
  }

  #listen(): void {
    const { window } = this
    window.once('ready-to-show', () => {
      if (!this.#options.startsHidden) window.show()
    })
    window.on('close', (event) => {
      this.remember()
      if (!this.#options.staysOnClose()) return
      event.preventDefault()
      this.#options.onStay()
    })
    for (const moved of ['resize', 'move', 'maximize', 'unmaximize'] as const)
      window.on(moved as 'resize', () => this.remember())
    window.webContents.on('context-menu', (_event, { editFlags, isEditable, selectionText }) =>
      openTextMenu(window, editFlags, isEditable, selectionText),
    )
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason !== 'clean-exit') this.#recover()
    })
  }

  /** Its place as it is now, for the next time. */
  remember(): void {
    if (this.window.isDestroyed()) return
    const { state } = this.#options
    state.bounds = this.window.getNormalBounds()
    state.isMaximized = this.window.isMaximized()
    this.#options.onStateChange()
  }

  #recover(): void {
    const nowMs = performance.now()
    this.#crashesMs = [...this.#crashesMs.filter((atMs) => nowMs - atMs < CRASH_WINDOW_MS), nowMs]
    if (this.#crashesMs.length >= CRASHES_TO_GIVE_UP) return this.#options.onCrash('gave-up')
    this.window.webContents.reload()
    this.#options.onCrash('reloaded')
  }
}

/** The menu people expect at the right mouse button of a text. */
function openTextMenu(
  window: BrowserWindow,
  can: Electron.EditFlags,
  isEditable: boolean,
  selectionText: string,
): void {
  const items: MenuItemConstructorOptions[] = isEditable
    ? [
        { role: 'undo', enabled: can.canUndo },
        { role: 'redo', enabled: can.canRedo },
        { type: 'separator' },
        { role: 'cut', enabled: can.canCut },
        { role: 'copy', enabled: can.canCopy },
        { role: 'paste', enabled: can.canPaste },
        { role: 'selectAll', enabled: can.canSelectAll },
      ]
    : [{ role: 'copy', enabled: can.canCopy && selectionText !== '' }]
  if (items.some((item) => item.enabled)) Menu.buildFromTemplate(items).popup({ window })
}
