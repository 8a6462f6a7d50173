// The Lan port by multicast DNS (RFC 6762) and DNS service discovery (RFC 6763): an ordinary service of its own type per
// Banyan network, so that nodes of other networks need not be told apart.
//
//   PTR  _banyan1a2b3c4d._udp.local             -> 0123456789abcdef._banyan1a2b3c4d._udp.local
//   SRV  0123456789abcdef._banyan1a2b3c4d...    -> port
//   TXT  0123456789abcdef._banyan1a2b3c4d...       k=<noise key in base64url>
//
// 1a2b3c4d is the beginning of the network's id, 0123... that of the noise key: nothing names the person or the computer. There
// is no address record: the sender's own address is the one to try, and the only one that is believed.

import multicastDns, { type MulticastDns, type DnsRecord, type DnsPacket } from 'multicast-dns'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { type Bytes, fromBase64Url, toBase64Url, toHex } from '../overlay/base/bytes.ts'
import { isInSubnet } from '../overlay/base/subnet.ts'
import { PUBLIC_KEY_BYTES } from '../overlay/ports/crypto.ts'
import { type Lan, type LanListener, type LanWord } from '../overlay/ports/lan.ts'

/** RFC 6762 §3. */
const MDNS_PORT = 5353
/** RFC 6762 §11: receivers may check that a packet has come over no router. */
const TTL = 255
/** Chosen: a computer with more has virtual ones. */
const MAX_INTERFACES = 8
/** Chosen: one node is three records; a packet holds some twenty at most. */
const MAX_RECORDS = 60

/** A changed network is told of by `renew`. */
const BELIEVED_MS = 5_000

export interface LanDiscoveryOptions {
  networkId: Uint8Array
  noiseKey: Uint8Array
  /** Of the node's UDP socket. */
  port: number
  /** The IPv4 addresses to speak from; in tests loopback alone. */
  interfaces?: () => NetworkInterfaceInfo[]
  /** Other than 5353 in tests only. */
  mdnsPort?: number
}

export function lanDiscovery(options: LanDiscoveryOptions): Lan {
  const { networkId, noiseKey, port, interfaces = lanInterfaces, mdnsPort = MDNS_PORT } = options
  const type = `_banyan${toHex(networkId.subarray(0, 4))}._udp.local`
  const name = `${toHex(noiseKey.subarray(0, 8))}.${type}`
  let voices = new Map<string, MulticastDns>()
  let listener: LanListener | undefined
  let known = recent(interfaces)

  function hear(packet: DnsPacket, host: string): void {
    if (packet.type === 'query') {
      const isForUs = packet.questions.some((question) => isOf(type, question))
      if (isForUs) listener?.asked(host)
      return
    }
    for (const word of wordsIn([...packet.answers, ...packet.additionals].slice(0, MAX_RECORDS), type))
      listener?.told({ ...word, host })
  }

  function open(address: string): MulticastDns {
    // Bound to all addresses, because Linux gives a socket that is bound to one of them no multicast.
    const voice = multicastDns({ interface: address, bind: '0.0.0.0', port: mdnsPort, ttl: TTL })
    voice.on('packet', (packet, { address: host }) => hear(packet, host))
    voice.on('error', () => undefined) // port 5353 is held by a program that does not share: then nobody is found this way
    voice.on('warning', () => undefined) // what others send is not always DNS, and an interface may have gone
    return voice
  }

  function renew(): void {
    known = recent(interfaces)
    const addresses = new Set(interfaces().map((info) => info.address))
    for (const [address, voice] of voices) if (!addresses.has(address)) voice.destroy()
    voices = new Map([...addresses].map((address) => [address, voices.get(address) ?? open(address)]))
  }

  function isOnNetworkOf(address: string, hosts: readonly string[]): boolean {
    const cidr = known().find((info) => info.address === address)?.cidr
    return cidr !== undefined && cidr !== null && hosts.some((host) => isInSubnet(host, cidr))
  }

  renew()
  return {
    on(heard) {
      listener = heard
    },
    isLocal: (host) => known().some(({ cidr }) => cidr !== null && isInSubnet(host, cidr)),
    ask() {
      for (const voice of voices.values()) voice.query([{ name: type, type: 'PTR' }])
    },
    tell(lifetimeMs, hosts) {
      const ttl = Math.ceil(lifetimeMs / 1000)
      const answers: DnsRecord[] = [
        { name: type, type: 'PTR', ttl, data: name },
        { name, type: 'SRV', ttl, data: { port, target: `${name.split('.', 1)[0]}.local` } },
        { name, type: 'TXT', ttl, data: [`k=${toBase64Url(noiseKey)}`] },
      ]
      for (const [address, voice] of voices)
        if (!hosts || isOnNetworkOf(address, hosts)) voice.respond(answers)
    },
    renew,
    close() {
      // a moment for the goodbye: the package sends in a later turn
      const closing = voices
      voices = new Map()
      listener = undefined
      setImmediate(() => closing.forEach((voice) => voice.destroy()))
    },
  }
}

/** Every name in DNS may come in capitals. */
function isOf(type: string, question: { name: string }): boolean {
  return question.name.toLowerCase() === type
}

/** A node is what one name has both a port and a key for. */
function wordsIn(records: readonly DnsRecord[], type: string): Omit<LanWord, 'host'>[] {
  const services = records.flatMap((record) => (record.type === 'SRV' ? [record] : []))
  return services.flatMap(({ name, data, ttl = 0 }) => {
    const text = records.find((record) => record.type === 'TXT' && record.name === name)
    const noiseKey = text && keyIn(text.data)
    if (!noiseKey || !name.toLowerCase().endsWith(`.${type}`)) return []
    return [{ noiseKey, port: data.port, lifetimeMs: 1000 * ttl }]
  })
}

function keyIn(data: unknown): Bytes | undefined {
  if (!Array.isArray(data)) return undefined
  const text = data.map(String).find((entry) => entry.startsWith('k='))
  const key = text === undefined ? undefined : fromBase64Url(text.slice(2))
  return key?.length === PUBLIC_KEY_BYTES ? key : undefined
}

/** Asked for with each packet of a lively network, and a tenth of a millisecond each time. */
function recent(interfaces: () => NetworkInterfaceInfo[]): () => NetworkInterfaceInfo[] {
  let found: NetworkInterfaceInfo[] = []
  let untilMs = -Infinity
  return () => {
    const nowMs = performance.now()
    if (nowMs >= untilMs) {
      found = interfaces()
      untilMs = nowMs + BELIEVED_MS
    }
    return found
  }
}

function lanInterfaces(): NetworkInterfaceInfo[] {
  return Object.values(networkInterfaces())
    .flatMap((infos) => infos ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .slice(0, MAX_INTERFACES)
}
