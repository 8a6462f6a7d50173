// How sessions end: at once or when all has arrived, with whose codes, and what each side then knows of what it had said.

import { describe, expect, it } from 'vitest'
import { type Session } from '../../../main/overlay/transport/session.ts'
import { CLOSE_BROKEN_RULE, CLOSE_DONE } from '../../../main/overlay/wire/packet-frames.ts'
import { OpenPeer } from './open-peer.ts'
import { streamPair } from './stream-pair.ts'
import { World, targetOf, text, utf8 } from './world.ts'

async function sessions(seed: number, lossRate = 0) {
  const world = new World(seed, { delayMs: 20, jitterMs: 0, lossRate })
  const { alice, bob, link, back } = await world.connected()
  return { world, alice, bob, link: link as Session, back: back as Session }
}

describe('an abrupt close', () => {
  it('tells the peer a code of the application, apart from those of the transport', async () => {
    const { world, bob, link, back } = await sessions(80)
    link.close({ code: CLOSE_BROKEN_RULE, reason: 'moved house' })
    await world.run(100)
    const told = { code: CLOSE_BROKEN_RULE, isApplication: true, reason: 'moved house', undeliveredBytes: 0 }
    expect(link.end).toEqual({ ...told, by: 'us', cause: 'moved house' })
    expect(back.end).toEqual({ ...told, by: 'peer', cause: 'closed-by-peer' })
    expect(bob.story).toEqual(['up', 'down: closed-by-peer'])
  })

  it('with words only is the transport\'s "done"', async () => {
    const { world, link, back } = await sessions(81)
    link.close('enough')
    await world.run(100)
    expect(back.end).toMatchObject({ by: 'peer', code: CLOSE_DONE, isApplication: false, reason: 'enough' })
  })

  it('of a peer that breaks a rule names the code of the transport', async () => {
    const peer = await OpenPeer.linked(82)
    peer.say([{ type: 'stop-sending', id: 4_001, code: 0 }]) // of a stream of Bob's that is not there
    expect(peer.session.end).toMatchObject({ by: 'us', code: CLOSE_BROKEN_RULE, isApplication: false })
    await peer.world.run(100)
    const frames = peer.heard.at(-1)!.frames.map(({ type }) => type)
    expect(frames).toEqual(['ack', 'close'])
  })

  it('says with its last ack what has arrived, so that only what has not counts as lost', async () => {
    const { world, link, back } = await sessions(83)
    const delivered: boolean[] = []
    back.send(utf8('arrives, and its ack is still to come'), (is) => delivered.push(is))
    await world.run(21)
    link.close({ code: 7 })
    back.send(utf8('comes too late'), (is) => delivered.push(is))
    await world.run(100)
    expect(delivered).toEqual([true, false])
    expect(back.end).toMatchObject({ code: 7, undeliveredBytes: 'comes too late'.length + 1 })
  })

  it('loses what the window does not let go, and says how much', async () => {
    const { world, bob, link } = await sessions(84)
    const delivered: boolean[] = []
    for (let i = 0; i < 5; i++) link.send(new Uint8Array(100_000), (is) => delivered.push(is))
    link.close({ code: 1 })
    await world.run(1_000)
    expect(delivered).toEqual([false, false, false, false, false])
    expect(link.end!.undeliveredBytes).toBeGreaterThan(500_000)
    expect(bob.received).toEqual([])
  })
})

