// What no window of ours may do, whatever its page tries: go elsewhere, open windows, embed, ask for devices. The only
// way out is an http(s) link, and that opens in the system's browser.

import { type Session, type WebContents, shell } from 'electron'
import { PAGE_URL } from './page-scheme.ts'

/** Copying an invitation, and notifications; both only write. */
const ALLOWED_PERMISSIONS = new Set(['clipboard-sanitized-write', 'notifications'])

export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer) =>
    answer(ALLOWED_PERMISSIONS.has(permission)),
  )
  session.setPermissionCheckHandler((_contents, permission) => ALLOWED_PERMISSIONS.has(permission))
  session.setDevicePermissionHandler(() => false)
  session.on('will-download', (event, item) => {
    if (!item.getURL().startsWith('blob:app://banyan') && !item.getURL().startsWith('data:'))
      event.preventDefault()
  })
}

export function hardenContents(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (event.url === PAGE_URL) return // a reload
    event.preventDefault()
    openOutside(event.url)
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url)
    return { action: 'deny' }
  })
}

/** Only what a browser shows: any other scheme could start a program. */
export function isWebLink(text: string): boolean {
  try {
    const { protocol, username, password } = new URL(text)
    return (protocol === 'https:' || protocol === 'http:') && username === '' && password === ''
  } catch {
    return false // no URL at all
  }
}

function openOutside(url: string): void {
  if (isWebLink(url)) void shell.openExternal(url)
}
