// A topic's name and what follows from it: the key that only those who know the name have, and the id under which the
// overlay carries it.

import { MAX_TOPIC_CHARACTERS } from '../../../preload/contract.ts'
import { type Bytes, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'
import { type Id, idFromBytes } from '../../overlay/base/id.ts'
import { type Crypto } from '../../overlay/ports/crypto.ts'
import { fitText } from '../contacts/fit-text.ts'

export interface Topic {
  name: string
  key: Bytes
  id: Id
}

const KEY_LABEL = utf8('banyan topic key')
const ID_LABEL = utf8('banyan topic id')

/** What people mean alike must be one topic: no leading '#', one spelling (fit-text.ts), no capitals. Errors: malformed. */
export function normaliseTopic(text: string): string {
  const name = fitText(text).replace(/^#+/, '').trim().toLowerCase()
  const compact = fitText(name) // lower case may be spelt otherwise, and a mark may have stood behind the '#'
  if (compact === '') throw new BanyanError('malformed', 'A topic needs a name.')
  if (compact.length > MAX_TOPIC_CHARACTERS)
    throw new BanyanError('malformed', `A topic's name has at most ${MAX_TOPIC_CHARACTERS} characters.`)
  return compact
}

export function topicOf(crypto: Crypto, normalisedName: string): Topic {
  const key = crypto.hash(KEY_LABEL, utf8(normalisedName))
  return { name: normalisedName, key, id: idFromBytes(crypto.hash(ID_LABEL, key)) }
}
