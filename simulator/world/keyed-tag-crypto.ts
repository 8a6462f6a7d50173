// A Crypto port for networks so large that real signatures would be most of the work. Hashes are real. A signature is a
// tag over public key and message under a secret of the simulation: to make one takes the seed whose public key it is,
// so what an attacker in the simulation forges fails as it would outside. There is no handshake and no sealing at this
// depth (sessions are modelled), and asking for them is an error.

import { hostCrypto } from '../../main/host/crypto.ts'
import { type Bytes, concat, equal } from '../../main/overlay/base/bytes.ts'
import { type Crypto, SIGNATURE_BYTES } from '../../main/overlay/ports/crypto.ts'
import { SeededRandom } from '../kernel/seeded-random.ts'
import { rememberingHashes } from './remembered-hashes.ts'

const SEED_BYTES = 32
const LANES = 4
const LANE_PRIMES = [0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1] as const

export function keyedTagCrypto(simulationSeed: number): Crypto {
  const secret = new SeededRandom(simulationSeed ^ 0x5ec2e7).bytes(SEED_BYTES)
  const publicOf = (seed: Uint8Array): Bytes => hostCrypto.hash(secret, seed)
  const hash = rememberingHashes((value) => hostCrypto.hash(value))
  const notHere = (): never => {
    throw new Error('modelled sessions have no handshake and no sealed packets')
  }
  return {
    // Each part is a crossing into native code of its own.
    hash: (...parts) => (parts.length === 1 ? hash(parts[0]!) : hostCrypto.hash(concat(...parts))),
    signingKeyPair: (seed) => {
      const publicKey = publicOf(seed)
      return { publicKey, secretKey: concat(seed, publicKey) }
    },
    sign(message, secretKey) {
      const publicKey = secretKey.slice(SEED_BYTES)
      const isOwn = equal(publicOf(secretKey.subarray(0, SEED_BYTES)), publicKey)
      return isOwn ? tag(secret, publicKey, message) : new Uint8Array(SIGNATURE_BYTES)
    },
    verify: (message, signature, publicKey) =>
      signature.length === SIGNATURE_BYTES && equal(tag(secret, publicKey, message), signature),
    agreementKeyPair: (seed) => ({ publicKey: publicOf(seed), secretKey: seed.slice() }),
    authenticate: notHere,
    isAuthentic: notHere,
    noiseInitiator: notHere,
    noiseResponder: notHere,
    seal: notHere,
    open: notHere,
  }
}

/** 128 bits, four times over: nobody in a simulation guesses, and nobody there computes it without the secret. */
function tag(secret: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Bytes {
  const out = new Uint8Array(SIGNATURE_BYTES)
  for (let lane = 0; lane < LANES; lane++) {
    const prime = LANE_PRIMES[lane]!
    let hash = prime ^ message.length
    for (const part of [secret, publicKey, message])
      for (let i = 0; i < part.length; i++) hash = stir(hash ^ part[i]!, prime)
    for (let i = 0; i < SIGNATURE_BYTES / LANES; i++) {
      if (i % 4 === 0) hash = stir(hash + i, prime)
      out[(SIGNATURE_BYTES / LANES) * lane + i] = hash >>> (8 * (i % 4))
    }
  }
  return out
}

function stir(word: number, prime: number): number {
  const mixed = Math.imul(word, prime)
  return mixed ^ (mixed >>> 15)
}
