// All that can go wrong in a conversation, in the order of the table, and those of them that every `npm test` runs.

import { type Scenario } from './scenario.ts'
import { BEGINNING_SCENARIOS } from './scenarios-beginnings.ts'
import { ROUTER_SCENARIOS } from './scenarios-routers.ts'
import { VOLUNTEER_SCENARIOS } from './scenarios-volunteers.ts'

export const SCENARIOS: readonly Scenario[] = [
  ...VOLUNTEER_SCENARIOS,
  ...ROUTER_SCENARIOS,
  ...BEGINNING_SCENARIOS,
]