describe('a drain', () => {
  it.each([0, 0.3])('ends when all has arrived, at a loss of %d', async (lossRate) => {
    const { world, alice, bob, link, back } = await sessions(85)
    world.net.setModel({ delayMs: 20, jitterMs: 2, lossRate })
    const delivered: boolean[] = []
    for (let i = 0; i < 5; i++) link.send(new Uint8Array(100_000), (is) => delivered.push(is))
    const drained = link.drain({ code: 9 })
    expect(link.isOpen).toBe(false)
    expect(await world.until(drained)).toBe(true)
    expect(delivered).toEqual([true, true, true, true, true])
    expect(bob.received).toHaveLength(5)
    expect(alice.story).toEqual(['up', 'down: code 9'])
    world.net.setModel({ delayMs: 20, jitterMs: 2, lossRate: 0 })
    back.send(utf8('is anybody there?')) // who missed the close gets it again
    await world.run(1_000)
    expect(back.end).toMatchObject({ by: 'peer', code: 9, isApplication: true })
    await world.run(60_000)
    expect(world.queue.processed).toBeGreaterThan(0)
    expect(link.end!.undeliveredBytes).toBe(0)
  })

  it('of a session with nothing to say is at once', async () => {
    const { alice, link } = await sessions(86)
    void link.drain('enough')
    expect(alice.story).toEqual(['up', 'down: enough'])
    expect(await link.drain('again')).toBe(true)
  })

  it('takes no new work, and lets what was begun go on', async () => {
    const { world, link, back, accepted } = await streamPair()
    const begun = link.openStream()
    begun.write(new Uint8Array(300_000))
    begun.finish()
    const drained = link.drain({ code: 0 })
    const refused: unknown[] = []
    link.send(utf8('more'), (is) => refused.push(is))
    expect(() => link.openStream()).toThrow('ended')
    await world.run(25)
    const theirs = back.openStream()
    theirs.on({ stopped: (code) => refused.push(`stopped ${code}`) })
    theirs.write(utf8('may I?'))
    back.send(utf8('still heard'), (is) => refused.push(is))
    await world.until(drained)
    expect(refused).toEqual([false, true, 'stopped 0'])
    expect(accepted[0]).toMatchObject({ bytes: 300_000, ending: 'end' })
  })

  it('waits for the end of a stream, which has no bytes of its own', async () => {
    const { world, link, accepted } = await streamPair()
    const stream = link.openStream()
    stream.write(utf8('all of it'))
    await world.run(200)
    world.net.setModel({ lossRate: 1 })
    stream.finish()
    const drained = link.drain({ code: 0 })
    await world.run(100)
    world.net.setModel({ lossRate: 0, delayMs: 20, jitterMs: 0 })
    expect(await world.until(drained)).toBe(true)
    await world.run(100)
    expect(accepted[0]!.ending).toBe('endclosed') // its own half was still open
  })

  it('does not wait for ever for a reader that pauses, and tells both that something is lost', async () => {
    const { world, link, back } = await streamPair({ data: (own) => own.stream.pause() })
    const stream = link.openStream()
    stream.write(new Uint8Array(1_000_000))
    const startMs = world.queue.nowMs
    const drained = link.drain({ code: 3 })
    expect(await world.until(drained)).toBe(false)
    const tookMs = world.queue.nowMs - startMs
    expect(tookMs).toBeGreaterThan(1_000) // ten probe timeouts, a second at least, after the last progress
    expect(tookMs).toBeLessThan(1_500)
    await world.run(100)
    expect(link.end!.undeliveredBytes).toBeGreaterThan(700_000)
    expect(back.end).toMatchObject({ code: 3, undeliveredBytes: 0 })
  })

  it("keeps to the caller's bound, however well it goes on", async () => {
    const { world, link } = await sessions(87)
    world.net.setModel({ delayMs: 200, jitterMs: 0 })
    for (let i = 0; i < 40; i++) link.send(new Uint8Array(100_000))
    const startMs = world.queue.nowMs
    expect(await world.until(link.drain({ code: 0 }, 700))).toBe(false)
    expect(world.queue.nowMs - startMs).toBeLessThan(720)
  })

  it('that somebody else is in more of a hurry with keeps to the shorter bound', async () => {
    const world = new World(79, { delayMs: 50 })
    const { link } = await world.connected()
    const session = link as Session
    session.send(new Uint8Array(120_000))
    world.net.setModel({ lossRate: 1 })
    const startMs = world.queue.nowMs
    void session.drain('later')
    await world.until(session.drain('now', 400))
    expect(world.queue.nowMs - startMs).toBeLessThan(600)
  })

  it('is over with a peer that has died, when its silence is', async () => {
    const { world, alice, bob, link } = await sessions(88)
    bob.socket.close()
    link.send(utf8('into the void'))
    expect(await world.until(link.drain({ code: 0 }))).toBe(false)
    expect(alice.story[1]).toMatch(/^down: /)
    const before = world.queue.processed
    await world.run(60_000)
    expect(world.queue.processed - before).toBeLessThan(50) // the beat of both, nothing else
  })

  it('lets a new call wait for it', async () => {
    const { world, alice, bob, link } = await sessions(89)
    link.send(new Uint8Array(100_000))
    void link.drain({ code: 0 })
    const again = await world.until(alice.endpoint.dial(targetOf(bob)))
    expect(again).not.toBe(link)
    expect(link.end!.undeliveredBytes).toBe(0)
    expect(alice.story).toEqual(['up', 'down: code 0', 'up'])
  })
})

describe('a node that stops', () => {
  it('lets what it said last arrive, on a path that loses a third', async () => {
    const { world, alice, bob, link } = await sessions(90)
    world.net.setModel({ delayMs: 20, jitterMs: 0, lossRate: 0.3 })
    for (let i = 0; i < 3; i++) link.send(utf8(`last word ${i}`))
    await world.until(alice.endpoint.stop())
    expect(bob.received.map(text)).toEqual(['last word 0', 'last word 1', 'last word 2'])
  })

  it('waits a second at most for a peer that is gone', async () => {
    const { world, alice, bob, link } = await sessions(91)
    bob.socket.close()
    link.send(utf8('last word'))
    const startMs = world.queue.nowMs
    await world.until(alice.endpoint.stop())
    expect(world.queue.nowMs - startMs).toBeLessThanOrEqual(1_020)
    const before = world.queue.processed
    await bob.endpoint.stop()
    await world.run(60_000)
    expect(world.queue.processed - before).toBeLessThan(3)
  })

  it('takes no calls meanwhile', async () => {
    const { world, alice, bob, link } = await sessions(92)
    link.send(new Uint8Array(100_000))
    const stopped = alice.endpoint.stop()
    const carol = world.peer('10.0.0.3')
    const call = carol.endpoint.dial(targetOf(alice))
    await world.until(stopped)
    await expect(world.until(call)).rejects.toMatchObject({ code: 'unreachable' })
    expect(bob.received).toHaveLength(1)
  })
})

describe('a closed session', () => {
  it('answers late packets with its close, once in 100 ms', async () => {
    const peer = await OpenPeer.linked(93)
    peer.session.close({ code: 5 })
    const closes = () =>
      peer.heard.filter(({ frames }) => frames.some(({ type }) => type === 'application-close'))
    for (let i = 0; i < 50; i++) {
      peer.say([{ type: 'ping' }])
      await peer.world.run(10)
    }
    expect(closes().length).toBeGreaterThanOrEqual(5)
    expect(closes().length).toBeLessThanOrEqual(7)
  })

  it('of which the peer has heard answers nothing', async () => {
    const peer = await OpenPeer.linked(94)
    peer.say([{ type: 'application-close', code: 5, reason: '' }])
    const before = peer.heard.length
    for (let i = 0; i < 5; i++) peer.say([{ type: 'ping' }])
    await peer.world.run(1_000)
    expect(peer.heard).toHaveLength(before)
    expect(peer.session.end).toMatchObject({ by: 'peer', code: 5, isApplication: true })
  })
})
