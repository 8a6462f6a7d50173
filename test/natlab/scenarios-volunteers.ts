// Volunteers on whom a conversation or a call depends die.

import { type Namespace } from './namespace.ts'
import { type NodeProcess } from './node-process.ts'
import { type Inhabitant, type ScenarioStage, comesTrue, pathOf, pause } from './scenario-stage.ts'
import { GOAL_MS, type Measured, type Scenario } from './scenario.ts'

const LONG_MESSAGE_BYTES = 60_000
/** At this rate the long message takes a second. */
const SLOW_KBIT_PER_SECOND = 500
/** By then some of it has arrived at the relay, and the most of it has not left. */
const MID_MESSAGE_MS = 300
const TRACER_BYTES = 20_000
const TRACER_LIMIT_MS = 10_000

export const VOLUNTEER_SCENARIOS: Scenario[] = [
  { name: 'relay killed in mid-message', run: (stage) => relayLost(stage, (relay) => relay.kill()) },
  { name: 'relay frozen in mid-message', run: (stage) => relayLost(stage, (relay) => relay.freeze()) },
  { name: 'handshake server killed in mid-punch', run: (stage) => serversKilled(stage, 1) },
  { name: 'two handshake servers of three killed in mid-punch', run: (stage) => serversKilled(stage, 2) },
]

async function relayLost(stage: ScenarioStage, lose: (relay: NodeProcess) => void): Promise<Measured[]> {
  const bob = await stage.resident(stage.place('symmetric-random', 'bob'))
  const alice = await stage.resident(stage.place('symmetric-random', 'alice'))
  await stage.converse(alice, bob, 'relayed')
  const relay = await relayBetween(stage, alice, bob)
  slowDown(alice.site.host.namespace)
  const long = stage.say(alice, bob, LONG_MESSAGE_BYTES)
  await pause(MID_MESSAGE_MS)
  lose(relay.node)
  const next = await stage.say(alice, bob)
  const note = await pathOf(alice, bob)
  const longMs = await long
  if (longMs !== null && longMs <= MID_MESSAGE_MS)
    throw new Error('the long message was over before the relay was lost')
  const tookMs = longMs === null ? null : longMs - MID_MESSAGE_MS
  return [
    { what: 'the next message', tookMs: next, goalMs: GOAL_MS, note },
    {
      what: 'the long message under way',
      tookMs,
      goalMs: undefined,
      note: `${LONG_MESSAGE_BYTES} bytes, again`,
    },
  ]
}

async function serversKilled(stage: ScenarioStage, count: number): Promise<Measured[]> {
  const bob = await stage.resident(stage.place('port-restricted', 'bob'))
  const alice = await stage.caller(stage.place('port-restricted', 'alice'))
  const before = await pathOf(alice, bob)
  await stage.introduce(alice, bob)
  for (const { node } of stage.volunteers.slice(0, count)) node.kill()
  const tookMs = await stage.say(alice, bob)
  const backMs = await stage.say(bob, alice)
  return [
    { what: 'the first message', tookMs, goalMs: GOAL_MS, note: `was ${before}` },
    { what: 'the answer', tookMs: backMs, goalMs: GOAL_MS, note: await pathOf(bob, alice) },
  ]
}

/** Whichever carries what the one says to the other. On a busy computer a message may have come by a route before it is there. */
async function relayBetween(stage: ScenarioStage, one: Inhabitant, other: Inhabitant): Promise<Inhabitant> {
  const before = await carriedBytes(stage)
  let relay: Inhabitant | undefined
  const isSeen = async (): Promise<boolean> => {
    await stage.say(one, other, TRACER_BYTES)
    const after = await carriedBytes(stage)
    relay = stage.volunteers.find((_, i) => after[i]! - before[i]! >= TRACER_BYTES)
    return relay !== undefined
  }
  if (!(await comesTrue(isSeen, TRACER_LIMIT_MS))) throw new Error('no volunteer carries what is said')
  return relay!
}

function carriedBytes({ volunteers }: ScenarioStage): Promise<number[]> {
  return Promise.all(volunteers.map(async ({ node }) => (await node.status()).relay!.bytesThisMonth))
}

function slowDown(namespace: Namespace): void {
  const rate = ['rate', `${SLOW_KBIT_PER_SECOND}kbit`, 'burst', '16k', 'latency', '400ms']
  namespace.run('tc', 'qdisc', 'add', 'dev', 'wan', 'root', 'tbf', ...rate)
}
