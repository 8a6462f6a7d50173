// `npm run soak`: what takes too long for `npm test`, each part bounded. `npm run soak -- fuzz --packets 200000` runs one
// part, and a shorter one. Ends with exit code 1 where anything did not hold.

import { parseArgs } from 'node:util'
import { soakFuzz } from './fuzz.ts'
import { soakProperties } from './properties.ts'
import { soakSessions } from './sessions.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '10000' },
    packets: { type: 'string', default: '5000000' },
    sessions: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '10' },
  },
})

const PARTS: Record<string, () => Promise<void>> = {
  properties: () => soakProperties(Number(values.seeds)),
  fuzz: () => soakFuzz(Number(values.packets)),
  sessions: () => soakSessions(Number(values.sessions), Number(values.minutes)),
}

const names = positionals.length > 0 ? positionals : Object.keys(PARTS)
const unknown = names.filter((name) => !(name in PARTS))
if (unknown.length > 0) {
  console.error(`soak: no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`)
  process.exit(2)
}
for (const name of names) {
  const startMs = performance.now()
  try {
    await PARTS[name]!()
    console.log(`soak ${name}: ok after ${((performance.now() - startMs) / 1000).toFixed(0)} s`)
  } catch (error) {
    console.error(`soak ${name}: FAILED`, error)
    process.exitCode = 1
  }
}
