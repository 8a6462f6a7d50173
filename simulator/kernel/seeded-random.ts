import { type Bytes } from '../../main/overlay/base/bytes.ts'
import { type Random } from '../../main/overlay/ports/random.ts'

/** xoshiro128** (Blackman and Vigna), seeded through splitmix32. Reproducible, never for keys outside a simulation. */
export class SeededRandom implements Random {
  readonly #state: Uint32Array

  constructor(seed: number) {
    let mixed = seed >>> 0
    this.#state = Uint32Array.from({ length: 4 }, () => {
      mixed = (mixed + 0x9e3779b9) >>> 0
      let word = mixed
      word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
      word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
      return (word ^ (word >>> 16)) >>> 0
    })
  }

  bytes(length: number): Bytes {
    return Uint8Array.from({ length }, () => this.#next() & 255)
  }

  below(bound: number): number {
    return Math.floor(this.unit() * bound)
  }

  unit(): number {
    return this.#next() / 2 ** 32
  }

  /** Normally distributed (Box and Muller). */
  gaussian(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.unit())
  }

  #next(): number {
    const s = this.#state
    const result = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9) >>> 0
    const shifted = s[1]! << 9
    s[2]! ^= s[0]!
    s[3]! ^= s[1]!
    s[1]! ^= s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= shifted
    s[3] = rotate(s[3]!, 11)
    return result
  }
}

function rotate(word: number, by: number): number {
  return ((word << by) | (word >>> (32 - by))) >>> 0
}
