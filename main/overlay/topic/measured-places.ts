// What the round trip to each of some places takes, by a link that is there or is made for it.

import { inTime } from '../base/in-time.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Links } from '../transport/links.ts'
import { type Place } from '../wire/topic-placement.ts'

/** A call that takes longer leads over too long a way. */
const DIAL_PATIENCE_MS = 2000

export interface MeasuredPlace extends Place {
  rttMs: number
}

/** Those of the places that a link leads to. */
export async function measurePlaces(
  { timers }: Surroundings,
  links: Links,
  places: readonly Place[],
): Promise<MeasuredPlace[]> {
  const measured = places.map(async (place): Promise<MeasuredPlace[]> => {
    const present = links.get(place.record.id)
    const dial = async () => links.dial(place.record).catch(() => undefined)
    const link = present?.isOpen ? present : await inTime(timers, DIAL_PATIENCE_MS, dial())
    return link?.isOpen && link.rttMs > 0 ? [{ ...place, rttMs: link.rttMs }] : []
  })
  return (await Promise.all(measured)).flat()
}
