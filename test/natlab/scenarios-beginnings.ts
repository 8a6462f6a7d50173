// Conversations that begin in places that make it hard: two computers on one LAN, which may keep them apart, and a first
// packet that is lost.

import { type Router } from './router.ts'
import { portRestricted, withHairpin } from './router-rules.ts'
import {
  type Inhabitant,
  type ScenarioStage,
  VOLUNTEER_PORTS,
  pathOf,
  sessionAddress,
} from './scenario-stage.ts'
import { type Measured, type Scenario } from './scenario.ts'
import { type Site, addHost, homeSite } from './site.ts'

/** The goal for the slowest first message between any two places. */
const FIRST_MESSAGE_GOAL_MS = 5_000
/** Chosen: a person who starts the program notices no more. */
const JOIN_GOAL_MS = 2_000
const WAIT_MS = 45_000

export const BEGINNING_SCENARIOS: Scenario[] = [
  { name: 'same LAN', run: (stage) => sameLan(stage, home(stage), () => undefined) },
  { name: 'same LAN, clients isolated', run: (stage) => sameLan(stage, home(stage), isolate) },
  {
    name: 'same LAN, clients isolated, hairpin',
    run: (stage) => sameLan(stage, hairpinHome(stage), isolate),
  },
  { name: 'first packet to each bootstrap node lost', run: firstPacketLost },
]

async function sameLan(
  stage: ScenarioStage,
  site: Site,
  prepare: (router: Router) => void,
): Promise<Measured[]> {
  const router = site.routers[0]!
  const neighbour = { ...site, host: addHost(stage.internet, router, 'bob') }
  prepare(router)
  const bob = await stage.resident(neighbour)
  const alice = await stage.caller(site)
  await stage.introduce(alice, bob)
  const tookMs = await stage.say(alice, bob)
  const backMs = await stage.say(bob, alice)
  const note = `${await pathOf(alice, bob)} ${await sessionAddress(alice, bob)}`
  return [
    { what: 'the first message', tookMs, goalMs: FIRST_MESSAGE_GOAL_MS, note },
    { what: 'the answer', tookMs: backMs, goalMs: FIRST_MESSAGE_GOAL_MS, note },
  ]
}

async function firstPacketLost(stage: ScenarioStage): Promise<Measured[]> {
  const alice = await stage.guest(stage.place('port-restricted', 'alice'))
  alice.site.host.namespace.nft(FIRST_PACKET_RULES)
  const startMs = await alice.node.start()
  const joinedMs = await alice.node.joined(WAIT_MS)
  const tookMs = joinedMs === undefined ? null : Math.round(joinedMs - startMs)
  return [{ what: 'joined', tookMs, goalMs: JOIN_GOAL_MS, note: `${lostPackets(alice)} packets lost` }]
}

function lostPackets({ site }: Inhabitant): string {
  const listed = site.host.namespace.run('nft', 'list', 'table', 'ip', 'losing')
  return /counter packets (\d+)/.exec(listed)?.[1] ?? 'no'
}

const FIRST_PACKET_RULES = `table ip losing {
  set tried {
    type ipv4_addr
    size 65535
    flags dynamic
  }
  chain leaving {
    type filter hook output priority 0
    udp dport { ${VOLUNTEER_PORTS.join(', ')} } ip daddr != @tried add @tried { ip daddr } counter drop
  }
}`

function home(stage: ScenarioStage): Site {
  return homeSite(stage.internet, 'alice', portRestricted)
}

function hairpinHome(stage: ScenarioStage): Site {
  return homeSite(stage.internet, 'alice', (bindingSeconds, publicAddress) =>
    withHairpin(portRestricted(), publicAddress, bindingSeconds),
  )
}

function isolate(router: Router): void {
  router.isolateHosts()
}
