import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import {
  DATAGRAM_BYTES,
  NOISE_HELLO_BYTES,
  PACKET_SEALED,
  connectionIdOf,
  decodeInitiation,
  decodeRefusal,
  decodeResponse,
  decodeRetry,
  encodeInitiation,
  encodeRefusal,
  encodeResponse,
  encodeRetry,
  isOddPhase,
  packetNumberOf,
  writeSealedHeader,
} from '../../../main/overlay/wire/packet.ts'

const token = Uint8Array.of(1, 2, 3)
const initiation = {
  version: 1,
  networkTag: Uint8Array.of(9, 8, 7, 6),
  token,
  noise: new Uint8Array(NOISE_HELLO_BYTES).fill(5),
}
const response = { connectionId: 2 ** 52 + 1, noise: Uint8Array.of(1, 2, 3) }
const retry = { echo: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), token: Uint8Array.of(9, 8, 7) }
const refusal = { reason: 1, echo: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }

describe('datagrams', () => {
  it('come back as they went', () => {
    expect(decodeInitiation(encodeInitiation(initiation))).toEqual(initiation)
    expect(decodeResponse(encodeResponse(response))).toEqual(response)
    expect(decodeRetry(encodeRetry(retry))).toEqual(retry)
    expect(decodeRefusal(encodeRefusal(refusal))).toEqual(refusal)
  })

  it('carry the same Noise message at the same size with a token and without', () => {
    for (const bytes of [0, 1, 31, 32]) {
      const datagram = encodeInitiation({ ...initiation, token: new Uint8Array(bytes).fill(9) })
      expect(datagram.length).toBe(DATAGRAM_BYTES)
      expect(datagram.subarray(-NOISE_HELLO_BYTES)).toEqual(initiation.noise)
      expect(decodeInitiation(datagram).token.length).toBe(bytes)
    }
  })

  it('refuse a retry without a token, or with one past its limit', () => {
    const withToken = (bytes: number) => encodeRetry({ ...retry, token: new Uint8Array(bytes) })
    expect(() => decodeRetry(withToken(0))).toThrowError(expect.objectContaining({ code: 'malformed' }))
    expect(() => decodeRetry(withToken(33))).toThrowError(expect.objectContaining({ code: 'too-large' }))
    expect(decodeRetry(withToken(32)).token.length).toBe(32)
  })

  it('refuse an initiation that is not of full size, or has a token past its limit', () => {
    const full = encodeInitiation(initiation)
    expect(() => decodeInitiation(full.subarray(1))).toThrowError(
      expect.objectContaining({ code: 'malformed' }),
    )
    full[6] = 33
    expect(() => decodeInitiation(full)).toThrowError(expect.objectContaining({ code: 'too-large' }))
  })

  it('of random bytes fail with a typed error only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const decode of [decodeInitiation, decodeResponse, decodeRetry, decodeRefusal, connectionIdOf])
          try {
            decode(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(BanyanError)
          }
      }),
      { seed: 105, numRuns: 2_000 },
    )
  })
})

describe('the header of a sealed packet', () => {
  const far = 2 ** 33
  const numbers: [number, number][] = [
    [0, -1],
    [5, 2],
    [2 ** 32, 2 ** 32 - 1],
    [2 ** 32 - 1, 2 ** 32 + 3],
    [far + 2 ** 31 - 1, far],
    [far - 2 ** 31 + 2, far],
    [2 ** 31 - 1, -1],
  ]
  it.each(numbers)('tells packet %i to one who has seen %i', (number, largest) => {
    const datagram = new Uint8Array(100)
    writeSealedHeader(datagram, 2 ** 52 + 12345, number, number)
    expect(isOddPhase(datagram)).toBe(number % 2 === 1)
    expect(datagram[0]! & 0x7f).toBe(PACKET_SEALED)
    expect(connectionIdOf(datagram)).toBe(2 ** 52 + 12345)
    expect(packetNumberOf(datagram, largest)).toBe(number)
  })
})
