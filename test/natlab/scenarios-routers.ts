// Routers and providers do to a conversation what they do: reboot, hand out other addresses, block.

import { type KindName } from './nat-kinds.ts'
import { type Inhabitant, type ScenarioStage, type WantedPath, pathOf } from './scenario-stage.ts'
import { GOAL_MS, type Measured, type Scenario } from './scenario.ts'

export const ROUTER_SCENARIOS: Scenario[] = [
  {
    name: 'NAT rebooted, direct',
    run: (stage) => rebooted(stage, 'port-restricted', 'direct'),
  },
  {
    name: 'NAT rebooted, relayed',
    run: (stage) => rebooted(stage, 'symmetric-random', 'relayed'),
  },
  { name: 'outer address changed', run: outerAddressChanged },
  { name: 'address on the LAN changed', run: innerAddressChanged },
  { name: 'direct path firewalled', run: firewalled },
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

async function outerAddressChanged(stage: ScenarioStage): Promise<Measured[]> {
  const { alice, bob } = await conversation(stage, 'port-restricted', 'direct')
  const { routers, publicAddress } = alice.site
  stage.internet.changeAddress(routers[0]!.namespace, publicAddress, stage.internet.newAddress())
  return [
    await measured(stage, 'from where it changed', alice, bob),
    await measured(stage, 'the answer', bob, alice),
  ]
}

async function innerAddressChanged(stage: ScenarioStage): Promise<Measured[]> {
  const { alice, bob } = await conversation(stage, 'port-restricted', 'direct')
  const { routers, host } = alice.site
  routers[0]!.renewAddress(host.namespace, 'wan', host.address)
  return [
    await measured(stage, 'from where it changed', alice, bob),
    await measured(stage, 'the answer', bob, alice),
  ]
}

async function firewalled(stage: ScenarioStage): Promise<Measured[]> {
  const { alice, bob } = await conversation(stage, 'port-restricted', 'direct')
  stage.internet.block(alice.site.publicAddress, bob.site.publicAddress)
  return [
    await measured(stage, 'the next message', alice, bob),
    await measured(stage, 'the answer', bob, alice),
  ]
}

/** Bob is behind a port-restricted router. */
async function conversation(stage: ScenarioStage, kind: KindName, path: WantedPath) {
  const bob = await stage.resident(stage.place('port-restricted', 'bob'))
  const alice = await stage.resident(stage.place(kind, 'alice'))
  await stage.converse(alice, bob, path)
  return { alice, bob }
}

async function measured(
  stage: ScenarioStage,
  what: string,
  from: Inhabitant,
  to: Inhabitant,
): Promise<Measured> {
  return { what, tookMs: await stage.say(from, to), goalMs: GOAL_MS, note: await pathOf(from, to) }
}
