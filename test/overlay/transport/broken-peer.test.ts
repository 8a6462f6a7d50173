// A peer with a session of ours that speaks, but does not keep to what makes a transport: it costs little, and not for ever.

import { describe, expect, it } from 'vitest'
import { OpenPeer } from './open-peer.ts'

/** More than a window and the probes of half a minute. */
const MANY_PACKETS = 300

describe('a peer that never acknowledges anything', () => {
  it('is not kept for ever, however often it pings', async () => {
    const peer = await OpenPeer.linked(80)
    const { session, bob, world } = peer
    session.send(new Uint8Array(100_000))
    for (let i = 0; i < 2_500; i++) {
      peer.say([{ type: 'ping' }])
      await world.run(10)
    }
    expect(bob.story).toEqual(['up'])
    expect(peer.heard.length).toBeGreaterThan(2_500)
    expect(session.tableSizes.sentPackets).toBeLessThan(MANY_PACKETS)
    for (let i = 0; i < 1_000; i++) {
      peer.say([{ type: 'ping' }])
      await world.run(10)
    }
    expect(bob.story).toEqual(['up', 'down: silent'])
  })

  it('does not keep itself alive by acknowledging what is oldest, now and then', async () => {
    const peer = await OpenPeer.linked(81)
    const { session, bob, world } = peer
    session.send(new Uint8Array(100_000))
    await world.run(200)
    const [first] = peer.heard
    for (let i = 0; i < 60 && session.isOpen; i++) {
      const number = first!.number + i
      peer.say([{ type: 'ack', delayUs: 0, ranges: [{ first: number, last: number }] }])
      await world.run(1_000)
      expect(session.tableSizes.sentPackets).toBeLessThan(MANY_PACKETS)
    }
    expect(bob.story).toEqual(['up', 'down: silent'])
  })
})
