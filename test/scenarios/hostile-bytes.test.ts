import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { type Link, type LinkEvents, type Links } from '../../main/overlay/transport/links.ts'
import { MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { type Inhabitant, ModelledWorld } from '../../simulator/links/modelled-world.ts'

const SEED = 501

/** Listens in on one node's links, so that real messages can be played back with changes. */
function tap(inhabitant: Inhabitant): { messages: Bytes[]; receive(link: Link, message: Bytes): void } {
  const messages: Bytes[] = []
  const links = inhabitant.links as Links & { arrived(link: Link, message: Bytes): void }
  const arrived = links.arrived.bind(links)
  links.arrived = (link, message) => {
    messages.push(message)
    arrived(link, message)
  }
  return { messages, receive: arrived }
}

it(`no bytes make a receiver throw, and the network still works (seed ${SEED})`, async () => {
  const world = new ModelledWorld({ seed: SEED })
  await world.grow(8)
  const { messages, receive } = tap(world.alive[2]!)
  const topic = world.alive[5]!.identity.id
  for (const { node } of world.alive) node.subscribe(topic)
  await world.run(60_000)
  await world.finish(world.alive[0]!.node.publish(topic, Uint8Array.of(1)))
  const link = [...world.alive[2]!.links.all()][0]!
  const real = messages.slice(-200)
  const types = Object.values(MESSAGE)
  const noise = fc
    .tuple(fc.constantFrom(...types, 0, 255), fc.uint8Array({ maxLength: 300 }))
    .map(([type, rest]) => Uint8Array.of(type, ...rest))
  const mutated = fc
    .tuple(fc.nat(real.length - 1), fc.nat(), fc.nat(255), fc.nat())
    .map(([which, at, byte, cut]) => {
      const copy = Uint8Array.from(real[which]!)
      copy[1 + (at % (copy.length - 1 || 1))] = byte
      return copy.slice(0, cut % 3 === 0 ? cut % copy.length : copy.length)
    })
  fc.assert(
    fc.property(fc.oneof(noise, mutated), (bytes) => receive(link, bytes)),
    { numRuns: 3000, seed: SEED },
  )
  await world.run(60_000)
  expect(world.errors).toEqual([])
  const { dropped } = world.alive[2]!.node.status()
  expect(Object.keys(dropped).some((reason) => reason.endsWith('malformed'))).toBe(true)
  expect(await world.finish(world.alive[1]!.node.publish(topic, Uint8Array.of(2)))).toEqual({
    kind: 'accepted',
  })
})

it('a receiver without bytes, or of an unknown type, only counts', async () => {
  const world = new ModelledWorld({ seed: SEED + 1 })
  await world.grow(2)
  await world.run(2000)
  const [a, b] = world.alive
  const events = a!.links as Links & { arrived: LinkEvents['message'] }
  events.arrived([...b!.links.all()][0]!, new Uint8Array(0))
  events.arrived([...b!.links.all()][0]!, Uint8Array.of(200, 1))
  expect(a!.node.status().dropped['message of unknown type']).toBe(2)
})
