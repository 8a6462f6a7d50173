// What neighbours tell each other of newcomers: named by all, brought by one.

import { expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { type LinkEvents } from '../../../main/overlay/transport/links.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { decodeLeafState } from '../../../main/overlay/wire/leaf-messages.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { type Inhabitant, ModelledWorld, targetOf } from '../../../simulator/links/modelled-world.ts'
import { wrongLeafSets } from './ring-checks.ts'

const NEWCOMERS = 8
/** Ring neighbours of a newcomer. */
const LEAVES = 16

function recordsBrought(to: readonly Inhabitant[]): PeerRecord[] {
  const brought: PeerRecord[] = []
  for (const { links } of to) {
    const events = links as unknown as { arrived: LinkEvents['message'] }
    const arrived = events.arrived.bind(links)
    events.arrived = (link, message) => {
      if (message[0] === MESSAGE.leafState) {
        const reader = new Reader(message)
        reader.u8()
        brought.push(...decodeLeafState(reader, crypto))
      }
      arrived(link, message)
    }
  }
  return brought
}

it('a record comes to a neighbour that has it about once, whoever else could bring it', async () => {
  const world = new ModelledWorld({ seed: 131 })
  await world.grow(40)
  await world.run(20_000)
  const newcomers = Array.from({ length: NEWCOMERS }, () => world.add())
  const brought = recordsBrought(world.inhabitants)
  for (const { node } of newcomers) {
    node.addPeers([targetOf(world.inhabitants[0]!)])
    await node.start()
  }
  await world.run(30_000)
  expect(wrongLeafSets(world)).toEqual([])
  expect(brought.length).toBeGreaterThan(0)
  expect(brought.length).toBeLessThan(1.5 * NEWCOMERS * LEAVES)
})
