import { expect, it } from 'vitest'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { SharedValues, WorldStore } from '../../../simulator/world/world-store.ts'

const KEY = utf8('overlay/replica/record/one')

it('keeps one value for all who have the same, and each what it wrote', async () => {
  const shared = new SharedValues()
  const [first, second] = [new WorldStore(shared), new WorldStore(shared)]
  for (const store of [first, second]) await store.write([{ type: 'put', key: KEY, value: utf8('old') }])
  expect(await second.get(KEY)).toBe(await first.get(KEY))
  await second.write([{ type: 'put', key: KEY, value: utf8('new') }])
  expect([await first.get(KEY), await second.get(KEY)]).toEqual([utf8('old'), utf8('new')])
  await first.write([{ type: 'del', key: KEY }])
  expect([await first.get(KEY), await second.get(KEY)]).toEqual([undefined, utf8('new')])
})

it('does not keep what only a restart would read', async () => {
  const store = new WorldStore(new SharedValues())
  await store.write([{ type: 'put', key: utf8('overlay/peers'), value: utf8('all of them') }])
  expect(await store.get(utf8('overlay/peers'))).toBeUndefined()
})
