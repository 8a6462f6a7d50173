// The port on the router, wired to the real routers: asked for while the switch is on, advertised while it is there.

import { hostClock } from './host/clock.ts'
import { ipScope } from './overlay/base/ip-scope.ts'
import { type Address, type DatagramSocket } from './overlay/ports/datagram-socket.ts'
import { type Log } from './overlay/ports/log.ts'
import { PortMapping } from './overlay/reach/port-mapping.ts'

/** Loaded when first needed: a start does not pay for it. */
export async function openRouterDoor(
  socket: DatagramSocket,
  log: Log,
  advertise: (mapped: readonly Address[]) => void,
): Promise<PortMapping> {
  const { hostMappers } = await import('./host/port-mapping/mappers.ts')
  return new PortMapping({
    clock: hostClock,
    log,
    mappers: hostMappers(),
    internalPort: socket.local.port,
    isTranslated: () => isTranslated(socket.localAddresses()),
    // Behind a second router the outer address is private again, and is worth something on that one's network alone.
    onExternal: (external) => advertise(external && ipScope(external.host) === 'public' ? [external] : []),
  })
}

/** All of its IPv4 addresses are of kinds that the Internet does not route; IPv6 needs no port mapped. */
export function isTranslated(addresses: readonly Address[]): boolean {
  const scopes = addresses.filter(({ host }) => !host.includes(':')).map(({ host }) => ipScope(host))
  return scopes.includes('private') && !scopes.includes('public')
}
