import { describe, expect, it } from 'vitest'
import { type ReachFindings, type ReachKind } from '../../../main/overlay/api.ts'
import { WELL_BEHAVED, type NatBehaviour } from '../../../simulator/net/nat-behaviour.ts'
import { CARRIER_NAT, HOME_NATS } from '../../../simulator/packets/nat-kinds.ts'
import { INSIDE, type ReachHost, ReachStage } from '../../../simulator/packets/reach-stage.ts'

/** From the first session to findings, at 40 ms each way. */
const MOST_MS = 8_000
const MOST_PACKETS = 100

interface Measured {
  findings: ReachFindings | undefined
  kind: ReachKind
  ms: number
  packets: number
}

/** The subject behind the boxes, outermost first; four peers that it knows, and four that only those know. */
async function measure(seed: number, boxes: NatBehaviour[], lossRate: number): Promise<Measured> {
  const stage = new ReachStage(seed, { lossRate })
  const observers = stage.publicHosts(18, 4)
  const strangers = stage.publicHosts(19, 4)
  for (const observer of observers) for (const stranger of strangers) await stage.connect(observer, stranger)
  let uplink: Parameters<typeof stage.host>[1] = stage.net
  for (const behaviour of boxes) uplink = stage.box(behaviour, uplink)
  const subject = stage.host(boxes.length > 0 ? INSIDE : '198.18.99.7', uplink)
  for (const observer of observers) await stage.connect(subject, observer)
  await stage.run(1_000)
  return watch(stage, subject)
}

async function watch(stage: ReachStage, subject: ReachHost): Promise<Measured> {
  const reach = subject.reachability!
  const { traffic } = subject.socket
  const before = traffic.sentPackets + traffic.receivedPackets
  const startedMs = stage.queue.nowMs
  await reach.start()
  while (reach.state('ipv4').kind !== 'known' && stage.queue.nowMs < startedMs + MOST_MS) await stage.run(100)
  return {
    findings: reach.findings('ipv4'),
    kind: reach.status.ipv4.kind,
    ms: stage.queue.nowMs - startedMs,
    packets: traffic.sentPackets + traffic.receivedPackets - before,
  }
}

type Expected = Pick<ReachFindings, 'mapping' | 'filtering'> & { ports: string; kind: ReachKind }

function expectedOf({ mapping, filtering, portAssignment }: NatBehaviour): Expected {
  const isEasy = mapping === 'endpoint-independent'
  const easy = filtering === 'endpoint-independent' ? 'open' : 'punchable'
  const hard = portAssignment === 'sequential' ? 'hard-sequential' : 'hard'
  return { mapping, filtering, ports: portAssignment, kind: isEasy ? easy : hard }
}

const ADDRESS_DEPENDENT: NatBehaviour = {
  ...WELL_BEHAVED,
  mapping: 'address-dependent',
  filtering: 'address-dependent',
  portAssignment: 'random',
}
const OPEN = HOME_NATS.find(({ name }) => name === 'open')!.behaviour
const CASES: [string, NatBehaviour[], Expected][] = [
  [
    'public',
    [],
    {
      mapping: 'endpoint-independent',
      filtering: 'endpoint-independent',
      ports: 'preserving',
      kind: 'public',
    },
  ],
  ...HOME_NATS.map(({ name, behaviour }): (typeof CASES)[number] => [
    name,
    [behaviour],
    expectedOf(behaviour),
  ]),
  ['carrier', [CARRIER_NAT], expectedOf(CARRIER_NAT)],
  ['address-dependent mapping', [ADDRESS_DEPENDENT], expectedOf(ADDRESS_DEPENDENT)],
  ['open behind a carrier', [CARRIER_NAT, OPEN], expectedOf(CARRIER_NAT)],
  ...HOME_NATS.filter(({ name }) => name === 'symmetric').map(({ behaviour }): (typeof CASES)[number] => [
    'symmetric behind a carrier',
    [CARRIER_NAT, behaviour],
    { ...expectedOf(behaviour), ports: 'random', kind: 'hard' },
  ]),
]

describe('finding out what one is behind', () => {
  it.each(CASES)('%s', async (name, boxes, expected) => {
    const worst = { seconds: 0, packets: 0 }
    for (const [seed, lossRate] of [
      [1, 0],
      [2, 0],
      [3, 0.05],
      [4, 0.05],
      [5, 0.05],
    ] as const) {
      const { findings, kind, ms, packets } = await measure(seed, boxes, lossRate)
      const words = `${name}, seed ${seed}, ${100 * lossRate} % loss: ${kind} in ${ms / 1000} s, ${packets} packets`
      worst.seconds = Math.max(worst.seconds, ms / 1000)
      worst.packets = Math.max(worst.packets, packets)
      expect(findings, words).toBeDefined()
      const { mapping, filtering, portAssignment } = findings!
      expect({ mapping, filtering, ports: portAssignment.kind, kind }, words).toEqual(expected)
      expect(findings!.isTranslated, words).toBe(boxes.length > 0)
      expect(packets, words).toBeLessThan(MOST_PACKETS)
    }
    console.log(`${name}: known within ${worst.seconds} s, ${worst.packets} packets at most`)
  })
})
