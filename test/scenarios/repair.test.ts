import { expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'
import { type Id, compareDistance } from '../../main/overlay/base/id.ts'
import { REPLICAS_PER_ROOT } from '../../main/overlay/dht/replication.ts'
import { rootKeys } from '../../main/overlay/dht/replica-store.ts'
import { recordKey } from '../../main/overlay/wire/dht-record.ts'
import { type Inhabitant, ModelledWorld } from '../../simulator/links/modelled-world.ts'

function lacking(world: ModelledWorld, keys: Id[]): number {
  let n = 0
  for (const key of keys) for (const root of rootKeys({ crypto }, key)) {
    const closest = [...world.alive].sort((a, b) => compareDistance(root, a.identity.id, b.identity.id)).slice(0, REPLICAS_PER_ROOT)
    n += closest.filter(({ node }) => !node.holds(key)).length
  }
  return n
}

it('repair times', async () => {
  const results: string[] = []
  for (let seed = 1; seed <= 60; seed++) {
    const world = new ModelledWorld({ seed })
    await world.grow(20)
    await world.run(15_000)
    const keys: Id[] = []
    for (let i = 0; i < 100; i++) {
      const record = { kind: 'immutable' as const, value: utf8(`r ${i}`), expiresAtMs: world.clock.wallMs() + 86_400_000 }
      keys.push(recordKey(crypto, record))
      void world.alive[i % 20]!.node.put(record).catch(() => undefined)
    }
    await world.run(5000)
    const line: string[] = [String(lacking(world, keys))]
    for (let round = 0; round < 2; round++) {
      const ring = [...world.alive].sort((a, b) => a.identity.id < b.identity.id ? -1 : 1)
      const at = world.random.below(ring.length)
      const victims: Inhabitant[] = seed % 2 ? [...ring, ...ring].slice(at, at + 6) : world.sample(world.alive, 6)
      world.kill(victims)
      const lost = keys.filter((key) => !world.alive.some(({ node }) => node.holds(key))).length
      const start = world.queue.nowMs
      const left = keys.filter((key) => world.alive.some(({ node }) => node.holds(key)))
      while (lacking(world, left) > 0 && world.queue.nowMs < start + 200_000) await world.run(500)
      line.push(`${(world.queue.nowMs - start) / 1000}s lost ${lost} lacking ${lacking(world, left)}`)
    }
    results.push(`${seed} ${seed % 2 ? 'contig' : 'random'} ${line.join(' | ')}`)
  }
  console.log(results.join('\n'))
}, 600_000)
