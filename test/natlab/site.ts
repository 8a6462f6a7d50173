// A place from which somebody uses the Internet: a computer, and the routers between it and the outside, if any.

import { startGatewayDaemon } from './gateway-daemon.ts'
import { type Internet } from './internet.ts'
import { type Namespace } from './namespace.ts'
import { Router } from './router.ts'
import { type RouterRules, portRestricted } from './router-rules.ts'

/** The same everywhere, as at home: another site's inside address is somebody else's here, or one's own. */
const HOME = '192.168.1'
/** What providers use between their own NAT and the customer's (RFC 6598). */
const CARRIER = '100.64.3'

export interface Host {
  namespace: Namespace
  address: string
}

export interface Site {
  host: Host
  /** Nearest to the host first. */
  routers: Router[]
  /** What the outside sees; of the outermost router, or of the host itself. */
  publicAddress: string
}

export function publicSite(internet: Internet, name: string): Site {
  const namespace = internet.lab.namespace(name)
  const address = internet.newAddress()
  internet.attach(namespace, address)
  return { host: { namespace, address }, routers: [], publicAddress: address }
}

export function homeSite(
  internet: Internet,
  name: string,
  rules: (bindingSeconds: number, publicAddress: string) => RouterRules,
): Site {
  const publicAddress = internet.newAddress()
  const router = new Router(internet.lab, `${name}-router`, {
    inside: HOME,
    rules: (bindingSeconds) => rules(bindingSeconds, publicAddress),
  })
  internet.attach(router.namespace, publicAddress)
  return { host: addHost(internet, router, name), routers: [router], publicAddress }
}

/** A home router behind a provider's NAT, both port-restricted. */
export function twoNatSite(internet: Internet, name: string): Site {
  const carrier = new Router(internet.lab, `${name}-carrier`, { inside: CARRIER, rules: portRestricted })
  const publicAddress = internet.newAddress()
  internet.attach(carrier.namespace, publicAddress)
  const home = new Router(internet.lab, `${name}-router`, { inside: HOME, rules: portRestricted })
  carrier.plugIn(home.namespace, 'wan')
  return { host: addHost(internet, home, name), routers: [home, carrier], publicAddress }
}

/** A port-restricted router that opens ports for whoever asks by NAT-PMP or UPnP. */
export function portMappingSite(internet: Internet, name: string): Site {
  const site = homeSite(internet, name, portRestricted)
  startGatewayDaemon(site.routers[0]!, internet.lab.folder)
  return site
}

/** One more computer on the inside of a router. */
export function addHost(internet: Internet, router: Router, name: string): Host {
  const namespace = internet.lab.namespace(name)
  const address = router.plugIn(namespace, 'wan')
  namespace.ip('route add 224.0.0.0/4 dev wan') // multicast: finding gateways and neighbours
  return { namespace, address }
}
