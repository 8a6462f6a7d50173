// What strangers send to an endpoint to begin a handshake: initiations that are as good as a caller's, and such as only
// look like it. Neither costs the stranger an address.

import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Bytes, EMPTY } from '../../../main/overlay/base/bytes.ts'
import { encodeHello, networkTagOf, prologueOf } from '../../../main/overlay/wire/packet-handshake.ts'
import {
  type Initiation,
  NOISE_HELLO_BYTES,
  PROTOCOL_VERSION,
  encodeInitiation,
} from '../../../main/overlay/wire/packet.ts'
import { type Peer, type World, testNetwork } from './world.ts'

/** The fields outside the Noise message, as a node of the test network fills them in. */
const OUTSIDE: Omit<Initiation, 'noise'> = {
  version: PROTOCOL_VERSION,
  networkTag: networkTagOf(testNetwork),
  token: EMPTY,
}

/** Initiations that open, each with a key of its own. `spokenVersion` is the one their Noise message is bound to. */
export function validInitiations(
  world: World,
  to: Peer,
  count: number,
  changed: Partial<Initiation> & { spokenVersion?: number } = {},
): Bytes[] {
  const { spokenVersion = PROTOCOL_VERSION, ...outside } = changed
  const caller = world.identity()
  const prologue = prologueOf(testNetwork, spokenVersion)
  const target = to.identity.noiseKey.publicKey
  return Array.from({ length: count }, (_, connectionId) => {
    const ephemeral = hostCrypto.agreementKeyPair(world.random.bytes(32))
    const noise = hostCrypto.noiseInitiator(caller.noiseKey, target, prologue, ephemeral)
    const hello = encodeHello({ connectionId, record: caller.selfRecord([]) })
    return encodeInitiation({ ...OUTSIDE, ...outside, noise: noise.write(hello) })
  })
}

/** It takes a key agreement to find out that this is none. */
export function emptyInitiation(world: World, outside: Partial<Initiation> = {}): Bytes {
  const noise = new Uint8Array(NOISE_HELLO_BYTES)
  noise.set(world.random.bytes(32))
  return encodeInitiation({ ...OUTSIDE, noise, ...outside })
}
