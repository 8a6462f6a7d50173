// miniupnpd in a router's namespace: the program behind NAT-PMP and UPnP on many real routers. It writes its mappings into
// chains of a table of its own, beside the router's rules.

import { randomUUID } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Namespace } from './namespace.ts'
import { type Router } from './router.ts'

const PROGRAM = '/usr/sbin/miniupnpd'

const CHAINS = `table inet filter
delete table inet filter
table inet filter {
  chain miniupnpd { }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
  chain forward {
    type filter hook forward priority -10
    jump miniupnpd
  }
  chain prerouting {
    type nat hook prerouting priority dstnat
    jump prerouting_miniupnpd
  }
  chain postrouting {
    type nat hook postrouting priority 90
    jump postrouting_miniupnpd
  }
}
`

/** The reason in words; undefined where the program is there. */
export function whyNoGatewayDaemon(): string | undefined {
  return existsSync(PROGRAM) ? undefined : 'miniupnpd is missing (Debian: miniupnpd-nftables)'
}

/** Starts it; the lab ends it with the router's namespace. */
export function startGatewayDaemon(router: Router, folder: string): void {
  const { namespace, insideAddress } = router
  namespace.nft(CHAINS)
  const file = path.join(folder, `miniupnpd-${namespace.name}.conf`)
  writeFileSync(file, configuration(insideAddress))
  namespace.ip('route add 224.0.0.0/4 dev lan') // where UPnP asks for gateways
  run(namespace, file, path.join(folder, `miniupnpd-${namespace.name}.pid`))
}

function run(namespace: Namespace, file: string, processIdFile: string): void {
  const daemon = namespace.spawn(PROGRAM, '-d', '-f', file, '-P', processIdFile)
  daemon.stdout?.resume() // what it logs is of no use, but must go somewhere
  daemon.stderr?.resume()
}

function configuration(insideAddress: string): string {
  const network = insideAddress.replace(/\.\d+$/, '.0/24')
  return [
    'ext_ifname=wan',
    'listening_ip=lan',
    'enable_natpmp=yes',
    'enable_upnp=yes',
    'secure_mode=yes',
    `uuid=${randomUUID()}`,
    'upnp_table_name=filter',
    'upnp_nat_table_name=filter',
    'upnp_forward_chain=miniupnpd',
    'upnp_nat_chain=prerouting_miniupnpd',
    'upnp_nat_postrouting_chain=postrouting_miniupnpd',
    `allow 1024-65535 ${network} 1024-65535`,
    'deny 0-65535 0.0.0.0/0 0-65535',
    '',
  ].join('\n')
}
