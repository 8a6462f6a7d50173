import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { recordKey, signRecord } from '../../../main/overlay/wire/dht-record.ts'
import { ModelledWorld } from '../../../simulator/links/modelled-world.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

function note(world: ModelledWorld, text: string): DhtRecord {
  return { kind: 'immutable', value: utf8(text), expiresAtMs: world.clock.wallMs() + DAY_MS }
}

describe('records in a network of 20 (seed 201)', () => {
  it('are all found after six nodes died, and six more after the repair; a restarted node still has its own', async () => {
    const world = new ModelledWorld({ seed: 201 })
    await world.grow(20)
    await world.run(15_000)
    const records = Array.from({ length: 200 }, (_, i) => note(world, `record ${i}`))
    for (const [i, record] of records.entries())
      expect(await world.finish(world.alive[i % 20]!.node.put(record))).toBeGreaterThanOrEqual(4)
    const keys = records.map((record) => recordKey(crypto, record))

    for (let round = 0; round < 2; round++) {
      world.kill(world.sample(world.alive, 6))
      await world.run(90_000)
      for (const [i, key] of keys.entries())
        expect(await world.finish(world.alive[i % world.alive.length]!.node.get(key))).toEqual(records[i])
    }

    const former = world.alive[0]!
    const held = keys.filter((key) => former.node.holds(key))
    expect(held.length).toBeGreaterThan(0)
    await world.finish(former.node.stop())
    const again = world.restart(former)
    await again.node.start()
    expect(held.every((key) => again.node.holds(key))).toBe(true)
    await world.run(10_000)
    expect(again.node.status().stage).toBe('joined') // by the peers it remembered
    expect(world.errors).toEqual([])
  }, 60_000)

  it('of one key: the higher sequence wins, the forged and the expired are refused', async () => {
    const world = new ModelledWorld({ seed: 202 })
    await world.grow(10)
    await world.run(10_000)
    const pair = crypto.signingKeyPair(new Uint8Array(32).fill(7))
    const version = (sequence: number, text: string) => {
      const expiresAtMs = world.clock.wallMs() + HOUR_MS
      return signRecord(crypto, pair, { salt: utf8('profile'), sequence, value: utf8(text), expiresAtMs })
    }
    const [a, b] = [world.alive[1]!.node, world.alive[8]!.node]
    await world.finish(a.put(version(1, 'first')))
    await world.finish(b.put(version(2, 'second')))
    await expect(world.finish(a.put(version(1, 'late')))).rejects.toMatchObject({ code: 'refused' })
    const key = recordKey(crypto, version(1, ''))
    expect(await world.finish(world.alive[4]!.node.get(key))).toMatchObject({
      sequence: 2,
      value: utf8('second'),
    })

    const forged = { ...version(3, 'third'), value: utf8('other') }
    await expect(world.finish(a.put(forged))).rejects.toMatchObject({ code: 'bad-signature' })
    const old = { ...note(world, 'old'), expiresAtMs: world.clock.wallMs() - 1 }
    await expect(world.finish(a.put(old))).rejects.toMatchObject({ code: 'expired' })
    const endless = { ...note(world, 'endless'), expiresAtMs: world.clock.wallMs() + 40 * DAY_MS }
    await expect(world.finish(a.put(endless))).rejects.toMatchObject({ code: 'expired' })
    const large: DhtRecord = { ...note(world, ''), kind: 'immutable', value: new Uint8Array(16 * 1024 + 1) }
    await expect(world.finish(a.put(large))).rejects.toMatchObject({ code: 'too-large' })
    await world.run(HOUR_MS + 70_000)
    expect(await world.finish(b.get(key))).toBeUndefined()
    expect(world.alive.every(({ node }) => !node.holds(key))).toBe(true)
  }, 60_000)

  it('put by a node that is alone are kept by it, and spread when others come', async () => {
    const world = new ModelledWorld({ seed: 203 })
    await world.grow(1)
    const record = note(world, 'alone')
    const key = recordKey(crypto, record)
    expect(await world.finish(world.alive[0]!.node.put(record))).toBe(1)
    await world.grow(1)
    await world.run(5000)
    expect(world.alive[1]!.node.holds(key)).toBe(true)
    expect(await world.finish(world.alive[1]!.node.put(note(world, 'two')))).toBe(2)
    world.kill([world.alive[0]!])
    await world.run(40_000)
    expect(await world.finish(world.alive[0]!.node.get(key))).toEqual(record)
    expect(
      await world.finish(world.alive[0]!.node.get(recordKey(crypto, note(world, 'none')))),
    ).toBeUndefined()
  })

  it('beyond the quota are refused and counted', async () => {
    const world = new ModelledWorld({ seed: 204, node: { replicaQuotaBytes: 2000 } })
    await world.grow(1)
    const { node } = world.alive[0]!
    const large = (fill: number): DhtRecord => ({
      ...note(world, ''),
      kind: 'immutable',
      value: new Uint8Array(1500).fill(fill),
    })
    expect(await world.finish(node.put(large(1)))).toBe(1)
    await expect(world.finish(node.put(large(2)))).rejects.toMatchObject({ code: 'quota' })
    expect(node.status().dropped['put: quota']).toBeGreaterThan(0)
    expect(node.status().replicas.count).toBe(1)
    node.setReplicaQuota(4000)
    expect(await world.finish(node.put(large(2)))).toBe(1)
    node.setReplicaQuota(2000)
    await world.run(1000)
    expect(node.status().replicas.count).toBe(1)
    expect(node.status().replicas.bytes).toBeLessThanOrEqual(2000)
  })
})
