// The 24 words an account is made from (BIP39: 256 bits of entropy, 8 bits of checksum).

import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeed } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { PHRASE_WORDS } from '../../../preload/contract.ts'
import { type Bytes } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type Random } from '../../overlay/ports/random.ts'

const ENTROPY_BYTES = 32
const KNOWN = new Set(wordlist)

export function newPhrase(random: Random): string {
  return entropyToMnemonic(random.bytes(ENTROPY_BYTES), wordlist)
}

/** As typed, with any spacing and capitals, to the form the words are kept in. Errors: bad-phrase, in words. */
export function readPhrase(text: string): string {
  const words = text
    .normalize('NFKD')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
  const unknown = words.find((word) => !KNOWN.has(word))
  if (unknown !== undefined)
    throw new BanyanError('bad-phrase', `“${unknown}” is not one of the words a phrase is made of.`)
  if (words.length !== PHRASE_WORDS)
    throw new BanyanError('bad-phrase', `A phrase has ${PHRASE_WORDS} words; these are ${words.length}.`)
  const phrase = words.join(' ')
  try {
    mnemonicToEntropy(phrase, wordlist)
  } catch (cause) {
    throw new BanyanError(
      'bad-phrase',
      'These words do not belong together: one of them is wrong or out of place.',
      { cause },
    )
  }
  return phrase
}

/** The 64-byte seed of BIP39, without its optional password. */
export async function seedOf(phrase: string): Promise<Bytes> {
  return Uint8Array.from(await mnemonicToSeed(phrase))
}
