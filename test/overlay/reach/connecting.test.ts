import { describe, expect, it } from 'vitest'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import { type Inhabitant, type Kind, NATS, NatStage, pathBetween } from './nat-stage.ts'

const KINDS = ['public', ...Object.keys(NATS)] as Kind[]
const COUNTING: Kind[] = ['symmetric, sequential', 'symmetric, descending']
const HARD: Kind[] = [...COUNTING, 'symmetric, random']

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
    if (COUNTING.includes(a) && COUNTING.includes(b)) return // by luck: each must guess the other's port
    expect(pathBetween(alice, bob)).toBe(isPunchable(a, b) ? 'direct' : 'none')
  })
})

const HELP = { helpOthers: true, bytesPerSecond: 1e6, bytesPerMonth: 1e12, circuits: 100 }

/** Three public nodes, of which the last two are volunteers, and two people with reservations at them. */
async function helpedStage(seed: number, kinds: [Kind, Kind], way?: 'cut') {
  const stage = new NatStage(seed)
  const people = [await stage.join('public'), await stage.join('public'), await stage.join('public')]
  const [, ...volunteers] = people
  for (const { node } of volunteers) node.relays!.setHelp(HELP)
  const alice = await stage.join(kinds[0])
  const bob = await stage.join(kinds[1], way === 'cut' ? alice : undefined)
  await stage.run(40_000) // until they have found volunteers, and the address book says so
  return { stage, people, volunteers, alice, bob }
}

