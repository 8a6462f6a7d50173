// How the chat comes by its overlay: it holds the node's keys (they are secrets of the account), so it says when.

import { type OverlayApi } from '../../overlay/api.ts'
import { type IdentitySeeds } from '../../overlay/identity.ts'
import { type Store } from '../../overlay/ports/store.ts'

/** Called again after a failure, with the same store. Errors: port-in-use, and whatever else the socket says. */
export type OverlayFactory = (facts: { seeds: IdentitySeeds; store: Store }) => Promise<OverlayApi>
