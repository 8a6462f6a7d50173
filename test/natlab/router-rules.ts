// The kernel's own NAT as rules for nft, one named function per behaviour. Terms of RFC 4787 §4.1 and §5: how the outside
// port depends on whom one sends to (mapping), and who may send back to it (filtering).
//
// Linux keeps the source port where it can, for every destination: an endpoint-independent mapping as long as no two hosts
// behind it use the same port. It lets in only the very endpoint that was sent to: address-and-port-dependent filtering.
// What is more open than that is made with two tables that outgoing packets fill and that expire like bindings: who owns a
// port, and whom the port has talked to. What is more closed is made by choosing another port for each destination.

export interface RouterRules {
  /** Tables that outgoing packets fill. */
  memory?: string
  /** For packets from inside, before anything else: what is remembered of them. */
  remember?: string
  /** For packets from outside that belong to no flow: to whom they go. */
  admit?: string
  /** How the source of outgoing packets is replaced. */
  translate: string
  /** Which packets may go out at all; a match, or nothing for all. */
  allow?: string
  /** The outside address, where packets from inside to it come back in. */
  hairpin?: string
}

/** What any NAT lets out, where networks filter at all: DNS, NTP, HTTP/3 and STUN. */
export const WELL_KNOWN_PORTS = [53, 123, 443, 3478]
/** Ports that a sequential NAT goes through before it begins again. */
const SEQUENCE_LENGTH = 4_096

/** Mapping endpoint-independent, filtering endpoint-independent: once a host has sent, anybody may send to its port. */
export function fullCone(bindingSeconds: number): RouterRules {
  return {
    memory: ownerTable(bindingSeconds),
    remember: 'update @owner { udp sport : ip saddr }',
    admit: 'dnat to udp dport map @owner',
    translate: 'masquerade',
  }
}

/** Mapping endpoint-independent, filtering address-dependent: any port of a host that was sent to may send back. */
export function addressRestricted(bindingSeconds: number): RouterRules {
  return {
    memory: `${ownerTable(bindingSeconds)}
  set talked {
    type ipv4_addr . inet_service
    size 65535
    flags dynamic,timeout
    timeout ${bindingSeconds}s
  }`,
    remember: 'update @owner { udp sport : ip saddr } update @talked { ip daddr . udp sport }',
    admit: 'ip saddr . udp dport @talked dnat to udp dport map @owner',
    translate: 'masquerade',
  }
}

/** Mapping endpoint-independent, filtering address-and-port-dependent: what Linux does by itself, and most home routers. */
export function portRestricted(): RouterRules {
  return { translate: 'masquerade' }
}

/**
 * Mapping address-and-port-dependent, filtering the same: each destination is given the next port in a row. The kernel has no such
 * choice of ports, but nft's counter does it, through a table (a bare counter comes out in the computer's own byte
 * order), and is asked once per flow; no translator in user space is needed.
 */
export function symmetricSequential(firstPort: number): RouterRules {
  const ports = Array.from({ length: SEQUENCE_LENGTH }, (_, index) => `${index} : ${firstPort + index}`)
  return {
    translate: `meta l4proto udp masquerade to : numgen inc mod ${SEQUENCE_LENGTH} map { ${ports.join(', ')} }`,
  }
}

/** Mapping address-and-port-dependent, filtering the same: each destination is given a port by chance. */
export function symmetricRandom(): RouterRules {
  return { translate: 'masquerade fully-random' }
}

/** As `portRestricted`, but UDP leaves only towards a few ports: an office or a hotel. */
export function wellKnownPortsOnly(): RouterRules {
  return { translate: 'masquerade', allow: `udp dport { ${WELL_KNOWN_PORTS.join(', ')} }` }
}

/**
 * The same with hairpinning (RFC 4787 §6): a host inside reaches another one by the outside address, and is seen there by its
 * own outside address.
 */
export function withHairpin(rules: RouterRules, publicAddress: string, bindingSeconds: number): RouterRules {
  if (rules.memory?.includes('map owner')) return { ...rules, hairpin: publicAddress }
  return {
    ...rules,
    memory: ownerTable(bindingSeconds) + (rules.memory ?? ''),
    remember: `update @owner { udp sport : ip saddr } ${rules.remember ?? ''}`,
    hairpin: publicAddress,
  }
}

/**
 * The whole rule set of a router with an interface `wan` outside and `lan` inside. Packets from outside that nobody asked for
 * are dropped in silence, as home routers do: answered or accepted, they would leave an entry in the flow table, and
 * the packet that the host inside sends there a moment later would be given another port.
 */
export function ruleSet(rules: RouterRules): string {
  return `table ip lab
delete table ip lab
table ip lab {
  ${rules.memory ?? ''}
  chain incoming {
    type nat hook prerouting priority dstnat
    ${rules.admit ? `iifname "wan" meta l4proto udp ${rules.admit}` : ''}
    ${rules.hairpin ? `iifname "lan" ip daddr ${rules.hairpin} meta l4proto udp dnat to udp dport map @owner` : ''}
  }
  chain outgoing {
    type nat hook postrouting priority srcnat
    oifname "wan" ${rules.translate}
    ${rules.hairpin ? `iifname "lan" oifname "lan" ct status dnat snat to ${rules.hairpin}` : ''}
  }
  chain passing {
    type filter hook forward priority filter; policy drop
    ${rules.remember ? `oifname "wan" meta l4proto udp ${rules.remember}` : ''}
    iifname "lan" oifname "lan" accept
    iifname "lan" oifname "wan" ${rules.allow ?? ''} accept
    iifname "wan" ct state established,related accept
    iifname "wan" ct status dnat accept
  }
  chain own {
    type filter hook input priority filter
    iifname "wan" ct state new drop
  }
}
`
}

function ownerTable(bindingSeconds: number): string {
  return `map owner {
    type inet_service : ipv4_addr
    size 65535
    flags dynamic,timeout
    timeout ${bindingSeconds}s
  }`
}
