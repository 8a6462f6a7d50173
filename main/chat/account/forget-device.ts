// The database of one device goes on as another's, because the first one's keys were lost: everything that only those keys
// could use goes. Conversations, contacts and what waits for them stay; what waits is sealed anew.

import { type DeviceRow } from '../conversations/rows.ts'
import { type Transaction } from '../storage/journal.ts'
import { fromJson, toJson } from '../storage/json.ts'
import { DEVICES, OUTBOX, PREKEYS, SESSIONS } from '../storage/keys.ts'

/** Before the tables are loaded. */
export async function forgetDevice(tx: Transaction): Promise<void> {
  for (const { key } of await tx.range(PREKEYS)) tx.del(key)
  const peers = new Set<string>()
  for (const { key } of await tx.range(SESSIONS)) {
    tx.del(key)
    peers.add(key.slice(SESSIONS.length))
  }
  for (const { key } of await tx.range(OUTBOX)) peers.add(key.slice(OUTBOX.length, key.lastIndexOf('/')))
  for (const nodeId of peers) {
    const bytes = await tx.get(DEVICES + nodeId)
    const device = bytes ? fromJson<DeviceRow>(bytes) : { epoch: 0, bundleSequence: 0 }
    tx.put(DEVICES + nodeId, toJson({ ...device, epoch: device.epoch + 1 }))
  }
}
