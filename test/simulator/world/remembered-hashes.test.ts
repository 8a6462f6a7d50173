import { expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { rememberingHashes } from '../../../simulator/world/remembered-hashes.ts'

it('a chain counted a second time costs no hash, and is the same', () => {
  let computed = 0
  const hash = rememberingHashes((value) => {
    computed++
    return hostCrypto.hash(value)
  })
  const countOn = (): Uint8Array[] => {
    const chain = [new Uint8Array(16).fill(7)]
    for (let i = 0; i < 24; i++) chain.push(hash(chain[i]!).slice(0, 16))
    return chain
  }
  const first = countOn()
  expect(computed).toBe(24)
  expect(countOn()).toEqual(first)
  expect(computed).toBe(24)
})

it('values of one place do not take each other for their own', () => {
  const hash = rememberingHashes((value) => hostCrypto.hash(value))
  const values = [0, 1, 2].map((last) => Uint8Array.of(...new Array<number>(15).fill(3), last))
  for (const value of [...values, ...values, new Uint8Array(16), new Uint8Array(17)])
    expect(hash(value)).toEqual(hostCrypto.hash(value))
})
