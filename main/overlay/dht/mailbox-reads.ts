// An owner empties a mailbox: both roots are asked, page by page, and what either keeps counts. Envelopes prove themselves, so one
// root that hides some hides nothing.

import { type Id } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type KeyPair } from '../ports/crypto.ts'
import { type Routes } from '../ports/routes.ts'
import { type Envelope, envelopeKey, envelopeName } from '../wire/envelope.ts'
import { mailboxKey } from '../wire/mailbox.ts'
import { decodeMailboxPage, encodeMailboxRead } from '../wire/mailbox-messages.ts'
import { APPLICATION } from '../wire/message-types.ts'
import { checkRecord } from './record-rules.ts'
import { rootKeys } from './replica-store.ts'

const READ_TIMEOUT_MS = 8000
/** A full mailbox takes some hundred pages of the largest envelopes; a root that sends more is lying. */
const MAX_PAGES = 256
const FIRST = '0'.repeat(32)

/** Errors: as of the route, where no root answers. */
export async function readMailbox(around: Surroundings, routes: Routes, owner: KeyPair): Promise<Envelope[]> {
  const mailbox = mailboxKey(around.crypto, owner.publicKey)
  const found = new Map<Id, Envelope>()
  const roots = rootKeys(around, mailbox)
  const results = await Promise.allSettled(
    roots.map((rootKey) => readAt(around, routes, owner, rootKey, mailbox, found)),
  )
  const failure = results.find((result) => result.status === 'rejected')
  if (failure && results.every(({ status }) => status === 'rejected')) throw failure.reason
  return [...found.values()]
}

async function readAt(
  around: Surroundings,
  routes: Routes,
  owner: KeyPair,
  rootKey: Id,
  mailbox: Id,
  found: Map<Id, Envelope>,
): Promise<void> {
  const { crypto, clock, drops } = around
  let after = FIRST
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const question = encodeMailboxRead(crypto, owner, clock.wallMs(), after)
    const reply = await routes.request(rootKey, APPLICATION.mailbox, question, { timeoutMs: READ_TIMEOUT_MS })
    const { hasMore, envelopes } = decodeMailboxPage(reply.payload)
    for (const envelope of envelopes) {
      const key = envelopeKey(crypto, envelope)
      after = envelopeName(key)
      if (found.has(key)) continue
      const verdict = checkRecord(envelope, crypto, clock.wallMs())
      if (verdict === 'good' && envelope.mailbox === mailbox) found.set(key, envelope)
      else drops.count(`envelope: ${verdict === 'good' ? 'of another mailbox' : verdict}`)
    }
    if (!hasMore || envelopes.length === 0) return
  }
}
