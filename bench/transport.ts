// The transport beside what else a peer-to-peer program could be built on: hyperdht (Noise over UDX) and libp2p (TCP, Noise,
// Yamux). Two processes on loopback for every figure, rounds of all in turn, so that what else the machine does falls on
// each alike; a ratio compares medians of one run. Streams run twice for Banyan: with whatever packets it finds the path to
// carry, and held to those of an Ethernet (UDX itself looks no further than 1,500 bytes).

import { parseArgs } from 'node:util'
import { median, report } from './report.ts'
import { type AcceptResult, type AcceptTask } from './transport/accept-sides.ts'
import { type ConnectTask } from './transport/connect-sides.ts'
import { MeasuredProcess } from './transport/measured-process.ts'
import { installPeers } from './transport/peer-packages.ts'
import { type ReceiverResult, type SenderResult, type StreamTask } from './transport/stream-sides.ts'

const PARTS = ['stream', 'connect', 'accept']
const MEGABYTE = 1e6
const WARM_UP_BYTES = 32 * MEGABYTE
/** An Ethernet's 1,500 less the headers of IPv6 and UDP. */
const ETHERNET_DATAGRAM_BYTES = 1_452
const CONNECTS: ConnectTask = { nodes: 100, callers: 4, callsEach: 8 }
const CONNECT_ROUNDS = 2
const ACCEPTS: AcceptTask = { warmUpSessions: 2_000, sessions: 2_000 }

/** What one transfer took; the seconds of processor time per 10^9 bytes are those of both sides. */
interface StreamFigures {
  megabytesPerSecond: number
  cpuSecondsPerGb: number
  packetBytes: number
}

const STREAMS: { name: string; program: string; maxDatagramBytes?: number }[] = [
  { name: 'banyan', program: 'banyan' },
  { name: 'banyan1452', program: 'banyan', maxDatagramBytes: ETHERNET_DATAGRAM_BYTES },
  { name: 'hyperdht', program: 'hyperdht' },
  { name: 'libp2p', program: 'libp2p' },
]

/** `--only stream,connect,accept`, `--rounds N`, `--megabytes N`: shorter, for trying. */
export async function benchTransport(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      only: { type: 'string', default: PARTS.join() },
      rounds: { type: 'string', default: '5' },
      megabytes: { type: 'string', default: '200' },
    },
  })
  const parts = values.only.split(',')
  installPeers()
  report('transport', {
    ...(parts.includes('stream') && (await streams(Number(values.rounds), Number(values.megabytes)))),
    ...(parts.includes('connect') && (await connects())),
    ...(parts.includes('accept') && (await accepts())),
  })
}

async function streams(rounds: number, megabytes: number): Promise<Record<string, number>> {
  const task: StreamTask = { warmUpBytes: WARM_UP_BYTES, measuredBytes: megabytes * MEGABYTE }
  const measured = new Map<string, StreamFigures[]>(STREAMS.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++)
    for (const { name, program, maxDatagramBytes } of STREAMS) {
      const figures = await transfer(program, { ...task, maxDatagramBytes })
      measured.get(name)!.push(figures)
      const { megabytesPerSecond, cpuSecondsPerGb, packetBytes } = figures
      const facts = `${megabytesPerSecond.toFixed(1)} MB/s, ${cpuSecondsPerGb.toFixed(2)} CPU s/GB`
      const packets = packetBytes > 0 ? `, packets of ${packetBytes.toFixed(0)} bytes` : ''
      console.log(`stream ${round}: ${name} ${facts}${packets}`)
    }
  const middle = (name: string, figure: keyof StreamFigures): number =>
    median(measured.get(name)!.map((figures) => figures[figure]))
  const speed = (name: string): number => middle(name, 'megabytesPerSecond')
  const absolute = STREAMS.flatMap(({ name }) => [
    [`${name}MegabytesPerSecond`, speed(name)],
    [`${name}CpuSecondsPerGb`, middle(name, 'cpuSecondsPerGb')],
    [`${name}PacketBytes`, middle(name, 'packetBytes')],
  ])
  return {
    streamRatioHyperdht: speed('banyan') / speed('hyperdht'),
    streamRatioHyperdht1452: speed('banyan1452') / speed('hyperdht'),
    streamRatioLibp2p: speed('banyan') / speed('libp2p'),
    cpuSecondsPerGb: middle('banyan', 'cpuSecondsPerGb'),
    ...Object.fromEntries(absolute),
  }
}

async function transfer(program: string, task: StreamTask): Promise<StreamFigures> {
  return between(`${program}-receiver`, `${program}-sender`, task, async (receiver, sender) => {
    const sent = await sender.next<SenderResult>()
    const received = await receiver.next<ReceiverResult>()
    const gigabytes = task.measuredBytes / 1e9
    return {
      megabytesPerSecond: task.measuredBytes / MEGABYTE / sent.seconds,
      cpuSecondsPerGb: (sent.cpuSeconds + received.cpuSeconds) / gigabytes,
      packetBytes: sent.packetBytes,
    }
  })
}

async function connects(): Promise<Record<string, number>> {
  const times = { banyan: [] as number[], hyperdht: [] as number[] }
  for (let round = 1; round <= CONNECT_ROUNDS; round++)
    for (const program of ['banyan', 'hyperdht'] as const) {
      const found = await between(`${program}-network`, `${program}-callers`, CONNECTS, (_, callers) =>
        callers.next<number[]>(),
      )
      times[program].push(...found)
      console.log(`connect ${round}: ${program} ${median(found).toFixed(2)} ms, ${found.length} calls`)
    }
  const banyanConnectMs = median(times.banyan)
  const hyperdhtConnectMs = median(times.hyperdht)
  return {
    connectRatioHyperdht: banyanConnectMs / hyperdhtConnectMs,
    banyanConnectMs,
    hyperdhtConnectMs,
    banyanConnects: times.banyan.length,
    hyperdhtConnects: times.hyperdht.length,
  }
}

async function accepts(): Promise<Record<string, number>> {
  const measure = async (acceptor: MeasuredProcess, callers: MeasuredProcess) => {
    callers.post(await acceptor.next()) // warm
    const { cpuSeconds, seconds, idleBytes } = await acceptor.next<AcceptResult>()
    const { sessions } = ACCEPTS
    return {
      acceptsPerSecond: sessions / cpuSeconds,
      acceptsPerWallSecond: sessions / seconds,
      bytesPerIdleSession: idleBytes / sessions,
    }
  }
  return between('acceptor', 'callers', ACCEPTS, measure, ['--expose-gc'])
}

/** Two processes, of which the second is told what the first has to say, for as long as `measure` takes. */
async function between<Result>(
  firstRole: string,
  secondRole: string,
  task: unknown,
  measure: (first: MeasuredProcess, second: MeasuredProcess) => Promise<Result>,
  flags: readonly string[] = [],
): Promise<Result> {
  const first = MeasuredProcess.start(firstRole, task, flags)
  const second = MeasuredProcess.start(secondRole, task)
  try {
    second.post(await first.next())
    return await measure(first, second)
  } finally {
    await Promise.all([first.stop(), second.stop()])
  }
}
