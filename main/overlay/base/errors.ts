// Every failure that leaves a public call of the overlay or the chat carries one of these codes. Append only: the codes
// cross the bridge to the window and stand in logs.

export const ERROR_CODES = [
  // anything that parses
  'malformed', // the bytes or the text are not of the expected form
  'too-large', // over a stated limit
  'wrong-network', // belongs to another Banyan network
  'bad-signature', // a signature or certificate does not verify
  'bad-puzzle', // the id does not satisfy the network's puzzle
  'expired', // valid once, no longer
  // network
  'unreachable', // no path to the peer now
  'timeout', // asked, and no answer in time
  'closed', // the session, stream or node was closed
  'refused', // the other side said no
  'quota', // a limit per peer, address range or store was reached
  'port-in-use', // the UDP or TCP port is taken
  'not-found', // no such record, contact, conversation or message
  // storage
  'store-damaged', // the database cannot be opened as it is
  'store-full', // the disk refused a write
  'store-locked', // another process holds the profile
  // account and contacts
  'no-account', // no account on this profile yet, or it is locked
  'account-exists', // this profile has an account already
  'bad-phrase', // not 24 words of the list with a matching checksum
  'wrong-passphrase', // the sealed file does not open with it
  'own-link', // the invitation is one's own
  'already-contact', // the account is a contact already
  'untrusted-identity', // the peer's Signal identity is not the certified one
  'no-prekeys', // the contact's prekey bundle is not in the network yet
  'unsupported', // this surface cannot do it (a web window has no tray)
  'internal', // a defect of ours; the log says more
  'passphrase-needed', // secrets are kept in a file here, and it needs a passphrase of at least 8 characters
  'keys-damaged', // the place of the account's keys is there, and what it holds is not them
  'store-failed', // the disk refused for another reason than room: rights, too many open files, a lost drive
  'keychain-silent', // the operating system's keychain does not answer: locked, or its service is gone
  'account-mismatch', // these words make another account than the one whose conversations are here
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

export class BanyanError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'BanyanError'
    this.code = code
  }
}

/** The code of any thrown value: its own where it is ours, `internal` otherwise. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof BanyanError ? error.code : 'internal'
}
