// What a NAT is, found out with bare sockets against two addresses and two ports outside, in the order of RFC 5780 §4.3 and
// §4.4. The lab proves itself by this: a kind that does not measure as it is named is no such kind.

import { type Internet } from './internet.ts'
import { type Namespace } from './namespace.ts'
import { type Endpoint, Puppet } from './puppet.ts'

export interface Behaviour {
  /** `none` where the outside sees the host's own address. */
  mapping: 'none' | 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent'
  filtering: 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent'
  /** Outside ports beside inside ones: the same, the next one each time, or anyhow. */
  ports: 'kept' | 'sequential' | 'scattered'
}

/** Among those that even the strictest kind lets out. */
const PORTS = [443, 3478] as const
/** On one computer, with 2 cores busy with other things. */
const ARRIVAL_LIMIT_MS = 3_000
/** Packets of one bridge arrive in the order they were sent; this much is for the receiver's own delay. */
const SETTLE_MS = 50
const INSIDE_PORT = 5_000

/** Somebody outside with two addresses and two ports on each. */
export class Observer {
  readonly #puppet: Puppet
  readonly #addresses: readonly [string, string]

  private constructor(puppet: Puppet, addresses: readonly [string, string]) {
    this.#puppet = puppet
    this.#addresses = addresses
  }

  static async start(internet: Internet, name = 'observer'): Promise<Observer> {
    const addresses = [internet.newAddress(), internet.newAddress()] as const
    const namespace = internet.lab.namespace(name)
    internet.attach(namespace, ...addresses)
    const puppet = new Puppet(namespace)
    for (const address of addresses) for (const port of PORTS) await puppet.open(address, port)
    return new Observer(puppet, addresses)
  }

  /** Address 0 or 1, port 0 or 1. */
  endpoint(address: 0 | 1, port: 0 | 1): Endpoint {
    return { host: this.#addresses[address], port: PORTS[port] }
  }

  /** Where a text came from, as seen here; undefined where it did not arrive. */
  async sees(text: string, timeoutMs = ARRIVAL_LIMIT_MS): Promise<Endpoint | undefined> {
    const received = await this.#puppet.received(text, timeoutMs)
    return received && { host: received.host, port: received.port }
  }

  /** Sends from one of the four endpoints. */
  send(address: 0 | 1, port: 0 | 1, to: Endpoint, text: string): void {
    this.#puppet.send(address * PORTS.length + port, to, text)
  }

  stop(): Promise<void> {
    return this.#puppet.stop()
  }
}

export async function measureNat(observer: Observer, inside: Namespace): Promise<Behaviour> {
  const puppet = new Puppet(inside)
  try {
    return {
      ...(await mappingOf(observer, puppet, inside)),
      filtering: await filteringOf(observer, puppet, inside.name),
    }
  } finally {
    await puppet.stop()
  }
}

/** RFC 5780 §4.3: the same socket to three places outside; which of them see the same source. */
async function mappingOf(
  observer: Observer,
  puppet: Puppet,
  inside: Namespace,
): Promise<Pick<Behaviour, 'mapping' | 'ports'>> {
  const socket = await puppet.open('0.0.0.0', INSIDE_PORT)
  const ask = async (address: 0 | 1, port: 0 | 1): Promise<Endpoint> => {
    const text = `${inside.name} maps ${address} ${port}`
    puppet.send(socket, observer.endpoint(address, port), text)
    const seen = await observer.sees(text)
    if (!seen) throw new Error(`${inside.name}: a datagram to the outside did not arrive`)
    return seen
  }
  const first = await ask(0, 0)
  const otherPort = await ask(0, 1)
  const otherAddress = await ask(1, 0)
  const ports = portsOf([first.port, otherPort.port, otherAddress.port])
  if (inside.run('ip', '-4', 'address', 'show').includes(` ${first.host}/`)) return { mapping: 'none', ports }
  if (!isSame(first, otherPort)) return { mapping: 'address-and-port-dependent', ports }
  if (!isSame(first, otherAddress)) return { mapping: 'address-dependent', ports }
  return { mapping: 'endpoint-independent', ports }
}

/** RFC 5780 §4.4: the socket has sent to one place only; who else gets through to it. The last one always must. */
async function filteringOf(
  observer: Observer,
  puppet: Puppet,
  name: string,
): Promise<Behaviour['filtering']> {
  const socket = await puppet.open()
  puppet.send(socket, observer.endpoint(0, 0), `${name} opens`)
  const mapped = await observer.sees(`${name} opens`)
  if (!mapped) throw new Error(`${name}: a datagram to the outside did not arrive`)
  observer.send(1, 1, mapped, `${name} from a stranger`)
  observer.send(0, 1, mapped, `${name} from another port`)
  observer.send(0, 0, mapped, `${name} from the same`)
  if (!(await puppet.received(`${name} from the same`, ARRIVAL_LIMIT_MS)))
    throw new Error(`${name}: the answer of the very endpoint it sent to did not arrive`)
  if (await puppet.received(`${name} from a stranger`, SETTLE_MS)) return 'endpoint-independent'
  if (await puppet.received(`${name} from another port`, SETTLE_MS)) return 'address-dependent'
  return 'address-and-port-dependent'
}

function portsOf(seen: readonly number[]): Behaviour['ports'] {
  if (seen.every((port) => port === INSIDE_PORT)) return 'kept'
  const isNext = seen.slice(1).every((port, index) => port === seen[index]! + 1)
  return isNext ? 'sequential' : 'scattered'
}

function isSame(one: Endpoint, other: Endpoint): boolean {
  return one.host === other.host && one.port === other.port
}
