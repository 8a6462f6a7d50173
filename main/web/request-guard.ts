// What a request must look like before anything else is read of it. Bound to 127.0.0.1, the server is still within reach
// of every page the browser shows: a page can point its own host name at 127.0.0.1 (DNS rebinding: the Host header
// tells), can open WebSockets to anywhere (the Origin header tells; the same-origin policy does not cover them), and can
// make the browser ask for pictures and frames from anywhere (Fetch Metadata tells).

import { type IncomingHttpHeaders } from 'node:http'

export type Verdict = { kind: 'ok'; host: string } | { kind: 'refused'; status: 403 | 421; words: string }

/** Any port: behind an SSH tunnel the browser may see another one than we do. */
const OWN_HOST = /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/

const STRANGER: Verdict = { kind: 'refused', status: 403, words: 'Banyan answers to its own page only.' }

export function guardRequest(headers: IncomingHttpHeaders): Verdict {
  const host = headers.host ?? ''
  if (!OWN_HOST.test(host))
    return { kind: 'refused', status: 421, words: 'This address does not belong to Banyan.' }
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) return STRANGER
  if (isEmbeddedElsewhere(headers)) return STRANGER
  return { kind: 'ok', host }
}

/**
 * Asked for by another site's page as a part of itself (W3C Fetch Metadata §2). Opening our address from a link on such a
 * page is a person's own deed and stays allowed; a picture that points here could otherwise use up the guesses.
 */
function isEmbeddedElsewhere(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  return (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-dest'] !== 'document'
}

/** Browsers always name the origin of a WebSocket, so one without is no browser's. */
export function guardSocket(headers: IncomingHttpHeaders): Verdict {
  const verdict = guardRequest(headers)
  if (verdict.kind === 'ok' && headers.origin === undefined) return STRANGER
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
