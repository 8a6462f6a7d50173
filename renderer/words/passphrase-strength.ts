// A hint, not a gate: length counts most, variety a little, and the obvious ones are called what they are.

import { MIN_PASSPHRASE_CHARACTERS } from '../../preload/contract.ts'

export interface Strength {
  /** 0 (nothing yet) to 4. */
  level: 0 | 1 | 2 | 3 | 4
  words: string
}

const OBVIOUS = /^(.)\1*$|^(0?123456789?0?|password|passwort|qwerty|qwertz|letmein|banyan)+\d*$/i

export function passphraseStrength(passphrase: string): Strength {
  const length = [...passphrase].length
  if (length === 0) return { level: 0, words: '' }
  if (length < MIN_PASSPHRASE_CHARACTERS)
    return { level: 1, words: `Too short: at least ${MIN_PASSPHRASE_CHARACTERS} characters` }
  if (OBVIOUS.test(passphrase)) return { level: 1, words: 'Among the first that anybody would try' }
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) =>
    kind.test(passphrase),
  ).length
  const score = length + 2 * kinds
  if (score < 14) return { level: 2, words: 'Weak. A few unrelated words are better' }
  if (score < 22) return { level: 3, words: 'Good' }
  return { level: 4, words: 'Strong' }
}
