// The page's own scheme: app://banyan/ serves the built files and nothing else, with the policy in every answer. A
// file:// page would have the whole disk for an origin.

import { protocol } from 'electron'
import { securityHeaders } from '../content-policy.ts'
import { type PageFiles } from '../page-files.ts'

export function servePage(files: PageFiles): void {
  protocol.handle('app', async (request) => {
    const url = new URL(request.url)
    const file = url.host === 'banyan' && request.method === 'GET' ? await files.get(url.pathname) : undefined
    if (!file) return new Response('There is nothing here.', { status: 404 })
    return new Response(file.bytes, { headers: { ...securityHeaders(), 'Content-Type': file.type } })
  })
}
