// The window's calls and events over Electron's IPC. A call counts only from the top frame of our own page.

import { type BrowserWindow, type WebFrameMain, ipcMain } from 'electron'
import { CALL_CHANNEL, EVENT_CHANNEL } from '../../preload/channels.ts'
import { type Reply } from '../../preload/contract.ts'
import { type FrontDoor, type Visitor } from '../front-door.ts'
import { PAGE_ORIGIN } from './page-scheme.ts'

const STRANGER: Reply = { ok: false, error: { code: 'refused', message: 'this page may not call' } }

export function connectWindow(window: BrowserWindow, door: FrontDoor): void {
  let visitor: Visitor | undefined
  /** Each load of the page is a visit of its own: what an earlier one had watched ends with it. */
  const enter = () => {
    visitor?.leave()
    visitor = door.enter((name, payload) => {
      if (!window.isDestroyed()) window.webContents.send(EVENT_CHANNEL, name, payload)
    })
  }
  enter()
  window.webContents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) enter()
  })
  window.on('closed', () => visitor?.leave())
  ipcMain.handle(CALL_CHANNEL, (event, name: unknown, argument: unknown) => {
    if (event.sender !== window.webContents || !isOwnPage(event.senderFrame)) return STRANGER
    return visitor!.call(name, argument)
  })
}

function isOwnPage(frame: WebFrameMain | null): boolean {
  return frame !== null && frame.parent === null && frame.origin === PAGE_ORIGIN
}
