// Which Banyan network this is. Its id is part of every handshake and certificate: nodes of different networks never talk.

import { type Bytes, concat, utf8 } from './base/bytes.ts'
import { type Crypto } from './ports/crypto.ts'

export interface Network {
  readonly name: string
  readonly id: Bytes
  /** Leading zero bits that BLAKE2b-256(node id) must have. Part of the network's id. */
  readonly puzzleBits: number
}

/** About 4,000 key pairs, some 0.15 s: little for one computer, much for a million ids. */
const MAIN_PUZZLE_BITS = 12

export function networkOf(crypto: Crypto, name: string, puzzleBits: number): Network {
  return {
    name,
    puzzleBits,
    id: crypto.hash(concat(utf8(`banyan network ${name}`), Uint8Array.of(puzzleBits))),
  }
}

export function mainNetwork(crypto: Crypto): Network {
  return networkOf(crypto, 'main', MAIN_PUZZLE_BITS)
}
