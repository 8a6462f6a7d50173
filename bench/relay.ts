// One stream by way of a volunteer in a process of its own, beside the same stream without: rounds in turn, and the ratio of
// the medians of one run. On loopback everything shares the processor, so what the relay takes is taken from the ends.

import { parseArgs } from 'node:util'
import { median, report } from './report.ts'
import { MeasuredProcess } from './transport/measured-process.ts'
import { type ReceiverResult, type SenderResult, type StreamTask } from './transport/stream-sides.ts'

const MEGABYTE = 1e6
const WARM_UP_BYTES = 32 * MEGABYTE

interface Figures {
  megabytesPerSecond: number
  packetBytes: number
}

/** `--rounds N`, `--megabytes N`: shorter, for trying. */
export async function benchRelay(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { rounds: { type: 'string', default: '5' }, megabytes: { type: 'string', default: '200' } },
  })
  const task: StreamTask = { warmUpBytes: WARM_UP_BYTES, measuredBytes: Number(values.megabytes) * MEGABYTE }
  const relay = MeasuredProcess.start('relay')
  const direct: Figures[] = []
  const relayed: Figures[] = []
  try {
    const viaRelay = { ...task, relay: await relay.next() }
    for (let round = 1; round <= Number(values.rounds); round++) {
      direct.push(await transfer('banyan', task))
      relayed.push(await transfer('relayed', viaRelay))
      const words = [direct, relayed].map((all) => `${all.at(-1)!.megabytesPerSecond.toFixed(1)} MB/s`)
      console.log(`round ${round}: direct ${words[0]}, relayed ${words[1]}`)
    }
  } finally {
    await relay.stop()
  }
  const middle = (all: Figures[], figure: keyof Figures): number => median(all.map((each) => each[figure]))
  report('relay', {
    relayRatio: middle(relayed, 'megabytesPerSecond') / middle(direct, 'megabytesPerSecond'),
    directMegabytesPerSecond: middle(direct, 'megabytesPerSecond'),
    relayedMegabytesPerSecond: middle(relayed, 'megabytesPerSecond'),
    directPacketBytes: middle(direct, 'packetBytes'),
    relayedPacketBytes: middle(relayed, 'packetBytes'),
  })
}

async function transfer(program: string, task: StreamTask): Promise<Figures> {
  const receiver = MeasuredProcess.start(`${program}-receiver`, task)
  const sender = MeasuredProcess.start(`${program}-sender`, task)
  try {
    sender.post(await receiver.next())
    const { seconds, packetBytes } = await sender.next<SenderResult>()
    await receiver.next<ReceiverResult>()
    return { megabytesPerSecond: task.measuredBytes / MEGABYTE / seconds, packetBytes }
  } finally {
    await Promise.all([receiver.stop(), sender.stop()])
  }
}
