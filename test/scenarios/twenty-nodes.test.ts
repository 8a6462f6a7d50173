// 20 real nodes in one process, each with its own UDP socket and LevelDB: all records are put and found; six nodes are
// killed, and after repair six more; every record is still found; and who restarts still has its replicas.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'
import { type Id, compareDistance } from '../../main/overlay/base/id.ts'
import { rootKeys } from '../../main/overlay/dht/replica-store.ts'
import { immutableKey } from '../../main/overlay/wire/dht-record.ts'
import { type LocalNode } from '../drive/local-node.ts'
import { eventually, startCrowd } from '../drive/node-crowd.ts'
import { scratchFolder } from '../drive/scratch-folder.ts'

const NODES = 20
const RECORDS = 100
const KILLED = 6
/** repair.test.ts tells the same story with many seeds and a limit of 20 s; this machine may be busy besides. */
const REPAIR_LIMIT_MS = 30_000
const REPLICAS_PER_ROOT = 4

describe('twenty nodes', () => {
  let scratch: ReturnType<typeof scratchFolder>
  beforeEach(() => {
    scratch = scratchFolder('twenty')
  })
  afterEach(() => scratch.remove())

  it.each(['anywhere', 'in a row'])(
    'keep every record when six die %s, and six more',
    async (where) => {
      const crowd = await startCrowd(scratch.path, NODES)
      let alive = where === 'anywhere' ? crowd.nodes : byRing(crowd.nodes)
      const keys = await putAll(alive)
      await findAll(alive, keys)

      for (let round = 1; round <= 2; round++) {
        const dead = alive.slice(-KILLED)
        alive = alive.slice(0, -KILLED)
        await Promise.all(dead.map((node) => node.vanish()))
        await eventually(
          () => keys.every((key) => isWhole(alive, key)),
          REPAIR_LIMIT_MS,
          `no repair after death ${round}`,
        )
        await findAll(alive, keys)
      }

      const [first, second, ...rest] = alive
      const held = keys.filter((key) => second!.node.holds(key))
      expect(held.length).toBeGreaterThan(0)
      await second!.stop()
      const restarted = await second!.restart([first!.target])
      expect(held.filter((key) => restarted.node.holds(key))).toEqual(held)
      await Promise.all([first!, restarted, ...rest].map((node) => node.stop()))
    },
    150_000,
  )
})

function byRing(nodes: LocalNode[]): LocalNode[] {
  return [...nodes].sort((a, b) => (a.node.self.id < b.node.self.id ? -1 : 1))
}

async function putAll(nodes: LocalNode[]): Promise<Id[]> {
  const expiresAtMs = Date.now() + 3_600_000
  const puts = Array.from({ length: RECORDS }, async (_, n) => {
    const value = utf8(`record ${n}`)
    const stored = await nodes[n % nodes.length]!.node.put({ kind: 'immutable', value, expiresAtMs })
    expect(stored).toBeGreaterThanOrEqual(REPLICAS_PER_ROOT)
    return immutableKey(crypto, value)
  })
  return Promise.all(puts)
}

async function findAll(nodes: LocalNode[], keys: Id[]): Promise<void> {
  const found = await Promise.all(keys.map((key, n) => nodes[(7 * n + 3) % nodes.length]!.node.get(key)))
  expect(found.filter((record) => record === undefined)).toHaveLength(0)
}

/** At each of its two roots, the record is with the nodes that are closest of all that live. */
function isWhole(nodes: LocalNode[], key: Id): boolean {
  return rootKeys({ crypto }, key).every((root) =>
    [...nodes]
      .sort((a, b) => compareDistance(root, a.node.self.id, b.node.self.id))
      .slice(0, REPLICAS_PER_ROOT)
      .every(({ node }) => node.holds(key)),
  )
}
