// Peers that want others to send to a third party, or to work for nothing.

import { beforeEach, describe, expect, it } from 'vitest'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { encodeKnock, encodeObserve, PACKET_KNOCK } from '../../../main/overlay/wire/packet-reach.ts'
import {
  encodeKnockAsk,
  encodeKnockDone,
  encodeKnockOrder,
  encodeKnockToken,
} from '../../../main/overlay/wire/reach-messages.ts'
import { type ReachHost, ReachStage } from '../../../simulator/packets/reach-stage.ts'

const VICTIM: Address = { host: '198.19.200.1', port: 80 }
const NOBODY = 'cd'.repeat(32) as NodeId

const nonceOf = (number: number): string => number.toString(16).padStart(16, '0')

let stage: ReachStage
let helper: ReachHost
let mallory: ReachHost
/** Bytes that reached the victim's address, and knocks sent anywhere, by address. */
let victimBytes = 0
let knockedAt: string[] = []

beforeEach(async () => {
  stage = new ReachStage(11)
  helper = stage.host('198.18.1.1')
  mallory = stage.host('198.18.66.6', stage.net, { hasReach: false })
  for (const stranger of stage.publicHosts(19, 3)) await stage.connect(helper, stranger)
  await stage.connect(mallory, helper)
  victimBytes = 0
  knockedAt = []
  stage.net.tap((datagram, _from, to) => {
    if (to.host === VICTIM.host) victimBytes += datagram.length
    if (datagram[0] === PACKET_KNOCK) knockedAt.push(to.host)
  })
})

describe('a peer that wants a third party to be knocked at', () => {
  it('with tokens that are forged, or another’s: counted, nothing sent', async () => {
    for (let i = 0; i < 100; i++) {
      const token = new Uint8Array(32).fill(i)
      const request = { nonce: nonceOf(i), askedNonce: nonceOf(i), token, address: VICTIM }
      mallory.say(helper, encodeKnockToken(request))
    }
    await stage.run(5_000)
    expect([victimBytes, knockedAt]).toEqual([0, []])
    expect(helper.drops.snapshot()).toEqual({ 'knock refused: bad-token': 100 })
  })

  it('with an address in the question: counted, nothing sent', async () => {
    const ask = encodeKnockAsk({ nonce: nonceOf(1), who: 'stranger' })
    mallory.say(helper, Uint8Array.of(...ask, 4, 198, 19, 200, 1, 0, 80))
    await stage.run(5_000)
    expect([victimBytes, knockedAt]).toEqual([0, []])
    expect(helper.drops.snapshot()).toEqual({ 'message 22: malformed': 1 })
  })

  it('by orders: sixteen knocks at once and one in two seconds, fewer bytes than it sends itself', async () => {
    const before = mallory.socket.traffic.sentBytes
    for (let i = 0; i < 1_000; i++)
      mallory.say(helper, encodeKnockOrder({ nonce: nonceOf(i), asker: NOBODY, address: VICTIM }))
    await stage.run(10_000)
    expect(knockedAt.length).toBeLessThanOrEqual(21)
    expect(victimBytes).toBe(9 * knockedAt.length)
    expect(victimBytes).toBeLessThan((mallory.socket.traffic.sentBytes - before) / 100)
    expect(helper.drops.snapshot()['knock refused: limit']).toBe(1_000 - knockedAt.length)
  })

  it('by orders for many hosts: thirty at once and one a second', async () => {
    for (let i = 0; i < 1_000; i++) {
      const address = { host: `198.19.${100 + (i >> 8)}.${i & 255}`, port: 80 }
      mallory.say(helper, encodeKnockOrder({ nonce: nonceOf(i), asker: NOBODY, address }))
    }
    await stage.run(10_000)
    expect(knockedAt.length).toBeLessThanOrEqual(40)
    expect(helper.drops.snapshot()['knock refused: limit']).toBeGreaterThanOrEqual(960)
  })

  it.each(['192.168.1.1', '127.0.0.1', '100::7', '224.0.0.1', 'fe80::1'])(
    'by an order for %s: counted, nothing sent',
    async (host) => {
      const order = { nonce: nonceOf(1), asker: NOBODY, address: { host, port: 80 } }
      mallory.say(helper, encodeKnockOrder(order))
      await stage.run(1_000)
      expect(knockedAt).toEqual([])
      expect(helper.drops.snapshot()).toEqual({ 'knock refused: cannot': 1 })
    },
  )

  it('by questions from a forged address: answered with no more than was asked, for forty in ten seconds', async () => {
    const { local } = helper.socket
    for (let i = 0; i < 1_000; i++) stage.net.send(encodeObserve(nonceOf(i)), VICTIM, local)
    await stage.run(1_000)
    expect(victimBytes).toBeLessThanOrEqual(45 * 60)
    expect(helper.drops.snapshot()['reach packet: over the limit']).toBeGreaterThanOrEqual(955)
  })
})

describe('a peer that asks too often', () => {
  it('is knocked at where it is, twelve times at once and four in a minute', async () => {
    for (let i = 0; i < 1_000; i++)
      mallory.say(helper, encodeKnockAsk({ nonce: nonceOf(i), who: i % 2 ? 'stranger' : 'other-port' }))
    await stage.run(10_000)
    expect(knockedAt.length).toBeGreaterThan(0)
    expect(knockedAt.length).toBeLessThanOrEqual(13)
    expect(new Set(knockedAt)).toEqual(new Set([mallory.socket.local.host]))
    const refused = helper.drops.snapshot()
    expect(refused['knock refused: limit']).toBeGreaterThanOrEqual(980)
  })
})

describe('answers and knocks that nobody asked for', () => {
  it('are counted', async () => {
    mallory.say(helper, encodeKnockDone({ nonce: nonceOf(1), status: 'knocked' }))
    mallory.socket.send(encodeKnock(nonceOf(2)), helper.socket.local)
    mallory.socket.send(Uint8Array.of(8, 1, 2, 3), helper.socket.local)
    await stage.run(1_000)
    expect(helper.drops.snapshot()).toEqual({
      'knock refused: answer to no order': 1,
      'reach packet: knock that nobody waits for': 1,
      'reach packet: malformed': 1,
    })
  })

  it('from others than were asked do not pass for them', async () => {
    const asker = stage.host('198.18.7.7')
    for (const peer of stage.publicHosts(20, 2)) await stage.connect(asker, peer)
    const nonces: { nonce: Uint8Array; asker: Address }[] = []
    stage.net.tap((datagram, from) => {
      if (datagram[0] === 7) nonces.push({ nonce: datagram.slice(1, 9), asker: from })
    })
    await asker.reachability!.start()
    await stage.run(505)
    expect(nonces.length).toBe(2)
    // Somebody on the way has read the nonces, and answers from his own address.
    for (const { nonce, asker: to } of nonces)
      mallory.socket.send(Uint8Array.of(8, ...nonce, 4, 198, 19, 6, 6, 0, 1, ...new Uint8Array(32)), to)
    await stage.run(10_000)
    expect(asker.drops.snapshot()['reach packet: answer to no question']).toBe(2)
    expect(asker.reachability!.findings('ipv4')!.reflexive).toEqual(asker.socket.local)
  })
})
