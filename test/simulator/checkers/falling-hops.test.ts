import { describe, expect, it } from 'vitest'
import { EMPTY } from '../../../main/overlay/base/bytes.ts'
import { type Id } from '../../../main/overlay/base/id.ts'
import { encodeRouted, NO_KEY_HOPS } from '../../../main/overlay/wire/routed-message.ts'
import { FallingHops } from '../../../simulator/checkers/falling-hops.ts'

const KEY = '0'.repeat(64) as Id
const NEAR = '1'.repeat(64) as Id
const OTHER = '2'.repeat(64) as Id

interface Step {
  keyHops?: number
  bound?: { target: Id; hops: number }
  isFollowing?: boolean
}

function routed(
  { keyHops = NO_KEY_HOPS, bound, isFollowing = bound !== undefined }: Step,
  first = '00',
): Uint8Array {
  return encodeRouted({
    requestId: `${first}23456789abcdef`,
    key: KEY,
    application: 2,
    isExact: true,
    hops: 0,
    offset: 0,
    detoursLeft: 0,
    source: KEY,
    keyHops,
    bound,
    isFollowing,
    visited: [],
    payload: EMPTY,
  })
}

/** From 1 to 2 as it is received, from 2 to 3 as it is sent on. */
function passOn(received: Step, sent: Step): { followed: number; rises: number } {
  const checker = new FallingHops(() => 0)
  checker.sent(1, 2, routed(received))
  checker.sent(2, 3, routed(sent))
  return checker.findings
}

describe('the checker of falling hops', () => {
  it.each<[string, Step, Step, number]>([
    ['greedy steps', {}, {}, 0],
    ['the first record', {}, { keyHops: 4 }, 0],
    ['a shorter one for the key', { keyHops: 4 }, { keyHops: 3 }, 0],
    ['the same bound, kept over a step by id', { keyHops: 4 }, { keyHops: 4 }, 0],
    ['a longer one for the key', { keyHops: 3 }, { keyHops: 4 }, 1],
    ['a bound that was forgotten', { keyHops: 3 }, {}, 1],
    ['on to the same target', { bound: { target: NEAR, hops: 3 } }, { bound: { target: NEAR, hops: 2 } }, 0],
    ['on, but not nearer', { bound: { target: NEAR, hops: 3 } }, { bound: { target: NEAR, hops: 3 } }, 1],
    [
      'the same target, no longer followed',
      { bound: { target: NEAR, hops: 3 } },
      { bound: { target: NEAR, hops: 3 }, isFollowing: false },
      0,
    ],
    ['another target', { bound: { target: NEAR, hops: 3 } }, { bound: { target: OTHER, hops: 5 } }, 0],
  ])('sees %s for what it is', (_name, received, sent, rises) => {
    expect(passOn(received, sent).rises).toBe(rises)
  })

  it('allows whichever of two copies a node sends on, and nothing above both', () => {
    const checker = new FallingHops(() => 0)
    checker.sent(1, 2, routed({ keyHops: 3 }))
    checker.sent(4, 2, routed({ keyHops: 6 }))
    checker.sent(2, 3, routed({ keyHops: 5 }))
    expect(checker.findings.rises).toBe(0)
    checker.sent(2, 3, routed({ keyHops: 7 }))
    expect(checker.findings.rises).toBe(1)
  })

  it('follows a share of all requests, and remembers for a minute at least', () => {
    let nowMs = 0
    const checker = new FallingHops(() => nowMs)
    checker.sent(1, 2, routed({ keyHops: 3 }, 'ff'))
    expect(checker.findings.followed).toBe(0)
    checker.sent(1, 2, routed({ keyHops: 3 }))
    nowMs = 70_000
    checker.sent(2, 3, routed({ keyHops: 4 }))
    expect(checker.findings).toEqual({ followed: 2, rises: 1 })
  })
})
