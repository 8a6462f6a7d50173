import { describe, expect, it } from 'vitest'
import { EMPTY } from '../../main/overlay/base/bytes.ts'
import { type Id } from '../../main/overlay/base/id.ts'
import { encodeRouted } from '../../main/overlay/wire/routed-message.ts'
import { RouteChecker } from '../../simulator/checkers/route-checker.ts'

const ID = '0'.repeat(64) as Id

function routed(requestId: string, hops = 0): Uint8Array {
  return encodeRouted({
    requestId,
    key: ID,
    application: 2,
    isExact: true,
    hops,
    offset: 0,
    detoursLeft: 0,
    source: ID,
    isFollowing: false,
    keyHops: 255,
    visited: [],
    payload: EMPTY,
  })
}

/** Lets one message cross these links, each with so many hops behind it (one more than the last, unless said otherwise). */
function walk(...crossings: [number, number, number?][]): RouteChecker {
  const checker = new RouteChecker(() => 0)
  for (const [i, [from, to, hops = i]] of crossings.entries())
    checker.sent(from, to, routed('0123456789abcdef', hops))
  return checker
}

describe('the checker of ways', () => {
  it.each([
    [
      'a straight way',
      [
        [1, 2],
        [2, 3],
      ],
      0,
      0,
    ],
    [
      'a step back',
      [
        [1, 2],
        [2, 3],
        [3, 2],
        [2, 4],
      ],
      0,
      0,
    ],
    [
      'a circle',
      [
        [1, 2],
        [2, 3],
        [3, 1],
        [1, 2],
      ],
      1,
      0,
    ],
    [
      'a circle away from its source',
      [
        [9, 1],
        [1, 2],
        [2, 3],
        [3, 1],
        [1, 2],
      ],
      1,
      0,
    ],
    [
      'two nodes that send it to and fro',
      [
        [9, 1],
        [1, 2],
        [2, 1],
        [1, 2],
        [2, 1],
      ],
      2,
      0,
    ],
    [
      'a copy that came over another way',
      [
        [1, 2, 0],
        [2, 5, 1],
        [1, 3, 0],
        [3, 2, 1],
        [2, 5, 2],
      ],
      0,
      1,
    ],
    [
      'a copy that a later node made',
      [
        [9, 1, 0],
        [1, 2, 1],
        [2, 5, 2],
        [1, 3, 1],
        [3, 4, 2],
        [4, 2, 3],
        [2, 5, 4],
      ],
      0,
      1,
    ],
    [
      'one sent again over the same link',
      [
        [9, 1, 0],
        [1, 2, 1],
        [1, 2, 1],
      ],
      0,
      1,
    ],
  ] as [string, [number, number, number?][], number, number][])(
    'sees %s for what it is',
    (_name, way, loops, repeats) => {
      expect(walk(...way).findings).toMatchObject({ followed: 1, loops, repeats })
    },
  )

  it('knows messages by the request id that the wire format has', () => {
    const checker = new RouteChecker(() => 0)
    checker.sent(1, 2, routed('0123456789abcdef'))
    checker.sent(1, 2, routed('1123456789abcdef'))
    checker.delivered('0123456789abcdef', 2)
    expect(checker.findings).toMatchObject({ followed: 2, loops: 0, deliveredTwice: 0 })
    checker.delivered('0123456789abcdef', 9)
    expect(checker.findings).toMatchObject({ deliveredTwice: 0, deliveredApart: 1 })
    checker.delivered('0123456789abcdef', 2)
    expect(checker.findings).toMatchObject({ deliveredTwice: 1, deliveredApart: 1 })
    expect(checker.findings.examples[0]).toContain('0123456789abcdef')
  })

  it('forgets after a minute or two, and not before', () => {
    let nowMs = 0
    const checker = new RouteChecker(() => nowMs)
    const message = routed('0123456789abcdef')
    for (const atMs of [0, 59_000, 130_000, 260_000]) {
      nowMs = atMs
      checker.sent(1, 2, routed(`${String(atMs).padStart(16, '0')}`))
    }
    checker.sent(1, 2, message)
    nowMs = 300_000
    checker.sent(2, 1, routed('0123456789abcdef', 1))
    checker.sent(1, 2, routed('0123456789abcdef', 2))
    expect(checker.findings.loops).toBe(1)
  })
})
