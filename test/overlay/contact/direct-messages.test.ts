import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { type Bytes, EMPTY, utf8 } from '../../../main/overlay/base/bytes.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { type SendResult } from '../../../main/overlay/api.ts'
import {
  encodeReceipt,
  encodeSignedDirect,
  openSignedDirect,
  verifyReceipt,
} from '../../../main/overlay/wire/direct-message.ts'
import { APPLICATION } from '../../../main/overlay/wire/message-types.ts'
import { encodeRouted } from '../../../main/overlay/wire/routed-message.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { walledWorld } from '../unicast/walled-world.ts'

interface Story {
  world: ModelledWorld
  alice: Inhabitant
  bob: Inhabitant
  relay: Inhabitant
  heard: string[]
  /** Puts a routed message on the relay's link to Bob. */
  inject(payload: Bytes, source: NodeId): Promise<void>
}

async function begin(seed: number): Promise<Story> {
  const world = new ModelledWorld({ seed })
  await world.grow(4)
  await world.run(5000)
  const [alice, bob, relay] = world.alive as [Inhabitant, Inhabitant, Inhabitant]
  const heard: string[] = []
  bob.node.on({
    message: (from, payload) => heard.push(`${nameOf(from)}: ${new TextDecoder().decode(payload)}`),
  })
  const nameOf = (id: NodeId): string => (id === alice.identity.id ? 'alice' : 'somebody')
  const inject = async (payload: Bytes, source: NodeId): Promise<void> => {
    const head = {
      requestId: `00000000000000${heard.length}${++injected}`.slice(-16),
      key: bob.identity.id,
      source,
    }
    const rest = {
      application: APPLICATION.direct,
      isExact: true,
      hops: 1,
      offset: 0,
      detoursLeft: 0,
      isFollowing: false,
      keyHops: 255,
      visited: [],
    }
    relay.links.get(bob.identity.id)!.send(encodeRouted({ ...head, ...rest, payload }))
    await world.run(500)
  }
  let injected = 0
  return { world, alice, bob, relay, heard, inject }
}

describe('a direct message over a route', () => {
  it('that a relay delivers again and again is heard once, and again only when it was sent again', async () => {
    const { alice, bob, heard, inject } = await begin(601)
    const to = bob.identity.id
    const sign = (number: number): Bytes =>
      encodeSignedDirect(crypto, alice.identity.nodeKey, {
        to,
        number: new Uint8Array(8).fill(number),
        payload: utf8('hi'),
      })
    for (let i = 0; i < 5; i++) await inject(sign(1), alice.identity.id)
    expect(heard).toEqual(['alice: hi'])
    expect(bob.node.status().dropped['direct message: repeated']).toBe(4)
    await inject(sign(2), alice.identity.id)
    expect(heard).toEqual(['alice: hi', 'alice: hi'])
  })

  it('is answered with a receipt each time it comes', async () => {
    const { world, alice, bob, heard } = await begin(605)
    const message = { from: alice.identity.id, to: bob.identity.id, number: new Uint8Array(8).fill(3) }
    const signed = encodeSignedDirect(crypto, alice.identity.nodeKey, { ...message, payload: utf8('hi') })
    for (let i = 0; i < 2; i++) {
      const options = { timeoutMs: 5000, isExact: true }
      const asked = alice.node.routes.request(message.to, APPLICATION.direct, signed, options)
      verifyReceipt(crypto, message, (await world.finish(asked)).payload)
    }
    expect(heard).toEqual(['alice: hi'])
  })

  it('is refused where its source is not its signer, where it was meant for another, and where it was changed', async () => {
    const { alice, bob, relay, heard, inject } = await begin(602)
    const message = { to: bob.identity.id, number: new Uint8Array(8), payload: utf8('pay him') }
    await inject(encodeSignedDirect(crypto, relay.identity.nodeKey, message), alice.identity.id)
    const toRelay = { ...message, to: relay.identity.id }
    await inject(encodeSignedDirect(crypto, alice.identity.nodeKey, toRelay), alice.identity.id)
    const changed = encodeSignedDirect(crypto, alice.identity.nodeKey, message)
    changed[32] = 1 // the number, so that it would look new
    await inject(changed, alice.identity.id)
    expect(heard).toEqual([])
    expect(bob.node.status().dropped[`routed ${APPLICATION.direct}: bad-signature`]).toBe(3)
  })
})

/** What a node on the way answers in the receiver's name; undefined: it passes the message on. */
type Lie = (signed: Bytes, bob: Inhabitant, liar: Inhabitant) => Bytes | undefined

interface Lied {
  result: SendResult
  heard: number
  falseReceipts: number
}

/** Alice and Bob cannot link, and whoever can be on a way between them lies. */
async function amongLiars(seed: number): Promise<{ send(lie: Lie): Promise<Lied> }> {
  const { world, behind } = walledWorld({ seed })
  await world.grow(12)
  await world.run(30_000)
  const [alice, bob] = world.sample(behind(), 2) as [Inhabitant, Inhabitant]
  let heard = 0
  bob.node.on({ message: () => heard++ })
  const counted = (): number => alice.node.status().dropped['direct message: false receipt'] ?? 0
  const send = async (lie: Lie): Promise<Lied> => {
    for (const liar of world.alive.filter((each) => each !== alice && each !== bob))
      liar.node.routes.register(APPLICATION.direct, {
        forward: ({ payload }) => {
          const reply = lie(payload, bob, liar)
          return reply ? { kind: 'consume', reply } : { kind: 'pass' }
        },
        deliver: () => EMPTY,
      })
    heard = 0
    const before = counted()
    const result = await world.finish(alice.node.send(bob.identity.id, utf8('hi')))
    return { result, heard, falseReceipts: counted() - before }
  }
  return { send }
}

describe('a direct message over a route that a node on it answers for', () => {
  it('goes another way', async () => {
    const { send } = await amongLiars(603)
    let lies = 0
    const sent = await send(() => (lies++ === 0 ? EMPTY : undefined))
    expect(sent).toEqual({ result: { kind: 'delivered', via: 'route' }, heard: 1, falseReceipts: 1 })
  })

  it('is not delivered, whatever the answer, unless Bob signed it for this message', async () => {
    const { send } = await amongLiars(604)
    const read = (signed: Bytes, bob: Inhabitant) => openSignedDirect(crypto, bob.identity.id, signed)
    const lies: Record<string, Lie> = {
      nothing: () => EMPTY,
      'the message itself': (signed) => signed,
      "the liar's own receipt": (signed, bob, liar) =>
        encodeReceipt(crypto, liar.identity.nodeKey, read(signed, bob)),
      "Bob's receipt of another message": (signed, bob) =>
        encodeReceipt(crypto, bob.identity.nodeKey, { ...read(signed, bob), number: '00'.repeat(8) }),
      "Bob's receipt for another sender": (signed, bob, liar) =>
        encodeReceipt(crypto, bob.identity.nodeKey, { ...read(signed, bob), from: liar.identity.id }),
    }
    for (const [what, lie] of Object.entries(lies)) {
      const { result, heard, falseReceipts } = await send(lie)
      expect({ what, is: result.kind, heard }).toEqual({ what, is: 'failed', heard: 0 })
      expect(falseReceipts).toBeGreaterThanOrEqual(2)
    }
  })
})
