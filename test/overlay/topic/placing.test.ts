import { expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type Id, type NodeId } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type Routes } from '../../../main/overlay/ports/routes.ts'
import { PlaceList } from '../../../main/overlay/topic/place-list.ts'
import { Placing } from '../../../main/overlay/topic/placing.ts'
import { TopicTree } from '../../../main/overlay/topic/topic-tree.ts'
import { type Links } from '../../../main/overlay/transport/links.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const [TOPIC, PARENT] = ['7', 'a'].map((digit) => digit.repeat(64)) as [Id, NodeId]

it('looks for a better place no more often than now and then, however often the parent’s way gets longer', async () => {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const random = new SeededRandom(1)
  const around = {
    ...{ clock, crypto, random, timers: new TimerGroup(clock), log: { log: () => undefined } },
    ...{ network: networkOf(crypto, 'simulated', 0), drops: new DropCounts() },
  }
  let asked = 0
  const routes = {
    request: () => {
      asked++
      return Promise.reject(new Error('nobody answers'))
    },
  } as unknown as Routes
  const links = { get: () => undefined, all: () => [] } as unknown as Links
  const tree = new TopicTree()
  tree.position = { kind: 'attached', parent: PARENT, ancestors: [PARENT] }
  const trees = new Map([[TOPIC, tree]])
  const placing = new Placing(around, { links, routes, trees, list: new PlaceList(links, random) })
  for (let n = 0; n < 300; n++) {
    placing.worsened(TOPIC)
    await queue.runUntil(queue.nowMs + 2000)
  }
  expect(asked).toBeGreaterThan(10)
  expect(asked).toBeLessThanOrEqual(16 + 20 + 1)
  expect(around.drops.snapshot()['place: worsened too often']).toBeGreaterThan(50)
})
