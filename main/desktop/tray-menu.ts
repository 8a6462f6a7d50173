// The icon that stays when the window is closed: how much is unread, and the way back in.

import { Menu, Tray, nativeImage } from 'electron'
import path from 'node:path'
import { unreadMark } from './unread-mark.ts'

export interface TrayActions {
  open(): void
  quit(): void
  /** The switch was clicked; what it shows is told by `showHelp`. */
  helpOthers(isOn: boolean): void
}

export class TrayMenu {
  readonly #tray: Tray
  readonly #actions: TrayActions
  readonly #icons: { plain: Electron.NativeImage; unread: Electron.NativeImage }

  constructor(iconFolder: string, actions: TrayActions) {
    this.#icons = { plain: trayImage(iconFolder, 'tray'), unread: trayImage(iconFolder, 'tray-unread') }
    this.#tray = new Tray(this.#icons.plain)
    this.#actions = actions
    this.showHelp(false)
    this.#tray.on('click', actions.open)
    this.showUnread(0)
  }

  /** Whether the node helps others connect, as the settings say. Menus on Linux do not change once shown: it is a new one. */
  showHelp(isOn: boolean): void {
    const { open, quit, helpOthers } = this.#actions
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: 'Open Banyan', click: open },
        { type: 'separator' },
        { label: 'Help others connect', type: 'checkbox', checked: isOn, click: () => helpOthers(!isOn) },
        { type: 'separator' },
        { label: 'Quit Banyan', click: quit },
      ]),
    )
  }

  showUnread(count: number): void {
    const { icon, toolTip } = unreadMark(count)
    this.#tray.setImage(this.#icons[icon])
    this.#tray.setToolTip(toolTip)
  }

  remove(): void {
    this.#tray.destroy()
  }
}

/** Electron finds the file for denser screens beside it (tray@2x.png); macOS colours a template image itself. */
function trayImage(folder: string, name: string): Electron.NativeImage {
  if (process.platform !== 'darwin') return nativeImage.createFromPath(path.join(folder, `${name}.png`))
  const image = nativeImage.createFromPath(path.join(folder, `${name}Template.png`))
  image.setTemplateImage(true)
  return image
}
