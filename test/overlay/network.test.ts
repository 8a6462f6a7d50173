import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { mainNetwork, networkOf } from '../../main/overlay/network.ts'

describe('networks', () => {
  it('have different ids when name or puzzle differ', () => {
    const ids = [mainNetwork(crypto), networkOf(crypto, 'main', 11), networkOf(crypto, 'test', 12)].map(
      (network) => Buffer.from(network.id).toString('hex'),
    )
    expect(new Set(ids).size).toBe(3)
    expect(networkOf(crypto, 'main', 12).id).toEqual(mainNetwork(crypto).id)
  })
})
