// What a node costs that does nothing: one of 20, with one contact (both online), for 60 seconds. CPU time is the whole
// process's, from the kernel's own accounting; packets are UDP datagrams sent and received, as the node counts them.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Person } from '../test/drive/person.ts'
import { scratchFolder } from '../test/drive/scratch-folder.ts'
import { Crowd } from './crowd.ts'
import { report } from './report.ts'

const OTHERS = 18
const SETTLE_MS = 20_000
const MEASURE_MS = 60_000
const CLOCK_TICKS_PER_SECOND = 100 // Linux's USER_HZ

export async function benchIdle(): Promise<void> {
  const scratch = scratchFolder('bench-idle')
  const crowd = await Crowd.start(scratch.at('crowd'), OTHERS)
  const alice = await Person.firstRun('Alice', {
    data: scratch.at('alice'),
    bootstrap: [crowd.bootstrapEntry],
  })
  const bob = await Person.firstRun('Bob', { data: scratch.at('bob'), bootstrap: [crowd.bootstrapEntry] })
  try {
    const { id } = await bob.add(await alice.invitation())
    await bob.accepted(id)
    await sleep(SETTLE_MS)
    const before = await sample(alice)
    await sleep(MEASURE_MS)
    const after = await sample(alice)
    const seconds = (after.atMs - before.atMs) / 1000
    report('idle', {
      cpuShare: (after.cpuSeconds - before.cpuSeconds) / seconds,
      packetsPerSecond: (after.packets - before.packets) / seconds,
      bytesPerSecond: (after.bytes - before.bytes) / seconds,
      sessions: after.sessions,
      toxPacketsPerSecond: 9.2,
    })
  } finally {
    await Promise.all([alice.stop(), bob.stop()])
    await crowd.stop()
    scratch.remove()
  }
}

interface Sample {
  atMs: number
  cpuSeconds: number
  packets: number
  bytes: number
  sessions: number
}

async function sample(person: Person): Promise<Sample> {
  const { traffic, sessions } = await person.api.call('health.get')
  return {
    atMs: performance.now(),
    cpuSeconds: cpuSecondsOf(person.process.pid),
    packets: traffic.sentPackets + traffic.receivedPackets,
    bytes: traffic.sentBytes + traffic.receivedBytes,
    sessions: sessions.length,
  }
}

/** User and system time of a process and its threads (proc(5), fields 14 and 15 of stat). */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND
}
