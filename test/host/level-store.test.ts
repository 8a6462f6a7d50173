import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LevelStore, openDatabase, storeError } from '../../main/host/level-store.ts'
import { fromUtf8, utf8 } from '../../main/overlay/base/bytes.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'banyan-store-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

const FULL = { code: 'LEVEL_IO_ERROR', message: 'IO error: 000003.log: No space left on device' }
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

  it('opens the database anew after a write that failed, and goes on with all that was there', async () => {
    let opened = 0
    let failures = 0
    const store = await LevelStore.open(folder, async (at) => {
      const database = await openDatabase(at)
      opened++
      const batch = database.batch.bind(database) as (...given: unknown[]) => Promise<void>
      const flaky = (...given: unknown[]) => (failures-- > 0 ? Promise.reject(FULL) : batch(...given))
      return Object.assign(database, { batch: flaky })
    })
    await store.write([put('before')], { sync: true })
    failures = 1
    await expect(store.write([put('lost')], { sync: true })).rejects.toMatchObject({ code: 'store-full' })
    expect([opened, await store.get(utf8('before'))]).toEqual([1, utf8('before')])
    await Promise.all([store.write([put('after')]), store.write([put('beside')], { sync: true })])
    expect(opened).toBe(2)
    await store.write([put('later')], { sync: true })
    expect(opened).toBe(2)
    await store.close()
    const again = await LevelStore.open(folder)
    const kept = (await again.range({ from: utf8('a'), to: utf8('z') })).map(({ key }) => fromUtf8(key))
    expect(kept).toEqual(['after', 'before', 'beside', 'later'])
    await again.close()
  })

  it('refuses to write while it cannot be opened anew, and says why', async () => {
    let isBroken = false
    const store = await LevelStore.open(folder, async (at) => {
      if (isBroken) throw storeError({ code: 'EACCES', message: 'EACCES: permission denied' }, at)
      const database = await openDatabase(at)
      return Object.assign(database, { batch: () => Promise.reject(FULL) })
    })
    await expect(store.write([put('a')])).rejects.toMatchObject({ code: 'store-full' })
    isBroken = true
    for (let i = 0; i < 2; i++)
      await expect(store.write([put('a')])).rejects.toMatchObject({ code: 'store-failed' })
    await store.close()
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
    [{ code: 'LEVEL_IO_ERROR', message: 'IO error: LOCK: Permission denied' }, 'store-failed'],
    [{ code: 'EMFILE', message: 'EMFILE: too many open files' }, 'store-failed'],
    [{ code: 'ENOSPC', message: 'ENOSPC: no space left on device, write' }, 'store-full'],
    [{ code: 'EDQUOT', message: 'EDQUOT: disk quota exceeded, write' }, 'store-full'],
  ])('says %j as %s', (error, code) => expect(storeError(error, 'x').code).toBe(code))
})
