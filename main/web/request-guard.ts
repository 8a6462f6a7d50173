// What a request must look like before anything else is read of it. Bound to 127.0.0.1, the server is still within reach
// of every page the browser shows: a page can point its own host name at 127.0.0.1 (DNS rebinding: the Host header
// tells), and can open WebSockets to anywhere (the Origin header tells; the same-origin policy does not cover them).

import { type IncomingHttpHeaders } from 'node:http'

export type Verdict = { kind: 'ok'; host: string } | { kind: 'refused'; status: 403 | 421; words: string }

/** Any port: behind an SSH tunnel the browser may see another one than we do. */
const OWN_HOST = /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/

export function guardRequest(headers: IncomingHttpHeaders): Verdict {
  const host = headers.host ?? ''
  if (!OWN_HOST.test(host))
    return { kind: 'refused', status: 421, words: 'This address does not belong to Banyan.' }
  if (headers.origin !== undefined && headers.origin !== `http://${host}`)
    return { kind: 'refused', status: 403, words: 'Banyan answers to its own page only.' }
  return { kind: 'ok', host }
}

/** Browsers always name the origin of a WebSocket, so one without is no browser's. */
export function guardSocket(headers: IncomingHttpHeaders): Verdict {
  const verdict = guardRequest(headers)
  if (verdict.kind === 'ok' && headers.origin === undefined)
    return { kind: 'refused', status: 403, words: 'Banyan answers to its own page only.' }
  return verdict
}

/** The value of a cookie by its name; undefined where there is none. */
export function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}
