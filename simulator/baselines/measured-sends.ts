// Asks a baseline what the overlay is asked: so many sends between given pairs, evenly over a time, each answered within
// the limit and with one retry at most.

import { nameOf, trafficSince } from '../world/traffic-log.ts'
import { type Baseline, type Upkeep } from './baseline.ts'

export type Pair = readonly [from: number, to: number]

export interface SendLimits {
  timeoutMs: number
  overMs: number
}

export type SendOutcome = { isDelivered: true; hops: number; tookMs: number } | { isDelivered: false }

export interface Measured {
  outcomes: SendOutcome[]
  packetsPerSend: number
  bytesPerSend: number
  upkeep: Upkeep
  entries: number[]
}

/** The retry gets what the first attempt leaves; an answer to the first is welcome until the end. */
const FIRST_ATTEMPT_SHARE = 0.5
/** Copies that still travel when all have been answered are waited for: they are part of the price. */
const STRAY_SHARE = 0.5

/** `killed` lose power after the network has settled, right before the sends. */
export async function measureBaseline(
  baseline: Baseline,
  pairs: readonly Pair[],
  { timeoutMs, overMs }: SendLimits,
  killed: readonly number[] = [],
): Promise<Measured> {
  const { carrier } = baseline
  const { traffic } = carrier.network
  await baseline.settle()
  const upkeep = await baseline.upkeep()
  carrier.kill(killed)
  const before = traffic.byType()
  let ended = 0
  const outcomes = pairs.map((): SendOutcome => ({ isDelivered: false }))
  for (const [i, pair] of pairs.entries())
    carrier.after((i * overMs) / pairs.length, () =>
      send(baseline, i, pair, timeoutMs, (outcome) => {
        outcomes[i] = outcome
        ended++
      }),
    )
  await carrier.run(overMs + STRAY_SHARE * timeoutMs)
  if (ended < pairs.length) await carrier.run((1 - STRAY_SHARE) * timeoutMs)
  const upkeepNames = baseline.upkeepTypes.map(nameOf)
  const spent = trafficSince(before, traffic.byType()).filter(({ type }) => !upkeepNames.includes(type))
  const perSend = (figure: 'packets' | 'bytes'): number =>
    spent.reduce((total, each) => total + each[figure], 0) / pairs.length
  return {
    outcomes,
    packetsPerSend: perSend('packets'),
    bytesPerSend: perSend('bytes'),
    upkeep,
    entries: baseline.entries(),
  }
}

function send(
  baseline: Baseline,
  number: number,
  [from, to]: Pair,
  timeoutMs: number,
  report: (outcome: SendOutcome) => void,
): void {
  const { carrier } = baseline
  const startedMs = carrier.nowMs
  let isOver = false
  const arrived = (hops: number): void => {
    const tookMs = carrier.nowMs - startedMs
    if (isOver || tookMs > timeoutMs) return
    isOver = true
    report({ isDelivered: true, hops, tookMs })
  }
  baseline.send({ send: number, from, to, arrived })
  carrier.after(timeoutMs * FIRST_ATTEMPT_SHARE, () => {
    if (!isOver) baseline.send({ send: number, from, to, arrived })
  })
}
