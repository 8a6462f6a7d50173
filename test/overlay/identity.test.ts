import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { Identity, searchIdentity } from '../../main/overlay/identity.ts'
import { networkOf } from '../../main/overlay/network.ts'
import { MAX_ADDRESSES, verifyPeerRecord } from '../../main/overlay/wire/peer-record.ts'
import { SeededRandom } from '../../simulator/kernel/seeded-random.ts'

const network = networkOf(crypto, 'identities', 6)

function found(seed: number): { identity: Identity; steps: number } {
  const random = new SeededRandom(seed)
  for (let steps = 1; ; steps++) {
    const identity = searchIdentity(crypto, random, network, 10)
    if (identity) return { identity, steps }
  }
}

describe('an identity', () => {
  it('is found in steps, holds in its network, and comes back from its seeds', () => {
    const { identity, steps } = found(1)
    expect(steps).toBeGreaterThan(1)
    const record = identity.selfRecord([])
    verifyPeerRecord(record, crypto, network)
    const again = new Identity(crypto, network, identity.seeds)
    expect(again.selfRecord([])).toEqual(record)
  })

  it('does not hold in another network', () => {
    const { identity } = found(2)
    const record = identity.selfRecord([])
    const other = networkOf(crypto, 'others', 0)
    expect(() => verifyPeerRecord(record, crypto, other)).toThrowError(
      expect.objectContaining({ code: 'bad-signature' }),
    )
    const harder = networkOf(crypto, 'identities', 30)
    expect(() => new Identity(crypto, harder, identity.seeds)).toThrowError(
      expect.objectContaining({ code: 'bad-puzzle' }),
    )
  })

  it('names only as many addresses as a record may hold', () => {
    const addresses = Array.from({ length: 9 }, (_, i) => ({ host: `10.0.0.${i}`, port: 1 }))
    expect(found(3).identity.selfRecord(addresses).addresses).toEqual(addresses.slice(0, MAX_ADDRESSES))
  })
})
