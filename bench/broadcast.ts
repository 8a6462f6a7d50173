// A room in one process, beside libp2p's GossipSub in the same run: what a message costs each that hears it, in processor time,
// and how often it comes. A process of its own for each, rounds in turn; a ratio compares medians of one run.

import { parseArgs } from 'node:util'
import { median, report } from './report.ts'
import { type BroadcastResult, type BroadcastTask } from './transport/broadcast-sides.ts'
import { MeasuredProcess } from './transport/measured-process.ts'
import { installPeers } from './transport/peer-packages.ts'

/** Chosen: ten short texts a second, which GossipSub keeps up with in one process of twenty nodes. */
const TASK: BroadcastTask = { nodes: 20, warmUp: 50, messages: 300, everyMs: 100, bytes: 256 }
const PROGRAMS = ['banyan', 'gossipsub'] as const

/** `--rounds N`: 1 for trying. */
export async function benchBroadcast(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { rounds: { type: 'string', default: '3' } },
  })
  installPeers()
  const measured = { banyan: [] as BroadcastResult[], gossipsub: [] as BroadcastResult[] }
  for (let round = 1; round <= Number(values.rounds); round++)
    for (const program of PROGRAMS) {
      const result = await run(`${program}-broadcast`)
      measured[program].push(result)
      const { deliveries } = result
      console.log(
        `broadcast ${round}: ${program} ${cpuMsOf(result).toFixed(3)} ms of CPU a delivery, ${copiesOf(result).toFixed(2)} copies, ${deliveries} deliveries`,
      )
    }
  const cpuMs = (program: (typeof PROGRAMS)[number]): number => median(measured[program].map(cpuMsOf))
  report('broadcast', {
    cpuRatio: cpuMs('banyan') / cpuMs('gossipsub'),
    copies: median(measured.banyan.map(copiesOf)),
    banyanCpuMsPerDelivery: cpuMs('banyan'),
    gossipsubCpuMsPerDelivery: cpuMs('gossipsub'),
    gossipsubCopies: median(measured.gossipsub.map(copiesOf)),
  })
}

async function run(role: string): Promise<BroadcastResult> {
  const room = MeasuredProcess.start(role, TASK)
  try {
    return await room.next<BroadcastResult>()
  } finally {
    await room.stop()
  }
}

function cpuMsOf({ cpuSeconds, deliveries }: BroadcastResult): number {
  return (1000 * cpuSeconds) / deliveries
}

function copiesOf({ copies, deliveries }: BroadcastResult): number {
  return copies / deliveries
}
