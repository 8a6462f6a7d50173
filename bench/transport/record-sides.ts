// Records put into a network of nodes in one process, and read again, one at a time, each from a random node; and what the
// process has grown by for each node, databases and all.

import { setTimeout as sleep } from 'node:timers/promises'
import { hostCrypto } from '../../main/host/crypto.ts'
import { type DhtRecord } from '../../main/overlay/api.ts'
import { recordKey } from '../../main/overlay/wire/dht-record.ts'
import { startCrowd } from '../../test/drive/node-crowd.ts'
import { scratchFolder } from '../../test/drive/scratch-folder.ts'
import { hyperNetwork } from './hyperdht-stream.ts'
import { type Starter } from './measured-process.ts'

export interface RecordsTask {
  nodes: number
  records: number
}

export interface RecordsResult {
  putMs: number[]
  getMs: number[]
  bytesPerNode: number
}

/** One node of a network: puts a value and gives its key, and reads a key. */
interface Keeper {
  put(value: Uint8Array<ArrayBuffer>): Promise<string>
  get(key: string): Promise<Uint8Array | undefined>
}

const VALUE_BYTES = 200
const DAY_MS = 86_400_000
/** The joins are over. */
const SETTLE_MS = 5000
/** Put and read before anything is counted: code is compiled, sockets are warm. */
const WARM_UP = 50

export async function banyanRecords(task: RecordsTask, starter: Starter): Promise<void> {
  const scratch = scratchFolder('bench-records')
  process.once('exit', () => scratch.remove())
  const before = await residentBytes()
  const crowd = await startCrowd(scratch.at('crowd'), task.nodes)
  const keepers = crowd.nodes.map(({ node }): Keeper => {
    return {
      put: async (value) => {
        const record: DhtRecord = { kind: 'immutable', value, expiresAtMs: Date.now() + DAY_MS }
        await node.put(record)
        return recordKey(hostCrypto, record)
      },
      get: async (key) => (await node.get(key as Parameters<typeof node.get>[0]))?.value,
    }
  })
  starter.post(await measure(keepers, task, before))
}

export async function hyperdhtRecords(task: RecordsTask, starter: Starter): Promise<void> {
  const before = await residentBytes()
  const { nodes } = await hyperNetwork(task.nodes)
  const keepers = nodes.map((node): Keeper => ({
    put: async (value) => Buffer.from((await node.immutablePut(Buffer.from(value))).hash).toString('hex'),
    get: async (key) => (await node.immutableGet(Buffer.from(key, 'hex')))?.value,
  }))
  starter.post(await measure(keepers, task, before))
}

async function measure(keepers: Keeper[], task: RecordsTask, before: number): Promise<RecordsResult> {
  await sleep(SETTLE_MS)
  const bytesPerNode = ((await residentBytes()) - before) / task.nodes
  const result: RecordsResult = { putMs: [], getMs: [], bytesPerNode }
  const random = (): Keeper => keepers[Math.floor(Math.random() * keepers.length)]!
  for (let n = 0; n < WARM_UP + task.records; n++) {
    const value = new Uint8Array(VALUE_BYTES)
    value.set(hostCrypto.hash(new TextEncoder().encode(`${Math.random()} ${n}`)))
    const [startedMs, key] = [performance.now(), await random().put(value)]
    const putMs = performance.now() - startedMs
    const readMs = performance.now()
    const found = await random().get(key)
    const getMs = performance.now() - readMs
    if (!found || found[0] !== value[0]) throw new Error('a record was not found')
    if (n < WARM_UP) continue
    result.putMs.push(putMs)
    result.getMs.push(getMs)
  }
  return result
}

/** After a collection, where the process was started with --expose-gc. */
async function residentBytes(): Promise<number> {
  await sleep(100)
  ;(globalThis as { gc?: () => void }).gc?.()
  return process.memoryUsage().rss
}
