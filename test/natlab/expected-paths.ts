// Which pairs can talk without anybody in between, whatever the code does: the goal that the table is held against.

import { type KindName } from './nat-kinds.ts'

/** Another port for each destination: nobody else knows the one that would be needed. */
const HARD: readonly KindName[] = ['symmetric-sequential', 'symmetric-random']
/** Only the very port that was sent to gets in, and it is not known of a hard one. */
const STRICT: readonly KindName[] = ['port-restricted', 'two-nats', ...HARD]

export function isDirectExpected(from: KindName, to: KindName): boolean {
  return isDirectTowards(from, to) && isDirectTowards(to, from)
}

function isDirectTowards(one: KindName, other: KindName): boolean {
  if (one === 'well-known-ports') return false // no peer in the table listens on one of them
  if (!HARD.includes(one)) return true
  if (other === 'port-mapping') return true // its mapped port lets anybody in
  if (one === 'symmetric-sequential' && !HARD.includes(other)) return true // its next port can be guessed
  return !STRICT.includes(other)
}
