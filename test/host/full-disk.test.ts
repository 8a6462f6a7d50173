import { describe, expect, it } from 'vitest'
import { LevelStore } from '../../main/host/level-store.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'
import { smallDisk, whyNoSmallDisk } from '../drive/small-disk.ts'

const MIB = 1024 * 1024
const obstacle = whyNoSmallDisk()
if (obstacle !== '') console.log(`the stories of the full disk are not told here: ${obstacle}`)

const value = (n: number) => new Uint8Array(64 * 1024).fill(n)
const key = (n: number) => utf8(`key ${String(n).padStart(4, '0')}`)

describe.runIf(obstacle === '')('a database on a disk that fills up', () => {
  it('says so, goes on reading, writes again when there is room, and loses nothing it has accepted', async () => {
    const disk = smallDisk(48)
    try {
      const store = await LevelStore.open(disk.at('db'))
      const accepted: number[] = []
      const write = async (n: number) => {
        await store.write([{ type: 'put', key: key(n), value: value(n) }], { sync: true })
        accepted.push(n)
      }
      await write(0)
      disk.fill(MIB / 2)
      await expect(writeUntilItFails(write)).resolves.toMatchObject({ code: 'store-full' })
      // Room for the write, none for opening the database anew: refused still, so that nothing is lost behind it.
      disk.free()
      disk.fill(2 * MIB)
      await expect(write(900)).rejects.toMatchObject({ code: 'store-full' })
      expect(await store.get(key(0))).toEqual(value(0))
      disk.free()
      await write(901)
      await store.close()
      const again = await LevelStore.open(disk.at('db'))
      for (const n of accepted) expect(await again.get(key(n)), `value ${n}`).toEqual(value(n))
      expect(await again.get(key(900))).toBeUndefined()
      await again.close()
    } finally {
      disk.remove()
    }
  })
})

async function writeUntilItFails(write: (n: number) => Promise<void>): Promise<unknown> {
  for (let n = 1; n < 200; n++) {
    const failure = await write(n).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure !== undefined) return failure
  }
  return 'the disk never filled up'
}
