import { protocol } from 'electron'

export const PAGE_ORIGIN = 'app://banyan'
export const PAGE_URL = `${PAGE_ORIGIN}/`

/** Must run before the app is ready. */
export function registerPageScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true }
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges }])
}
