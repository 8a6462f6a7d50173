// The process behind crowd.ts: several nodes on loopback, each a real one with its own socket and database.

import { startCrowd } from '../test/drive/node-crowd.ts'

const [folder, count] = process.argv.slice(2)
const crowd = await startCrowd(folder!, Number(count))
process.send!(crowd.bootstrapEntry)
process.once('message', async () => {
  await crowd.stop()
  process.disconnect()
})
