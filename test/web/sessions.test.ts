import { describe, expect, it } from 'vitest'
import { Sessions } from '../../main/web/sessions.ts'

const MINUTE_MS = 60_000

describe('the one-time token', () => {
  it('opens one session and is another one afterwards', () => {
    const sessions = new Sessions(() => 0)
    const { token } = sessions
    const exchange = sessions.exchange(token)
    expect(exchange.kind).toBe('session')
    expect(sessions.isValid(exchange.kind === 'session' ? exchange.cookie : '')).toBe(true)
    expect(sessions.exchange(token)).toEqual({ kind: 'wrong' })
    expect(sessions.exchange(sessions.token).kind).toBe('session')
  })

  it('is not the cookie, and neither is anything else', () => {
    const sessions = new Sessions(() => 0)
    for (const guess of [undefined, '', sessions.token, 'x']) expect(sessions.isValid(guess)).toBe(false)
  })

  it('cannot be guessed: after ten wrong ones even the right one waits a minute', () => {
    let nowMs = 0
    const sessions = new Sessions(() => nowMs)
    for (let i = 0; i < 10; i++) expect(sessions.exchange(`guess ${i}`).kind).toBe('wrong')
    expect(sessions.exchange(sessions.token).kind).toBe('too-many')
    nowMs = MINUTE_MS - 1
    expect(sessions.exchange(sessions.token).kind).toBe('too-many')
    nowMs = MINUTE_MS
    expect(sessions.exchange(sessions.token).kind).toBe('session')
  })

  it('lets the oldest browser go when many have come', () => {
    const sessions = new Sessions(() => 0)
    const cookies = Array.from({ length: 17 }, () => {
      const exchange = sessions.exchange(sessions.token)
      return exchange.kind === 'session' ? exchange.cookie : ''
    })
    expect(cookies.map((cookie) => sessions.isValid(cookie))).toEqual([
      false,
      ...Array<boolean>(16).fill(true),
    ])
  })
})
