// Records beside HyperDHT: a network of each in a process of its own, in turns in one run. On loopback nothing is far, so the
// times are what the programs themselves take.

import { parseArgs } from 'node:util'
import { median, report } from './report.ts'
import { MeasuredProcess } from './transport/measured-process.ts'
import { type RecordsResult, type RecordsTask } from './transport/record-sides.ts'

const PROGRAMS = ['banyan', 'hyperdht'] as const

/** `--nodes N`, `--records N`, `--rounds N`: smaller, for trying. */
export async function benchDht(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      nodes: { type: 'string', default: '100' },
      records: { type: 'string', default: '300' },
      rounds: { type: 'string', default: '3' },
    },
  })
  const task: RecordsTask = { nodes: Number(values.nodes), records: Number(values.records) }
  const results: Record<(typeof PROGRAMS)[number], RecordsResult[]> = { banyan: [], hyperdht: [] }
  for (let round = 1; round <= Number(values.rounds); round++)
    for (const program of PROGRAMS) {
      const result = await measured(program, task)
      results[program].push(result)
      const [putMs, getMs] = [median(result.putMs), median(result.getMs)]
      const kilobytes = result.bytesPerNode / 1000
      console.log(
        `round ${round}: ${program} put ${putMs.toFixed(2)} ms, get ${getMs.toFixed(2)} ms, ${kilobytes.toFixed(0)} kB a node`,
      )
    }
  const middle = (program: (typeof PROGRAMS)[number], of: (result: RecordsResult) => number): number =>
    median(results[program].map(of))
  const figures = { put: putOf, get: getOf, memory: (result: RecordsResult) => result.bytesPerNode }
  const [banyan, hyperdht] = PROGRAMS.map((program) => ({
    put: middle(program, figures.put),
    get: middle(program, figures.get),
    memory: middle(program, figures.memory),
  }))
  report('dht', {
    putRatio: banyan!.put / hyperdht!.put,
    getRatio: banyan!.get / hyperdht!.get,
    memoryRatio: banyan!.memory / hyperdht!.memory,
    banyanPutMs: banyan!.put,
    hyperdhtPutMs: hyperdht!.put,
    banyanGetMs: banyan!.get,
    hyperdhtGetMs: hyperdht!.get,
    banyanBytesPerNode: banyan!.memory,
    hyperdhtBytesPerNode: hyperdht!.memory,
  })
}

function putOf({ putMs }: RecordsResult): number {
  return median(putMs)
}

function getOf({ getMs }: RecordsResult): number {
  return median(getMs)
}

async function measured(program: string, task: RecordsTask): Promise<RecordsResult> {
  const network = MeasuredProcess.start(`${program}-records`, task, ['--expose-gc'])
  try {
    return await network.next<RecordsResult>()
  } finally {
    await network.stop()
  }
}
