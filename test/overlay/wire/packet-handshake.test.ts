// Golden bytes: two nodes from fixed seeds, and every packet of their handshake as it stands on the wire. A change here is
// a change of the protocol: it needs a new PROTOCOL_VERSION, and `UPDATE_VECTORS=1` writes the new bytes.

import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Bytes, toHex } from '../../../main/overlay/base/bytes.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type Crypto } from '../../../main/overlay/ports/crypto.ts'
import { type Session } from '../../../main/overlay/transport/session.ts'
import {
  decodeAnswer,
  decodeHello,
  encodeAnswer,
  networkTagOf,
} from '../../../main/overlay/wire/packet-handshake.ts'
import { emptyInitiation } from '../transport/initiations.ts'
import { type Peer, World, targetOf } from '../transport/world.ts'

const VECTORS = {
  quiet: new URL('../../vectors/handshake.json', import.meta.url),
  busy: new URL('../../vectors/handshake-with-retry.json', import.meta.url),
}

const CROWD = { host: '192.0.2.3', port: 3 }

/** As many callers as a node computes for before it asks for tokens. */
function crowd(world: World, bob: Peer, networkTag: Bytes): void {
  for (let i = 0; i < 102; i++) bob.socket.arrive(emptyInitiation(world, { networkTag }), CROWD)
}

async function handshake(bobIs: keyof typeof VECTORS): Promise<Record<string, string>> {
  const network = networkOf(hostCrypto, 'vectors', 0)
  const seed = (fill: number) => new Uint8Array(32).fill(fill)
  const world = new World(2026, { jitterMs: 0 })
  const secrets: Record<string, string> = {}
  const packets: Record<string, string> = {}
  world.net.tap((datagram, from, to) => {
    if (to.host === CROWD.host) return
    packets[`${Object.keys(packets).length} from ${from.host}`] = toHex(datagram)
  })
  /** Notes what is drawn for the handshake, so that others can make the same. */
  const noting = (name: string): Crypto => ({
    ...hostCrypto,
    agreementKeyPair(drawn) {
      secrets[`${name} ephemeral secret key`] = toHex(drawn)
      return hostCrypto.agreementKeyPair(drawn)
    },
  })
  const alice = world.peer('192.0.2.1', {
    network,
    crypto: noting('alice'),
    port: 1,
    identity: new Identity(hostCrypto, network, { node: seed(1), noise: seed(2) }),
  })
  const bob = world.peer('192.0.2.2', {
    network,
    crypto: noting('bob'),
    port: 2,
    identity: new Identity(hostCrypto, network, { node: seed(3), noise: seed(4) }),
  })
  if (bobIs === 'busy') world.clock.after(39, () => crowd(world, bob, networkTagOf(network)))
  const link = await world.until(alice.endpoint.dial(targetOf(bob)))
  link.send(new TextEncoder().encode('a banyan is one tree with many trunks'))
  await world.run(500)
  expect(bob.received.length).toBe(1)
  const { keys } = (link as Session).facts
  return {
    ...{ 'network name': network.name, 'network puzzle bits': '0', 'network id': toHex(network.id) },
    ...{ 'alice node key seed': toHex(seed(1)), 'alice noise secret key': toHex(seed(2)) },
    ...{ 'bob node key seed': toHex(seed(3)), 'bob noise secret key': toHex(seed(4)) },
    ...{ 'alice id': alice.identity.id, 'bob id': bob.identity.id },
    ...secrets,
    ...{ 'alice to bob key': toHex(keys.send), 'bob to alice key': toHex(keys.receive) },
    ...packets,
  }
}

describe('a handshake from fixed seeds', () => {
  it.each(['quiet', 'busy'] as const)('with a %s node has these bytes', async (bobIs) => {
    const made = await handshake(bobIs)
    const file = VECTORS[bobIs]
    if (process.env.UPDATE_VECTORS) writeFileSync(file, JSON.stringify(made, undefined, 2) + '\n')
    expect(made).toEqual(JSON.parse(readFileSync(file, 'utf8')))
  })
})

describe('handshake payloads', () => {
  const network = networkOf(hostCrypto, 'payloads', 0)
  const identity = new Identity(hostCrypto, network, { node: new Uint8Array(32), noise: new Uint8Array(32) })
  const record = identity.selfRecord([
    { host: '192.0.2.1', port: 7 },
    { host: '2001:db8::1', port: 8 },
  ])
  const answer = {
    status: 'welcome' as const,
    connectionId: 12345,
    observed: { host: '192.0.2.9', port: 9 },
    record,
  }

  it('come back as they went', () => {
    expect(decodeAnswer(encodeAnswer(answer), hostCrypto)).toEqual(answer)
  })

  it('cut anywhere fail with a typed error', () => {
    const bytes = encodeAnswer(answer)
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeAnswer(bytes.subarray(0, length), hostCrypto)).toThrowError(BanyanError)
      if (length < 137)
        expect(() => decodeHello(bytes.subarray(0, length), hostCrypto)).toThrowError(BanyanError)
    }
    bytes[0] = 77
    expect(() => decodeAnswer(bytes, hostCrypto)).toThrowError(expect.objectContaining({ code: 'malformed' }))
  })
})
