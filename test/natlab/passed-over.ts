// Tests that cannot be run on a computer are not passed over in silence: the reason is printed, and stands in the list of
// tests as one that was not run.

import { it } from 'vitest'

/** `why`: the reason in words; undefined where the tests do run. */
export function passedOver(what: string, why: string | undefined): void {
  if (why === undefined) return
  console.log(`Not run here: ${what}, because ${why}`)
  it(`${what}: not run here, because ${why}`, (context) => context.skip(why))
}
