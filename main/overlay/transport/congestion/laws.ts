// The laws a session can obey, by name.

import { type Random } from '../../ports/random.ts'
import { Bbr } from './bbr.ts'
import { type CongestionControl } from './congestion-control.ts'
import { Cubic } from './cubic.ts'
import { Ledbat } from './ledbat.ts'

/** `bbr` for what a person waits for, `ledbat` for what nobody does; `cubic` is what most others on the Internet obey. */
export type CongestionLaw = 'bbr' | 'cubic' | 'ledbat'

export function congestionControl(
  law: CongestionLaw,
  packetBytes: number,
  random: Random,
): CongestionControl {
  switch (law) {
    case 'bbr':
      return new Bbr(packetBytes, random)
    case 'cubic':
      return new Cubic(packetBytes)
    case 'ledbat':
      return new Ledbat(packetBytes)
  }
}
