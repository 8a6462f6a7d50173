// Every key of the chat's database. Numbers are fixed-width hex, so that a page of messages is a range.
//
//   account                                 name, certificate
//   settings | invitation                   one JSON value each
//   prekeys/<id>                            private halves of a signed and a Kyber prekey
//   contact/<account>                       a contact and its devices
//   conversation/<conversation>             title, counters, last line
//   draft/<conversation>
//   message/<conversation>/<position>       a message
//   place/<message id>                      where a message with this id is: what makes repeats harmless
//   outbox/<node>/<sequence>                what waits for a device's acknowledgement
//   device/<node>                           epoch of the session with a device
//   session/<node>                          ratchet state
//   seen/<node>/<envelope>                  envelopes taken in, when, and the token that acknowledges them
//   basekey/<prekey id>/<hash>              base keys that began a session
//   publishing/<conversation>/<position>    publications the overlay has not yet accepted

export const ACCOUNT = 'account'
export const SETTINGS = 'settings'
export const INVITATION = 'invitation'
export const PREKEYS = 'prekeys/'
export const CONTACTS = 'contact/'
export const CONVERSATIONS = 'conversation/'
export const DRAFTS = 'draft/'
export const DEVICES = 'device/'
export const PUBLISHING = 'publishing/'
export const SEEN = 'seen/'
export const SESSIONS = 'session/'
export const OUTBOX = 'outbox/'

/** 2^48 messages in one conversation are enough for anybody. */
const NUMBER_DIGITS = 12

export function numberKey(value: number): string {
  return value.toString(16).padStart(NUMBER_DIGITS, '0')
}

export function numberOf(key: string): number {
  return parseInt(key.slice(-NUMBER_DIGITS), 16)
}

export const messagesOf = (conversationId: string) => `message/${conversationId}/`
export const placeOf = (messageId: string) => `place/${messageId}`
export const outboxOf = (nodeId: string) => `${OUTBOX}${nodeId}/`
export const sessionOf = (nodeId: string) => `${SESSIONS}${nodeId}`
export const seenOf = (nodeId: string, envelopeId: string) => `${SEEN}${nodeId}/${envelopeId}`
export const baseKeyOf = (prekeyId: number, hash: string) => `basekey/${numberKey(prekeyId)}/${hash}`
export const publishingOf = (conversationId: string) => `${PUBLISHING}${conversationId}/`
