// The menu bar: macOS shows it always, Windows and Linux at the Alt key. It holds what has a shortcut.

import { Menu, type MenuItemConstructorOptions } from 'electron'

export function applicationMenu(): Menu {
  const own: MenuItemConstructorOptions[] = process.platform === 'darwin' ? [{ role: 'appMenu' }] : []
  const file: MenuItemConstructorOptions = { label: 'File', submenu: [{ role: 'close' }, { role: 'quit' }] }
  const view: MenuItemConstructorOptions = {
    label: 'View',
    submenu: [
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { type: 'separator' },
      { role: 'togglefullscreen' },
    ],
  }
  return Menu.buildFromTemplate([...own, file, { role: 'editMenu' }, view, { role: 'windowMenu' }])
}
