// All that can go wrong in a conversation, in the order of the table, and the few that `npm test` has the time for.

import { type Scenario } from './scenario.ts'
import { BEGINNING_SCENARIOS } from './scenarios-beginnings.ts'
import { ROUTER_SCENARIOS } from './scenarios-routers.ts'
import { VOLUNTEER_SCENARIOS } from './scenarios-volunteers.ts'

export const SCENARIOS: readonly Scenario[] = [
  ...VOLUNTEER_SCENARIOS,
  ...ROUTER_SCENARIOS,
  ...BEGINNING_SCENARIOS,
]

/** One of each sort: a volunteer, a router, a LAN. */
const BRIEF = ['relay killed in mid-message', 'NAT rebooted, relayed', 'same LAN, clients isolated']

export const BRIEF_SCENARIOS = SCENARIOS.filter(({ name }) => BRIEF.includes(name))
