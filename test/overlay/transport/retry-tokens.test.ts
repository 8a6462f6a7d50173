import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { RetryTokens, TOKEN_PERIOD_MS } from '../../../main/overlay/transport/retry-tokens.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const CALLER: Address = { host: '192.0.2.1', port: 4_000 }
const KEY = new Uint8Array(32).fill(3)

function tokensFrom(seed: number) {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const tokens = new RetryTokens({ clock, random: new SeededRandom(seed), crypto: hostCrypto })
  return { tokens, at: (ms: number) => queue.runUntil(ms) }
}

describe('a retry token', () => {
  it('holds for its caller and its dial, and for nobody and nothing else', () => {
    const { tokens } = tokensFrom(1)
    const token = tokens.issue(CALLER, KEY)
    const otherKey = KEY.with(31, 4)
    expect(tokens.isValid(token, { ...CALLER }, KEY.slice())).toBe(true)
    for (const [from, key] of [
      [{ ...CALLER, port: 4_001 }, KEY],
      [{ ...CALLER, host: '192.0.2.2' }, KEY],
      [{ ...CALLER, host: '::c000:201' }, KEY],
      [CALLER, otherKey],
    ] as const)
      expect(tokens.isValid(token, from, key), JSON.stringify(from)).toBe(false)
    expect(tokens.isValid(tokens.issue({ host: '2001:db8::1', port: 1 }, KEY), CALLER, KEY)).toBe(false)
  })

  it('with any bit changed, or of any other length, does not hold', () => {
    const { tokens } = tokensFrom(2)
    const token = tokens.issue(CALLER, KEY)
    for (let bit = 0; bit < 8 * token.length; bit++) {
      const changed = token.slice()
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(tokens.isValid(changed, CALLER, KEY)).toBe(false)
    }
    for (let length = 0; length < token.length; length++)
      expect(tokens.isValid(token.subarray(0, length), CALLER, KEY)).toBe(false)
    const anything = fc.uint8Array({ maxLength: 40 })
    const never = fc.property(anything, (bytes) => !tokens.isValid(bytes, CALLER, KEY))
    fc.assert(never, { seed: 3, numRuns: 2_000 })
  })

  it.each([0, 1, TOKEN_PERIOD_MS - 1])('made %i ms into a period ends with the next', async (madeMs) => {
    for (const isBusy of [true, false]) {
      const { tokens, at } = tokensFrom(4)
      await at(madeMs)
      const token = tokens.issue(CALLER, KEY)
      await at(2 * TOKEN_PERIOD_MS - 1)
      if (isBusy) tokens.issue(CALLER, KEY) // for this period there is another secret
      expect(tokens.isValid(token, CALLER, KEY)).toBe(true)
      await at(2 * TOKEN_PERIOD_MS)
      expect(tokens.isValid(token, CALLER, KEY)).toBe(false)
      if (isBusy) tokens.issue(CALLER, KEY)
      expect(tokens.isValid(token, CALLER, KEY)).toBe(false)
    }
  })

  it('of another node, or of this one before it was started anew, does not hold', () => {
    const token = tokensFrom(5).tokens.issue(CALLER, KEY)
    const { tokens } = tokensFrom(6)
    expect(tokens.isValid(token, CALLER, KEY)).toBe(false) // nobody asked it for one yet
    tokens.issue(CALLER, KEY)
    expect(tokens.isValid(token, CALLER, KEY)).toBe(false)
  })
})
