// Whether this computer has moved to another network: its own addresses are others. The system tells nobody, so it is
// looked at now and then.

import { type Clock, type Timer } from '../ports/clock.ts'
import { type Address } from '../ports/datagram-socket.ts'

/** Chosen: a look takes some 0.1 ms; a cable that is plugged in, and a laptop opened elsewhere, are noticed this soon. */
const LOOK_MS = 1_000

export interface NetworkWatch {
  stop(): void
}

/** Between two networks there is none for a while: that is told as a change, too. */
export function watchNetwork(
  clock: Clock,
  localAddresses: () => readonly Address[],
  onChange: () => void,
): NetworkWatch {
  let known = hosts(localAddresses())
  let timer: Timer
  const look = (): void => {
    timer = clock.after(LOOK_MS, look)
    const now = hosts(localAddresses())
    if (now === known) return
    known = now
    onChange()
  }
  timer = clock.after(LOOK_MS, look)
  return { stop: () => timer.cancel() }
}

function hosts(addresses: readonly Address[]): string {
  return addresses
    .map(({ host }) => host)
    .sort()
    .join()
}
