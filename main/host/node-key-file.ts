// The key of a node without an account: a file only its owner may read, or, with a passphrase, a sealed one.
//
//   node.key      node seed 32 | noise seed 32
//   node.sealed   the same, as a sealed file (sealed-file.ts)

import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Bytes, concat } from '../overlay/base/bytes.ts'
import { BanyanError } from '../overlay/base/errors.ts'
import { type IdentitySeeds, SEED_BYTES, searchIdentity } from '../overlay/identity.ts'
import { type Network } from '../overlay/network.ts'
import { hostCrypto } from './crypto.ts'
import { hostRandom } from './random.ts'
import { SealedFile } from './sealed-file.ts'

const TRIES_AT_ONCE = 1_000

export class NodeKeyFile {
  readonly #plain: string
  readonly #sealed: string

  constructor(profilePath: string) {
    this.#plain = path.join(profilePath, 'node.key')
    this.#sealed = path.join(profilePath, 'node.sealed')
  }

  /** Which of the two is in use, for the log. */
  get words(): string {
    return existsSync(this.#sealed)
      ? 'sealed with a passphrase (node.sealed)'
      : 'in a file only you can read (node.key)'
  }

  /** Errors: passphrase-needed, wrong-passphrase, store-damaged, store-full. */
  async loadOrCreate(network: Network, passphrase: string | undefined): Promise<IdentitySeeds> {
    if (existsSync(this.#sealed)) return seedsOf(await this.#unseal(passphrase))
    if (existsSync(this.#plain)) return seedsOf(Uint8Array.from(await readFile(this.#plain)))
    const seeds = await newSeeds(network)
    const bytes = concat(seeds.node, seeds.noise)
    if (passphrase === undefined) await writePrivate(this.#plain, bytes)
    else await new SealedFile(this.#sealed).save(bytes, passphrase)
    return seeds
  }

  #unseal(passphrase: string | undefined): Promise<Bytes> {
    if (passphrase === undefined)
      throw new BanyanError(
        'passphrase-needed',
        'the node key is sealed: give its passphrase with --passphrase-file',
      )
    return new SealedFile(this.#sealed).load(passphrase)
  }
}

function seedsOf(bytes: Bytes): IdentitySeeds {
  if (bytes.length !== 2 * SEED_BYTES)
    throw new BanyanError('store-damaged', 'the node key file has the wrong length')
  return { node: bytes.slice(0, SEED_BYTES), noise: bytes.slice(SEED_BYTES) }
}

async function newSeeds(network: Network): Promise<IdentitySeeds> {
  for (;;) {
    const identity = searchIdentity(hostCrypto, hostRandom, network, TRIES_AT_ONCE)
    if (identity) return identity.seeds
    await new Promise(setImmediate) // signals get their turn while the puzzle is tried
  }
}

async function writePrivate(file: string, bytes: Bytes): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
