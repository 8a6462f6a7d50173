import { expect, it } from 'vitest'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { NeighbourLimits } from '../../../main/overlay/dht/neighbour-limits.ts'
import { Peers, type PeerHandler } from '../../../main/overlay/dht/peers.ts'
import { type Application, type Routes } from '../../../main/overlay/ports/routes.ts'
import { type RoutedMessage } from '../../../main/overlay/wire/routed-message.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const [A, B] = ['a', 'b'].map((digit) => digit.repeat(64)) as [NodeId, NodeId]
const [QUESTION, ANSWER, MORE] = [1, 2, 3]

/** Two nodes without a link; `routed` counts the requests between them. */
function pair(handlers: [number, PeerHandler][]) {
  const applications = new Map<NodeId, Application>()
  const routed: number[] = []
  const drops = new DropCounts()
  const on = (self: NodeId, said: [number, PeerHandler][]): Peers => {
    const routes: Routes = {
      register: (_application, handler) => void applications.set(self, handler),
      request: async (key, application, payload) => {
        routed.push(payload[0]!)
        const message = { payload, source: self, key, application } as RoutedMessage
        const answer = await applications.get(key as NodeId)!.deliver(message, self)
        return { responder: key as NodeId, payload: answer, hops: 2 }
      },
    }
    const limits = new NeighbourLimits(new VirtualClock(new EventQueue()))
    return new Peers({ drops }, { get: () => undefined }, routes, limits, new Map(said))
  }
  const heard: number[] = []
  const hear: PeerHandler = (_from, body) => void heard.push(body.u8())
  const a = on(A, [
    [ANSWER, hear],
    [MORE, hear],
  ])
  on(B, handlers)
  return { a, heard, routed, drops }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('answers with the reply that a routed message has anyway, and sends what else there is to say', async () => {
  const { a, heard, routed } = pair([
    [
      QUESTION,
      (from) => {
        from.send(Uint8Array.of(ANSWER, 10))
        from.send(Uint8Array.of(MORE, 20))
      },
    ],
  ])
  const acked: boolean[] = []
  a.to(B).send(Uint8Array.of(QUESTION), (isDelivered) => acked.push(isDelivered))
  await settled()
  expect(acked).toEqual([true])
  expect(heard.sort()).toEqual([10, 20])
  expect(routed).toEqual([QUESTION, MORE])
})

it('waits with the answer for a handler that has to look on its disk', async () => {
  const { a, heard, routed } = pair([
    [
      QUESTION,
      async (from) => {
        await Promise.resolve()
        from.send(Uint8Array.of(ANSWER, 10))
      },
    ],
  ])
  a.to(B).send(Uint8Array.of(QUESTION))
  await settled()
  expect(heard).toEqual([10])
  expect(routed).toEqual([QUESTION])
})

it('counts an answer that does not read as one, and takes the message for delivered', async () => {
  const { a, drops } = pair([[QUESTION, (from) => from.send(Uint8Array.of(ANSWER))]])
  const acked: boolean[] = []
  a.to(B).send(Uint8Array.of(QUESTION), (isDelivered) => acked.push(isDelivered))
  await settled()
  expect(acked).toEqual([true])
  expect(drops.snapshot()).toEqual({ 'replica, answered: malformed': 1 })
})

it('tells that a message was not taken', async () => {
  const { a } = pair([
    [
      QUESTION,
      () => {
        throw new Error('no')
      },
    ],
  ])
  const acked: boolean[] = []
  a.to(B).send(Uint8Array.of(QUESTION), (isDelivered) => acked.push(isDelivered))
  await settled()
  expect(acked).toEqual([false])
})