describe('with volunteers', () => {
  it('two nodes whose NATs cannot be punched talk through one within half a second', async () => {
    const { stage, alice, bob } = await helpedStage(41, ['symmetric, random', 'port-restricted'])
    expect(pathBetween(alice, bob)).toBe('none')
    alice.node.keepInTouch(bob.node.self.id)
    const tookMs = await stage.until(() => pathBetween(alice, bob) !== 'none', 8_000)
    console.log(`relayed after ${tookMs} ms`)
    expect(pathBetween(alice, bob)).toBe('relayed')
    expect(tookMs).toBeLessThan(500)
    void alice.node.send(bob.node.self.id, bytes('through a volunteer'))
    expect(await stage.until(() => bob.received.length > 0, 500)).toBeDefined()
  })

  it('a first message that the route swallows arrives over the session that comes meanwhile', async () => {
    const { stage, people, alice, bob } = await helpedStage(45, ['symmetric, random', 'port-restricted'])
    const text = 'swallowed on its way'
    let swallowed = 0
    for (const { endpoint } of people) {
      const link = endpoint.get(bob.node.self.id)
      if (!link) continue
      const send = link.send.bind(link)
      link.send = (message, acked, urgency) => {
        const isIt = message[0] === MESSAGE.routed && Buffer.from(message).includes(text)
        if (!isIt) return send(message, acked, urgency)
        swallowed++
        acked?.(true)
      }
    }
    const { noiseKey, addresses } = bob.endpoint.self
    alice.node.keepInTouch(bob.node.self.id, { noiseKey, addresses })
    void alice.node.send(bob.node.self.id, bytes(text))
    const tookMs = await stage.until(() => bob.received.includes(text), 3_000)
    expect(swallowed).toBeGreaterThan(0)
    expect(tookMs).toBeLessThan(1_000)
  })

  it('a relayed session moves to the direct path once there is one, and back when it dies', async () => {
    const { stage, alice, bob } = await helpedStage(42, ['port-restricted', 'port-restricted'], 'cut')
    alice.node.keepInTouch(bob.node.self.id)
    await stage.until(() => pathBetween(alice, bob) !== 'none', 8_000)
    await stage.run(200)
    expect([pathBetween(alice, bob), pathBetween(bob, alice)]).toEqual(['relayed', 'relayed'])
    const session = alice.endpoint.get(bob.node.self.id)
    stage.mend(alice, bob)
    const upMs = await stage.until(() => pathBetween(alice, bob) === 'direct', 200_000)
    await stage.run(1_000)
    expect([pathBetween(alice, bob), pathBetween(bob, alice)]).toEqual(['direct', 'direct'])
    stage.cut(alice, bob)
    void alice.node.send(bob.node.self.id, bytes('after the cut'))
    const backMs = await stage.until(() => bob.received.includes('after the cut'), 5_000)
    console.log(`direct ${upMs} ms after it could be; over the volunteer again after ${backMs} ms`)
    expect(backMs).toBeLessThan(3_000)
    await stage.run(2_000)
    expect(alice.endpoint.get(bob.node.self.id)).toBe(session)
    expect(pathBetween(alice, bob)).toBe('relayed')
  })

  it('a session whose circuit was closed long ago gets another one when the direct path dies', async () => {
    const { stage, volunteers, alice, bob } = await helpedStage(
      45,
      ['port-restricted', 'port-restricted'],
      'cut',
    )
    alice.node.keepInTouch(bob.node.self.id)
    await stage.until(() => pathBetween(alice, bob) !== 'none', 8_000)
    stage.mend(alice, bob)
    await stage.until(() => pathBetween(alice, bob) === 'direct', 200_000)
    for (const [from, to] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await stage.until(() => pathBetween(from, to) === 'direct', 200_000)
      await stage.run(400_000)
      expect(volunteers.map(({ node }) => node.status().relay!.circuits)).toEqual([0, 0])
      const session = from.endpoint.get(to.node.self.id)
      stage.cut(alice, bob)
      void from.node.send(to.node.self.id, bytes(`after the cut, by ${from.outside}`))
      const tookMs = await stage.until(() => pathBetween(from, to) === 'relayed', 6_000)
      console.log(`no circuit any more: a new one ${tookMs} ms after the message`)
      expect(tookMs).toBeLessThan(3_000)
      await stage.run(1_000)
      expect(to.received).toContain(`after the cut, by ${from.outside}`)
      expect(from.endpoint.get(to.node.self.id)).toBe(session)
      stage.mend(alice, bob)
    }
  })

  it('the conversation goes on when the volunteer dies in the middle of a message', async () => {
    const { stage, volunteers, alice, bob } = await helpedStage(43, ['symmetric, random', 'port-restricted'])
    alice.node.keepInTouch(bob.node.self.id)
    await stage.until(() => pathBetween(alice, bob) === 'relayed', 8_000)
    const to = bob.node.self.id
    void alice.node.send(to, new Uint8Array(100_000).fill(46))
    await stage.run(60)
    const inUse = volunteers.find(({ node }) => node.status().relay!.circuits > 0)!
    await stage.kill(inUse)
    void alice.node.send(to, bytes('the next'))
    const tookMs = await stage.until(() => bob.received.includes('the next'), 10_000)
    console.log(`the volunteer died: ${tookMs} ms until the next message`)
    expect(tookMs).toBeLessThan(3_000)
    await stage.run(10_000)
    expect(pathBetween(alice, bob)).toBe('relayed') // through the other
  })

  it.each(['port-restricted', 'symmetric, random'] as Kind[])(
    'a NAT (%s) that was switched off and on is no obstacle, once who is behind it has sent something',
    async (kind) => {
      const { stage, alice, bob } = await helpedStage(44, [kind, 'port-restricted'])
      alice.node.keepInTouch(bob.node.self.id)
      await stage.until(() => pathBetween(alice, bob) !== 'none', 8_000)
      const tookMs: (number | undefined)[] = []
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        await stage.run(5_000)
        alice.box!.restart()
        const words = `${from.kind} after the restart`
        const has = (): boolean => to.received.includes(words)
        let tookMsThen: number | undefined
        for (let tries = 0; tries < 20 && tookMsThen === undefined; tries++) {
          void from.node.send(to.node.self.id, bytes(words)) // as an outbox does
          const ms = await stage.until(has, 2_000)
          if (ms !== undefined) tookMsThen = 2_000 * tries + ms
        }
        tookMs.push(tookMsThen)
      }
      console.log(`NAT restarted: ${tookMs[0]} ms to say something, ${tookMs[1]} ms to hear something`)
      expect(tookMs[0]).toBeLessThan(3_000)
      // Until Alice's own upkeep or keep-alive opens the way, nothing at all gets in.
      expect(tookMs[1]).toBeLessThan(30_000)
    },
  )
})

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
