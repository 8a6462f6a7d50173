// Routers and providers do to a conversation what they do: reboot, hand out other addresses, block.

import { type KindName } from './nat-kinds.ts'
import { isDirect } from './path-kind.ts'
import {
  type Inhabitant,
  type ScenarioStage,
  type WantedPath,
  comesTrue,
  pathOf,
  pause,
} from './scenario-stage.ts'
import { GOAL_MS, type Measured, type Scenario } from './scenario.ts'

/** By then both ends have noticed, and looked for another path. */
const LATER_MS = 10_000
/** Two searches of twelve seconds, on a busy computer. */
const SEARCH_LIMIT_MS = 40_000

export const ROUTER_SCENARIOS: Scenario[] = [
  {
    name: 'NAT rebooted, direct',
    run: (stage) => rebooted(stage, 'port-restricted', 'direct'),
  },
  {
    name: 'NAT rebooted, relayed',
    run: (stage) => rebooted(stage, 'symmetric-random', 'relayed'),
  },
  { name: 'both NATs rebooted', run: bothRebooted },
  {
    name: 'outer address changed, direct',
    run: (stage) => outerAddressChanged(stage, 'port-restricted', 'direct'),
  },
  {
    name: 'outer address changed, relayed',
    run: (stage) => outerAddressChanged(stage, 'symmetric-random', 'relayed'),
  },
  { name: 'address on the LAN changed', run: innerAddressChanged },
  { name: 'direct path firewalled', run: firewalled },
  { name: 'ports searched', run: portsSearched },
]

/** Nothing gets in from outside until who is behind the router sends something, so the other direction has no goal. */
async function rebooted(stage: ScenarioStage, kind: KindName, path: WantedPath): Promise<Measured[]> {
  const { alice, bob } = await conversation(stage, kind, path)
  const router = alice.site.routers[0]!
  router.forgetBindings()
  const outwards = await measured(stage, 'from behind it', alice, bob)
  router.forgetBindings()
  const inwards = await measured(stage, 'to behind it', bob, alice)
  return [outwards, { ...inwards, goalMs: undefined }]
}

/** A street whose power came back. */
async function bothRebooted(stage: ScenarioStage): Promise<Measured[]> {
  const { alice, bob } = await conversation(stage, 'port-restricted', 'direct')
  for (const { site } of [alice, bob]) site.routers[0]!.forgetBindings()
  return goOn(stage, 'the next message', alice, bob)
}

async function outerAddressChanged(
  stage: ScenarioStage,
  kind: KindName,
  path: WantedPath,
): Promise<Measured[]> {
  const { alice, bob } = await conversation(stage, kind, path)
  const { routers, publicAddress } = alice.site
  stage.internet.changeAddress(routers[0]!.namespace, publicAddress, stage.internet.newAddress())
  return goOn(stage, 'from where it changed', alice, bob)
}

async function innerAddressChanged(stage: ScenarioStage): Promise<Measured[]> {
  const { alice, bob } = await conversation(stage, 'port-restricted', 'direct')
  const { routers, host } = alice.site
  routers[0]!.renewAddress(host.namespace, 'wan', host.address)
  return goOn(stage, 'from where it changed', alice, bob)
}

async function firewalled(stage: ScenarioStage): Promise<Measured[]> {
  const { alice, bob } = await conversation(stage, 'port-restricted', 'direct')
  stage.internet.block(alice.site.publicAddress, bob.site.publicAddress)
  return goOn(stage, 'the next message', alice, bob)
}

/** Nothing but a search for ports joins them, and that takes its time. */
async function portsSearched(stage: ScenarioStage): Promise<Measured[]> {
  const bob = await stage.resident(stage.place('port-restricted', 'bob'))
  const alice = await stage.resident(stage.place('symmetric-random', 'alice'))
  await stage.converse(alice, bob, 'relayed')
  const startMs = performance.now()
  const isFound = await comesTrue(async () => isDirect(await pathOf(alice, bob)), SEARCH_LIMIT_MS)
  const tookMs = isFound ? Math.round(performance.now() - startMs) : null
  const found = { what: 'a direct path', tookMs, goalMs: undefined, note: await pathOf(alice, bob) }
  return [
    found,
    await measured(stage, 'the next message', alice, bob),
    await measured(stage, 'the answer', bob, alice),
  ]
}

/** Bob is behind a port-restricted router; where they shall stay relayed, behind one that no search joins with Alice's. */
async function conversation(stage: ScenarioStage, kind: KindName, path: WantedPath) {
  const bob = await stage.resident(stage.place(path === 'relayed' ? kind : 'port-restricted', 'bob'))
  const alice = await stage.resident(stage.place(kind, 'alice'))
  await stage.converse(alice, bob, path)
  return { alice, bob }
}

/** The next message and its answer, and both again when the two have had time to find another path. */
async function goOn(
  stage: ScenarioStage,
  what: string,
  alice: Inhabitant,
  bob: Inhabitant,
): Promise<Measured[]> {
  const next = await measured(stage, what, alice, bob)
  const answer = await measured(stage, 'the answer', bob, alice)
  await pause(LATER_MS)
  const later = await measured(stage, 'ten seconds later', alice, bob)
  return [next, answer, later, await measured(stage, 'the answer', bob, alice)]
}

async function measured(
  stage: ScenarioStage,
  what: string,
  from: Inhabitant,
  to: Inhabitant,
): Promise<Measured> {
  return { what, tookMs: await stage.say(from, to), goalMs: GOAL_MS, note: await pathOf(from, to) }
}
