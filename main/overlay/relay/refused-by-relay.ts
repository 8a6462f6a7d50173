import { BanyanError, type ErrorCode } from '../base/errors.ts'
import { type RelayReason } from '../wire/relay-messages.ts'

const CODES: Partial<Record<RelayReason, ErrorCode>> = {
  'circuits-full': 'quota',
  'peer-limit': 'quota',
  'range-limit': 'quota',
  'too-fast': 'quota',
  'used-up': 'quota',
  'not-here': 'unreachable',
}

/** A relay or handshake server said no; another may say yes. */
export class RefusedByRelay extends BanyanError {
  readonly reason: RelayReason

  constructor(reason: RelayReason) {
    super(CODES[reason] ?? 'refused', `the volunteer said no: ${reason}`)
    this.name = 'RefusedByRelay'
    this.reason = reason
  }
}
