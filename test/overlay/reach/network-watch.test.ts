import { expect, it } from 'vitest'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { watchNetwork } from '../../../main/overlay/reach/network-watch.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

it('another network is noticed within seconds, the same addresses in another order are not', async () => {
  const queue = new EventQueue()
  const at = (...hosts: string[]): Address[] => hosts.map((host) => ({ host, port: 4700 }))
  let addresses = at('192.168.1.7', '10.0.0.7')
  let changes = 0
  const watch = watchNetwork(
    new VirtualClock(queue),
    () => addresses,
    () => changes++,
  )
  addresses = at('10.0.0.7', '192.168.1.7')
  await queue.runUntil(60_000)
  expect(changes).toBe(0)
  addresses = at('172.16.0.7')
  await queue.runUntil(66_000)
  expect(changes).toBe(1)
  watch.stop()
  addresses = []
  await queue.runUntil(120_000)
  expect(changes).toBe(1)
})
