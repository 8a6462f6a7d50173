// Who may use the browser interface: whoever has shown the one-time token from the terminal gets a session, known by a
// random cookie. Tokens and cookies are compared in constant time, and guessing is slowed down to nothing.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const SECRET_BYTES = 32
/** A person opens a handful of browsers. */
const MAX_SESSIONS = 16
/** Wrong tokens that are answered within a window; from then on even the right one is refused until it is over. */
const MAX_FAILURES = 10
const FAILURE_WINDOW_MS = 60_000

export type Exchange = { kind: 'session'; cookie: string } | { kind: 'wrong' } | { kind: 'too-many' }

export class Sessions {
  readonly #nowMs: () => number
  #token = secret()
  /** Digests of the cookies, oldest first: a dump of this process's memory gives no cookie away for later. */
  #sessions: Buffer[] = []
  #failures: number[] = []

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Good for one exchange; the next one is another. */
  get token(): string {
    return this.#token
  }

  exchange(token: string): Exchange {
    const nowMs = this.#nowMs()
    this.#failures = this.#failures.filter((atMs) => nowMs - atMs < FAILURE_WINDOW_MS)
    if (this.#failures.length >= MAX_FAILURES) return { kind: 'too-many' }
    if (!timingSafeEqual(digest(token), digest(this.#token))) {
      this.#failures.push(nowMs)
      return { kind: 'wrong' }
    }
    this.#token = secret()
    const cookie = secret()
    this.#sessions = [...this.#sessions, digest(cookie)].slice(-MAX_SESSIONS)
    return { kind: 'session', cookie }
  }

  isValid(cookie: string | undefined): boolean {
    if (cookie === undefined) return false
    const shown = digest(cookie)
    return this.#sessions.some((session) => timingSafeEqual(session, shown))
  }
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
