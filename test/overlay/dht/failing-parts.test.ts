import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { type DhtRecord } from '../../../main/overlay/api.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { compareDistance } from '../../../main/overlay/base/id.ts'
import { rootKeys } from '../../../main/overlay/dht/replica-store.ts'
import { recordKey, signRecord } from '../../../main/overlay/wire/dht-record.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'

const DAY_MS = 86_400_000

function note(world: ModelledWorld, text: string, lifeMs = DAY_MS): DhtRecord {
  return { kind: 'immutable', value: utf8(text), expiresAtMs: world.clock.wallMs() + lifeMs }
}

function fillDisk({ store }: Inhabitant): void {
  store.write = () => Promise.reject(new BanyanError('store-full', 'the disk is full'))
}

describe('a disk that fails (seeds 211 to 214)', () => {
  it('while expired records are swept: it is counted for each, and they are forgotten when it works again', async () => {
    const world = new ModelledWorld({ seed: 211 })
    const [one] = await world.grow(1)
    const { node, store } = one!
    for (const text of ['a', 'b', 'c']) await world.finish(node.put(note(world, text, 90_000)))
    const write = store.write.bind(store)
    let refused = 0
    // Each sweep's first write fails; those of the other keys go through.
    store.write = (operations) =>
      refused++ === 0 ? Promise.reject(new BanyanError('store-full', 'the disk is full')) : write(operations)
    await world.run(121_000)
    expect(node.status().replicas.count).toBe(1)
    expect(node.status().dropped['sweep: store-full']).toBe(1)
    await world.run(60_000)
    expect(node.status().replicas).toMatchObject({ count: 0, bytes: 0 })
  })

  it('at one of the nodes: puts are kept by the others, and it is not named among the holders', async () => {
    const world = new ModelledWorld({ seed: 212 })
    const nodes = await world.grow(2)
    await world.run(10_000)
    fillDisk(nodes[1]!)
    const { count } = nodes[1]!.node.status().replicas
    for (let i = 0; i < 10; i++)
      expect(await world.finish(nodes[i % 2]!.node.put(note(world, `record ${i}`)))).toBe(1)
    expect(nodes[1]!.node.status().replicas.count).toBe(count)
    fillDisk(nodes[0]!)
    await expect(world.finish(nodes[0]!.node.put(note(world, 'lost')))).rejects.toMatchObject({
      code: 'refused',
    })
  })

  it('when it reads: the record comes from the others', async () => {
    const world = new ModelledWorld({ seed: 213 })
    const nodes = await world.grow(3)
    await world.run(10_000)
    const record = note(world, 'read elsewhere')
    await world.finish(nodes[0]!.node.put(record))
    nodes[1]!.store.get = () => Promise.reject(new BanyanError('store-full', 'the disk is gone'))
    for (const { node } of nodes)
      expect(await world.finish(node.get(recordKey(crypto, record)))).toEqual(record)
  })

  it('for lack of room at one root: the neighbours keep the record', async () => {
    const options = { replicaQuotaBytes: 0 }
    const world = new ModelledWorld({ seed: 214, node: options })
    const [cramped] = await world.grow(1)
    await expect(world.finish(cramped!.node.put(note(world, 'alone')))).rejects.toMatchObject({
      code: 'quota',
    })
    options.replicaQuotaBytes = 1_000_000
    await world.grow(1)
    await world.run(10_000)
    for (let i = 0; i < 10; i++)
      expect(await world.finish(world.alive[i % 2]!.node.put(note(world, `record ${i}`)))).toBe(1)
    expect(cramped!.node.status().dropped['put: quota here, kept by neighbours']).toBeGreaterThan(0)
  })
})

describe('an older record', () => {
  it('is refused where only one of the roots knows of the newer (seed 3)', async () => {
    const world = new ModelledWorld({ seed: 3 })
    const owner = (await world.grow(24))[3]!
    await world.run(60_000)
    const version = (sequence: number): DhtRecord =>
      signRecord(crypto, owner.identity.nodeKey, {
        salt: utf8('s'),
        sequence,
        value: utf8(`version ${sequence}`),
        expiresAtMs: world.clock.wallMs() + DAY_MS,
      })
    await world.finish(owner.node.put(version(9)))
    await world.run(5000)
    const root = rootKeys({ crypto }, recordKey(crypto, version(9)))[1]!
    const holders = world.alive
      .filter((one) => one !== owner)
      .sort((a, b) => compareDistance(root, a.identity.id, b.identity.id))
    world.kill(holders.slice(0, 4))
    await world.run(4500) // found dead, and nobody new has the record yet
    await expect(world.finish(owner.node.put(version(8)))).rejects.toMatchObject({ code: 'refused' })
    expect(await world.finish(owner.node.put(version(10)))).toBeGreaterThanOrEqual(4)
  })
})

describe('a question for an offered record', () => {
  it('that is lost is asked again, long before everything is offered anew (seed 215)', async () => {
    const world = new ModelledWorld({ seed: 215 })
    const [first] = await world.grow(1)
    const record = note(world, 'offered')
    await world.finish(first!.node.put(record))
    await world.run(15_000) // past its youth: while all have just started, nothing is offered
    const [second] = await world.grow(1, 0)
    let lost = 0
    while (!second!.links.get(first!.identity.id)) await world.run(10)
    const link = second!.links.get(first!.identity.id)!
    const send = link.send.bind(link)
    link.send = (message, acked) =>
      message[0] === MESSAGE.replicaWant && lost++ === 0 ? acked?.(false) : send(message, acked)
    await world.run(1500)
    expect([lost, second!.node.holds(recordKey(crypto, record))]).toEqual([1, false])
    await world.run(4000)
    expect(second!.node.holds(recordKey(crypto, record))).toBe(true)
  })
})
