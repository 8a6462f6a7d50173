// What went wrong, in words a person can act on: every code of the node, in one place. A code may mean something more
// exact while doing a certain thing; that is what the tasks are for. The network's absence is never blamed on the input.

export type Task = 'link' | 'phrase' | 'passphrase' | 'send' | 'topic' | 'repair'

const GENERAL: Record<string, string> = {
  malformed: 'That could not be read. Please check it and try again.',
  'too-large': 'That is too large.',
  'wrong-network': 'This belongs to another Banyan network than yours.',
  'bad-signature': 'The signature does not match, so this cannot be trusted.',
  'bad-puzzle': 'This was not made for this network.',
  expired: 'This has expired.',
  unreachable: 'The network cannot be reached right now. Nothing is lost; Banyan keeps trying.',
  timeout: 'Nobody has answered yet. Nothing is lost; please try again in a moment.',
  closed: 'The connection to your node was closed. Please open Banyan again.',
  refused: 'The other side declined.',
  quota: 'That was too much at once. Please wait a moment and try again.',
  'port-in-use': 'Another program uses the port that Banyan needs.',
  'not-found': 'That is no longer here.',
  'store-damaged': 'Your data on this computer cannot be read as it is.',
  'store-full': 'The disk is full. Free some space, then try again; nothing was lost.',
  'store-failed':
    'Banyan cannot use its folder on this computer’s disk. Check that the drive is there and may be written; nothing was lost.',
  'store-locked': 'Banyan is already running with this profile.',
  'no-account': 'There is no open account here yet.',
  'account-exists': 'There is already an account in this profile.',
  'bad-phrase': 'These words do not form a valid phrase.',
  'wrong-passphrase': 'That passphrase does not open this profile.',
  'passphrase-needed': 'This computer offers no keychain, so a passphrase is needed to seal your keys.',
  'keys-damaged': 'The keys of your account on this computer cannot be read.',
  'keychain-silent': 'Your computer’s keychain does not answer. Unlock it and try again.',
  'account-mismatch': 'These words belong to another account than the one whose conversations are here.',
  'own-link': 'This is your own invitation. Send it to somebody else, and ask for theirs.',
  'already-contact': 'You have this contact already.',
  'untrusted-identity':
    'This contact’s keys have changed. Compare the safety number with them before you go on.',
  'no-prekeys':
    'Their keys are not in the network yet. Banyan keeps looking and sends as soon as it finds them.',
  unsupported: 'This window cannot do that. The desktop program can.',
  internal: 'Something went wrong inside Banyan. The log says more.',
}

const BY_TASK: Record<Task, Record<string, string>> = {
  link: {
    'too-large': 'This is too long for an invitation. Copy only the link that begins with “banyan:”.',
  },
  phrase: {
    malformed: 'A phrase has exactly 24 words, separated by spaces.',
    'bad-phrase':
      'All words are known, but together they are not a valid phrase. Check their order and spelling.',
  },
  passphrase: { malformed: 'Please type your passphrase.' },
  send: {
    malformed: 'This message cannot be sent as it is. Your text is kept.',
    'too-large':
      'This message is too long: at most 64 KiB. Your text is kept; shorten it or send it in parts.',
    'store-failed':
      'The disk refused this message. Your text is kept; check that the drive is there and send again.',
    'store-full':
      'The disk is full, so this message could not be stored. Your text is kept; free some space and send again.',
    refused: 'This message was refused. Your text is kept.',
    'not-found': 'This conversation is no longer here. Your text is kept until you leave.',
    quota: 'That was a lot at once. Your text is kept; wait a moment and send again.',
  },
  topic: { malformed: 'A topic needs a name of 1 to 64 characters.' },
  repair: {
    'store-full': 'The disk is too full for a repair. Free some space, then try again.',
    'store-damaged': 'The repair did not succeed. The damaged data was left as it was.',
  },
}

/**
 * What the node says of a link in its own sentence, because only it knows which of several things is wrong: cut off, no
 * invitation at all, made by a newer Banyan, of another network, expired, not proven.
 */
const OF_LINKS = new Set(['malformed', 'wrong-network', 'expired', 'bad-signature', 'bad-puzzle'])

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'internal'
}

export function errorWords(error: unknown, task?: Task): string {
  const code = codeOf(error)
  if (task === 'link' && OF_LINKS.has(code) && error instanceof Error) return error.message
  return (task && wordsIn(BY_TASK[task], code)) ?? wordsIn(GENERAL, code) ?? GENERAL.internal ?? ''
}

/** Codes come from outside: `constructor` is not one of ours. */
function wordsIn(table: Record<string, string>, code: string): string | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined
}
