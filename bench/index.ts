// `npm run -s bench -- NAME`: one repeatable measurement; its last line is one JSON object.

import { benchBroadcast } from './broadcast.ts'
import { benchDht } from './dht.ts'
import { benchIdle } from './idle.ts'
import { benchJoin } from './join.ts'
import { benchMessage } from './message.ts'
import { benchRelay } from './relay.ts'
import { benchStart } from './start.ts'
import { benchTransport } from './transport.ts'

const BENCHES: Record<string, () => Promise<void>> = {
  start: benchStart,
  message: benchMessage,
  join: benchJoin,
  idle: benchIdle,
  transport: benchTransport,
  relay: benchRelay,
  broadcast: benchBroadcast,
  dht: benchDht,
}

const name = process.argv[2] ?? ''
const bench = BENCHES[name]
if (bench) await bench()
else {
  console.error(`bench: which of ${Object.keys(BENCHES).join(', ')}?`)
  process.exitCode = 2
}
