// Looks at a typed phrase word by word, so that the person learns which word is wrong, not only that one is.

import { PHRASE_WORDS } from '../../preload/contract.ts'

export interface PhraseCheck {
  words: string[]
  /** Empty where nothing is wrong with what was typed so far. */
  problem: string
  isComplete: boolean
}

export function splitPhrase(typed: string): string[] {
  return typed
    .toLowerCase()
    .replace(/[0-9]+[.):]?/g, ' ')
    .split(/[\s,;]+/)
    .filter((word) => word !== '')
}

/** `isTyping`: the last word may still be unfinished, so it is only complained about where no known word begins so. */
export function checkPhrase(typed: string, known: readonly string[], isTyping: boolean): PhraseCheck {
  const words = splitPhrase(typed)
  const problem = firstProblem(words, known, isTyping && !/\s$/.test(typed))
  return { words, problem, isComplete: problem === '' && words.length === PHRASE_WORDS }
}

function firstProblem(words: string[], known: readonly string[], lastIsUnfinished: boolean): string {
  for (const [index, word] of words.entries()) {
    if (known.includes(word)) continue
    if (lastIsUnfinished && index === words.length - 1 && known.some((other) => other.startsWith(word)))
      continue
    const near = nearestWord(word, known)
    return `Word ${index + 1}, “${word}”, is not in the list.${near ? ` Did you mean “${near}”?` : ''}`
  }
  if (words.length > PHRASE_WORDS) return `These are ${words.length} words; a phrase has ${PHRASE_WORDS}.`
  return ''
}

/** The known word at most two edits away; people get a word's beginning right, so that counts more. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  let best: string | null = null
  let bestDistance = 3
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) > 2) continue
    const distance = editDistance(word, candidate) - 0.2 * sharedStart(word, candidate)
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** Equal letters at the beginning, at most the four that identify a word of the list (BIP39). */
function sharedStart(a: string, b: string): number {
  let length = 0
  while (length < 4 && a[length] !== undefined && a[length] === b[length]) length += 1
  return length
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
