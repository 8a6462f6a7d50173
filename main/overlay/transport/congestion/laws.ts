// The laws a session can obey, by name.

import { Bbr } from './bbr.ts'
import { type CongestionControl } from './congestion-control.ts'
import { Cubic } from './cubic.ts'
import { Ledbat } from './ledbat.ts'

/** `bbr` for what a person waits for, `ledbat` for what nobody does; `cubic` is what most others on the Internet obey. */
export type CongestionLaw = 'bbr' | 'cubic' | 'ledbat'

/** `seed`: any number that differs between sessions, so that two do not probe in step. */
export function congestionControl(law: CongestionLaw, packetBytes: number, seed: number): CongestionControl {
  switch (law) {
    case 'bbr':
      return new Bbr(packetBytes, seed)
    case 'cubic':
      return new Cubic(packetBytes)
    case 'ledbat':
      return new Ledbat(packetBytes)
  }
}
