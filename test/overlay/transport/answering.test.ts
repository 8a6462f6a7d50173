// What an initiation costs whoever receives it, in key agreements: none before it has shown that it is worth one.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Bytes } from '../../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { Answering } from '../../../main/overlay/transport/answering.ts'
import { Counters } from '../../../main/overlay/transport/counters.ts'
import { MAX_HALF_OPEN } from '../../../main/overlay/transport/admission.ts'
import { UnprovenBudget } from '../../../main/overlay/transport/unproven-budget.ts'
import {
  PACKET_RETRY,
  decodeInitiation,
  decodeRetry,
  encodeInitiation,
} from '../../../main/overlay/wire/packet.ts'
import { validInitiations } from './initiations.ts'
import { World, testNetwork } from './world.ts'

const CALLER = { host: '10.6.6.6', port: 666 }

/** The called side alone, with a count of the Noise handshakes it begins, and what it has sent last. */
function answeringIn(world: World) {
  const bob = world.peer('10.0.0.2')
  const work = { handshakes: 0, agreements: 0 }
  const sent: Bytes[] = []
  const answering = new Answering({
    ...world,
    identity: bob.identity,
    network: testNetwork,
    counters: new Counters(),
    unproven: new UnprovenBudget(world.clock),
    handshakesPerSecond: 200,
    crypto: {
      ...hostCrypto,
      noiseResponder: (...args) => (work.handshakes++, hostCrypto.noiseResponder(...args)),
      agreementKeyPair: (seed) => (work.agreements++, hostCrypto.agreementKeyPair(seed)),
    },
    self: () => bob.endpoint.self,
    send: (datagram) => void sent.push(datagram),
    newConnectionId: () => world.random.below(2 ** 32),
    nextOrder: () => 1,
  })
  const takeRoom = (): void => {
    for (const datagram of validInitiations(world, bob, 100)) answering.initiation(datagram, CALLER)
    work.handshakes = work.agreements = 0
  }
  return { bob, answering, work, sent, takeRoom }
}

describe('the called side, when busy', () => {
  it('computes nothing for who has no token, or one that does not hold', () => {
    const world = new World(100)
    const { bob, answering, work, sent, takeRoom } = answeringIn(world)
    takeRoom()
    const half = answering.size
    const calls = validInitiations(world, bob, 300)
    for (const [i, call] of calls.entries()) {
      const token = i % 2 === 0 ? new Uint8Array(0) : world.random.bytes(1 + (i % 32))
      answering.initiation(encodeInitiation({ ...decodeInitiation(call), token }), CALLER)
      expect(sent.at(-1)![0]).toBe(PACKET_RETRY)
    }
    expect(work).toEqual({ handshakes: 0, agreements: 0 })
    expect(answering.size).toBe(half)
  })

  it('computes for a token that holds, once, and only for the dial and the address it was made for', () => {
    const world = new World(101)
    const { bob, answering, work, sent, takeRoom } = answeringIn(world)
    takeRoom()
    const [mine, other] = validInitiations(world, bob, 2) as [Bytes, Bytes]
    answering.initiation(mine, CALLER)
    const { token } = decodeRetry(sent.at(-1)!)
    const withToken = (call: Bytes) => encodeInitiation({ ...decodeInitiation(call), token })
    answering.initiation(withToken(other), CALLER)
    answering.initiation(withToken(mine), { ...CALLER, port: 667 })
    answering.initiation(withToken(mine), { ...CALLER, host: '10.6.6.7' })
    expect(work.handshakes).toBe(0)
    answering.initiation(withToken(mine), CALLER)
    expect(work.handshakes).toBe(1)
    answering.initiation(withToken(mine), CALLER)
    expect(work.handshakes).toBe(1) // the repeat gets the response that is there
  })

  it('keeps a bounded number of handshakes, however many addresses are proven', () => {
    const world = new World(102)
    const { bob, answering, sent, takeRoom } = answeringIn(world)
    takeRoom()
    for (const [i, call] of validInitiations(world, bob, 600).entries()) {
      const from = { host: `10.7.${i >> 8}.${i & 255}`, port: 1 }
      answering.initiation(call, from)
      const { token } = decodeRetry(sent.at(-1)!)
      answering.initiation(encodeInitiation({ ...decodeInitiation(call), token }), from)
    }
    expect(answering.size).toBe(500) // a burst of each kind
    expect(answering.size).toBeLessThanOrEqual(MAX_HALF_OPEN)
    answering.stop()
  })

  it('takes initiations that are changed anywhere for what they are, or says so in one code', () => {
    const world = new World(103)
    const { bob, answering, sent } = answeringIn(world)
    const calls = validInitiations(world, bob, 20)
    const change = fc.record({ at: fc.nat(1_199), bit: fc.nat(7) })
    const changed = fc.record({ call: fc.nat(19), changes: fc.array(change, { minLength: 1, maxLength: 4 }) })
    const ends = fc.property(changed, fc.nat(1_210), ({ call, changes }, length) => {
      const datagram = calls[call]!.slice()
      for (const { at, bit } of changes) datagram[at]! ^= 1 << bit
      const before = sent.length
      for (const bytes of [datagram, datagram.slice(0, length)])
        try {
          answering.initiation(bytes, CALLER)
        } catch (error) {
          expect(error).toBeInstanceOf(BanyanError)
        }
      expect(sent.length - before).toBeLessThanOrEqual(2)
    })
    fc.assert(ends, { seed: 104, numRuns: 1_000 })
    expect(answering.size).toBeLessThanOrEqual(20)
  })
})
