import { expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { EMPTY } from '../../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { Membership } from '../../../main/overlay/routing/membership.ts'
import { NextHopRecords } from '../../../main/overlay/unicast/next-hop-records.ts'
import { Router } from '../../../main/overlay/routing/router.ts'
import { type Link, type Links } from '../../../main/overlay/transport/links.ts'
import { APPLICATION } from '../../../main/overlay/wire/message-types.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const network = networkOf(hostCrypto, 'simulated', 0)
const random = new SeededRandom(961)

/** A router with one neighbour, whose link is the one last opened; each notes what it sends and how that ends. */
function stage() {
  const [self, peer] = [0, 1].map((number) => {
    const seeds = { node: random.bytes(32), noise: random.bytes(32) }
    const identity = new Identity(hostCrypto, network, seeds)
    return identity.selfRecord([{ host: `10.0.0.${number}`, port: 4000 }])
  })
  const clock = new VirtualClock(new EventQueue())
  const log = { log: () => undefined }
  const drops = new DropCounts()
  const around = { clock, random, crypto: hostCrypto, log, network, drops, timers: new TimerGroup(clock) }
  let current: Link | undefined
  const links = {
    self: peer && self,
    get: () => current,
    all: () => (current ? [current] : []),
    on: () => undefined,
  } as unknown as Links
  const membership = new Membership(around, links)
  const router = new Router(around, membership, new NextHopRecords(clock, { origins: 8, lifeMs: 1000 }), 8)
  const open = (): ((delivered: boolean) => void)[] => {
    const ends: ((delivered: boolean) => void)[] = []
    const send: Link['send'] = (_message, acked) => void ends.push(acked!)
    const traffic = { receivedPackets: 0 }
    current = {
      peer: peer!,
      isOpen: true,
      rttMs: 20,
      traffic,
      send,
      probe: () => undefined,
    } as unknown as Link
    membership.linkUp(current)
    return ends
  }
  const ask = (): void =>
    void router
      .request(peer!.id, APPLICATION.ping, EMPTY, { timeoutMs: 5000, isOnce: true })
      .catch(() => undefined)
  return { open, ask, drops }
}

it('a hop whose link was replaced goes over the new link, and the node does not count as silent', () => {
  const { open, ask, drops } = stage()
  const first = open()
  ask()
  const second = open()
  first[0]!(false)
  expect(second).toHaveLength(1)
  second[0]!(true)
  expect(drops.snapshot()).toEqual({})
})

it('once: where that link goes as well, another way is looked for', () => {
  const { open, ask, drops } = stage()
  const first = open()
  ask()
  const second = open()
  first[0]!(false)
  const third = open()
  second[0]!(false)
  expect(third).toHaveLength(0)
  expect(drops.snapshot()).toEqual({ 'hop: link down': 1 })
})
