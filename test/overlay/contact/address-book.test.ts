import { expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { signedKey } from '../../../main/overlay/wire/dht-record.ts'
import { ModelledWorld } from '../../../simulator/links/modelled-world.ts'

const DAY_MS = 24 * 3600 * 1000

it('an address is told again within minutes after all computers slept for longer than it lasts', async () => {
  const world = new ModelledWorld({ seed: 421 })
  const nodes = await world.grow(8)
  await world.run(60_000)
  const key = signedKey(hostCrypto, nodes[3]!.identity.id, utf8('address'))
  for (const { clock } of nodes) clock.skewMs += 8 * DAY_MS
  await world.run(120_000)
  expect(await world.finish(nodes[5]!.node.get(key))).toBeDefined()
})
