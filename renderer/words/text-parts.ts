// A message's text, cut into plain text and links. Strangers write it, so only addresses that parse as http or https
// become links, they keep the exact text that is shown, and no markup is ever made from them.

export type TextPart = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string }

const CANDIDATE = /https?:\/\/[^\s<>"'`]+/gi
const TRAILING = /[.,:;!?…*_~]+$/
const CLOSERS: Record<string, string> = { ')': '(', ']': '[', '}': '{' }

export function textParts(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = trimLink(match[0])
    const href = safeHref(shown)
    if (href === null) continue
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) })
    parts.push({ kind: 'link', text: shown, href })
    end = match.index + shown.length
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}

/** Punctuation that ends a sentence is not part of an address, nor is a bracket that opened before it. */
function trimLink(candidate: string): string {
  let link = candidate
  for (;;) {
    const shorter = dropLoneCloser(link.replace(TRAILING, ''))
    if (shorter === link) return link
    link = shorter
  }
}

function dropLoneCloser(link: string): string {
  const opener = CLOSERS[link.at(-1) ?? '']
  if (opener === undefined) return link
  const closers = link.split(link.at(-1) ?? '').length
  const openers = link.split(opener).length
  return closers > openers ? link.slice(0, -1) : link
}

function safeHref(text: string): string | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  // user:password@host shows one name and leads to another
  if (url.username !== '' || url.password !== '') return null
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null
}
