import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LevelStore, storeError } from '../../main/host/level-store.ts'
import { fromUtf8, utf8 } from '../../main/overlay/base/bytes.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'banyan-store-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

const put = (key: string, value = key) => ({ type: 'put' as const, key: utf8(key), value: utf8(value) })

describe('the store over LevelDB', () => {
  it('keeps values over a restart, in byte order, from either end', async () => {
    const store = await LevelStore.open(folder)
    await store.write(
      ['b', 'a', 'd', 'c'].map((key) => put(key)),
      { sync: true },
    )
    await store.write([{ type: 'del', key: utf8('d') }])
    await store.close()
    const again = await LevelStore.open(folder)
    const keys = async (options: { limit?: number; reverse?: boolean }) =>
      (await again.range({ from: utf8('a'), to: utf8('c~'), ...options })).map(({ key }) => fromUtf8(key))
    expect(await keys({})).toEqual(['a', 'b', 'c'])
    expect(await keys({ limit: 2, reverse: true })).toEqual(['c', 'b'])
    expect(await again.get(utf8('b'))).toEqual(utf8('b'))
    expect(await again.get(utf8('z'))).toBeUndefined()
    await again.close()
    await expect(again.get(utf8('a'))).rejects.toMatchObject({ code: 'closed' })
  })

  it('is held by one at a time', async () => {
    const store = await LevelStore.open(folder)
    await expect(LevelStore.open(folder)).rejects.toMatchObject({ code: 'store-locked' })
    await store.close()
  })

  it('takes no folder whose beginning is lost for an empty one', async () => {
    const store = await LevelStore.open(folder)
    await store.write([put('a')], { sync: true })
    await store.close()
    const before = await readdir(folder)
    await rm(path.join(folder, 'CURRENT'))
    await expect(LevelStore.open(folder)).rejects.toMatchObject({ code: 'store-damaged' })
    expect(await readdir(folder)).toEqual(before.filter((name) => name !== 'CURRENT'))
  })

  it.each([
    [{ code: 'LEVEL_IO_ERROR', message: 'IO error: 000003.log: No space left on device' }, 'store-full'],
    [{ code: 'LEVEL_LOCKED', message: 'IO error: lock' }, 'store-locked'],
    [{ code: 'LEVEL_CORRUPTION', message: 'Corruption: bad block' }, 'store-damaged'],
    [
      { code: 'LEVEL_DATABASE_NOT_OPEN', message: 'x', cause: { code: 'LEVEL_CORRUPTION', message: 'y' } },
      'store-damaged',
    ],
    [{ code: 'LEVEL_DATABASE_NOT_OPEN', message: 'not open' }, 'closed'],
  ])('says %j as %s', (error, code) => expect(storeError(error, 'x').code).toBe(code))
})
