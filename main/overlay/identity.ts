// Who an installation is: a node key (Ed25519) and a noise key (X25519) from two 32-byte seeds, and the certificate by
// which the first vouches for the second. The seeds are all that has to be kept.

import { type Bytes } from './base/bytes.ts'
import { BanyanError } from './base/errors.ts'
import { type NodeId, idToBytes } from './base/id.ts'
import { type Network } from './network.ts'
import { type Crypto, type KeyPair } from './ports/crypto.ts'
import { type Address } from './ports/datagram-socket.ts'
import { type Random } from './ports/random.ts'
import { MAX_ADDRESSES, type PeerRecord, certificateBody, nodeIdOf, puzzleBits } from './wire/peer-record.ts'

export const SEED_BYTES = 32

export interface IdentitySeeds {
  node: Bytes
  noise: Bytes
}

export class Identity {
  readonly id: NodeId
  readonly seeds: IdentitySeeds
  readonly nodeKey: KeyPair
  readonly noiseKey: KeyPair
  readonly certificate: Bytes

  /** Errors: bad-puzzle where the node seed's id is too cheap for this network. */
  constructor(crypto: Crypto, network: Network, seeds: IdentitySeeds) {
    this.seeds = seeds
    this.nodeKey = crypto.signingKeyPair(seeds.node)
    this.noiseKey = crypto.agreementKeyPair(seeds.noise)
    this.id = nodeIdOf(crypto, this.nodeKey.publicKey)
    if (puzzleBits(crypto, idToBytes(this.id)) < network.puzzleBits)
      throw new BanyanError('bad-puzzle', 'the node id does not satisfy the puzzle of this network')
    const body = certificateBody(network.id, this.noiseKey.publicKey)
    this.certificate = crypto.sign(body, this.nodeKey.secretKey)
  }

  /** The record under which others may know this node, with the first addresses of the list. */
  selfRecord(addresses: readonly Address[]): PeerRecord {
    return {
      id: this.id,
      nodeKey: this.nodeKey.publicKey,
      noiseKey: this.noiseKey.publicKey,
      certificate: this.certificate,
      addresses: addresses.slice(0, MAX_ADDRESSES),
    }
  }
}

/**
 * Tries so many node seeds against the network's puzzle. The caller repeats it, with a pause for the rest of the
 * program between, until it returns an identity: a puzzle of b bits takes about 2^b tries of some 40 microseconds.
 */
export function searchIdentity(
  crypto: Crypto,
  random: Random,
  network: Network,
  tries: number,
): Identity | undefined {
  for (let i = 0; i < tries; i++) {
    const node = random.bytes(SEED_BYTES)
    const id = nodeIdOf(crypto, crypto.signingKeyPair(node).publicKey)
    if (puzzleBits(crypto, idToBytes(id)) < network.puzzleBits) continue
    return new Identity(crypto, network, { node, noise: random.bytes(SEED_BYTES) })
  }
  return undefined
}
