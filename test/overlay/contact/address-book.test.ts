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

it('is not put again and again where nobody has room for it, and once more when there is', async () => {
  const world = new ModelledWorld({ seed: 422, node: { replicaQuotaBytes: 0 } })
  const nodes = await world.grow(8)
  await world.run(60_000)
  const refused = (): number => sum(nodes.map(({ node }) => node.status().dropped['put: quota'] ?? 0))
  const before = refused()
  expect(before).toBeGreaterThan(0)
  await world.run(900_000)
  expect(refused() - before).toBeLessThan(8 * 2 * 6)
  for (const { node } of nodes) node.setReplicaQuota(2 ** 20)
  await world.run(720_000)
  const key = signedKey(hostCrypto, nodes[3]!.identity.id, utf8('address'))
  expect(await world.finish(nodes[5]!.node.get(key))).toBeDefined()
})

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
