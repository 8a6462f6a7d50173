import { describe, expect, it } from 'vitest'
import { type Inhabitant, type Kind, NATS, NatStage, pathBetween } from './nat-stage.ts'

const KINDS = ['public', ...Object.keys(NATS)] as Kind[]
const HARD: Kind[] = ['symmetric, sequential', 'symmetric, random']

/** What hole punching can do: a port that nobody can foretell meets no filter by port. */
function isPunchable(a: Kind, b: Kind): boolean {
  const isLost = (kind: Kind, other: Kind): boolean =>
    kind === 'symmetric, random' && (other === 'port-restricted' || HARD.includes(other))
  return !isLost(a, b) && !isLost(b, a)
}

async function stageOf(seed: number, kinds: Kind[]): Promise<{ stage: NatStage; people: Inhabitant[] }> {
  const stage = new NatStage(seed)
  for (let i = 0; i < 3; i++) await stage.join('public')
  const people: Inhabitant[] = []
  for (const kind of kinds) people.push(await stage.join(kind))
  await stage.run(20_000)
  return { stage, people }
}

describe('without volunteers', () => {
  it.each(KINDS.flatMap((a) => KINDS.map((b) => [a, b] as const)))('%s calls %s', async (a, b) => {
    const { stage, people } = await stageOf(31, [a, b])
    const [alice, bob] = people as [Inhabitant, Inhabitant]
    const before = pathBetween(alice, bob)
    alice.node.keepInTouch(bob.node.self.id)
    const tookMs = await stage.until(() => pathBetween(alice, bob) !== 'none', 8_000)
    console.log(`${a} -> ${b}: before ${before}, ${pathBetween(alice, bob)} after ${tookMs ?? '-'} ms`)
    expect(pathBetween(alice, bob)).toBe(isPunchable(a, b) ? 'direct' : 'none')
  })
})

const HELP = { helpOthers: true, bytesPerSecond: 1e6, bytesPerMonth: 1e12, circuits: 100 }

/** Three public nodes, of which the last two are volunteers, and two people with reservations at them. */
async function helpedStage(seed: number, kinds: [Kind, Kind]) {
  const stage = new NatStage(seed)
  const [, ...volunteers] = [await stage.join('public'), await stage.join('public'), await stage.join('public')]
  for (const { node } of volunteers) node.relays!.setHelp(HELP)
  const people = [await stage.join(kinds[0]), await stage.join(kinds[1])] as const
  for (const { node } of people)
    for (const volunteer of volunteers) {
      node.keepInTouch(volunteer.node.self.id)
      await stage.until(() => node.relays !== undefined && pathBetween(volunteer, people[0]) !== 'none', 2_000)
      node.relays!.reserve(volunteer.node.self.id).then((x) => console.log('reserved', x), (e) => console.log('no', e))
    }
  await stage.run(40_000) // until the address book says so
  return { stage, volunteers, alice: people[0], bob: people[1] }
}

describe('with volunteers', () => {
  it('two nodes whose NATs cannot be punched talk through one within half a second', async () => {
    const { stage, alice, bob } = await helpedStage(41, ['symmetric, random', 'port-restricted'])
    expect(pathBetween(alice, bob)).toBe('none')
    alice.node.keepInTouch(bob.node.self.id)
    const tookMs = await stage.until(() => pathBetween(alice, bob) !== 'none', 8_000)
    console.log(`relayed after ${tookMs} ms`, bob.node.relays!.reservations.length, alice.node.relays!.reservations.length, JSON.stringify(bob.node.status().dropped), JSON.stringify(alice.node.status().dropped), JSON.stringify(bob.node.status().relay))
    expect(pathBetween(alice, bob)).toBe('relayed')
    expect(tookMs).toBeLessThan(700)
    void alice.node.send(bob.node.self.id, new TextEncoder().encode('through a volunteer'))
    expect(await stage.until(() => bob.received.length > 0, 500)).toBeDefined()
  })
})
