// All ways of asking the router that this computer has.

import { type PortMapper } from '../../overlay/ports/port-mapper.ts'
import { hostRandom } from '../random.ts'
import { defaultGateway } from './gateway.ts'
import { natPmpMapper } from './nat-pmp-mapper.ts'
import { upnpMapper } from './upnp-mapper.ts'

export function hostMappers(): PortMapper[] {
  const gateway = () => defaultGateway()
  return [natPmpMapper({ gateway }), upnpMapper({ gateway, below: (bound) => hostRandom.below(bound) })]
}
