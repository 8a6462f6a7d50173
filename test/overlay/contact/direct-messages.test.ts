import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { type Bytes, utf8 } from '../../../main/overlay/base/bytes.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { encodeSignedDirect } from '../../../main/overlay/wire/direct-message.ts'
import { APPLICATION } from '../../../main/overlay/wire/message-types.ts'
import { encodeRouted } from '../../../main/overlay/wire/routed-message.ts'
import { type Inhabitant, ModelledWorld } from '../../../simulator/links/modelled-world.ts'

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
