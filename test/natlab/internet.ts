// The outside of every NAT: one bridge in a namespace of its own, on which every public address can be reached from every
// other. The addresses look like anybody's, because some software (miniupnpd) refuses those reserved for documentation; they
// exist on this bridge alone. Each site has a /16 of its own, so rules against too many neighbours per address range see
// what they would see outside.

import { type Lab } from './lab.ts'
import { type Namespace } from './namespace.ts'

const PREFIX_BITS = 8
const FIRST_NUMBER = 45
/** Sites in one lab; the second number of an address has no more. */
const MAX_SITES = 250

export class Internet {
  readonly lab: Lab
  readonly #bridge: Namespace
  #sites = 0
  #ports = 0

  constructor(lab: Lab) {
    this.lab = lab
    this.#bridge = lab.namespace('internet')
    this.#bridge.ip('link add name wire type bridge forward_delay 0', 'link set wire up')
    this.#bridge.nft('table bridge lab {\n chain passing {\n type filter hook forward priority 0\n }\n}')
  }

  /** An address nobody has had yet, in a range of its own. */
  newAddress(): string {
    this.#sites++
    if (this.#sites > MAX_SITES) throw new Error('the lab has no more public addresses')
    return `${FIRST_NUMBER}.${this.#sites}.7.9`
  }

  /** Gives the namespace an interface `wan` on the outside, with the addresses. */
  attach(namespace: Namespace, ...addresses: string[]): void {
    const port = `port${++this.#ports}`
    this.lab.connect({ at: namespace, interface: 'wan' }, { at: this.#bridge, interface: port })
    this.#bridge.ip(`link set ${port} master wire`)
    namespace.ip(...addresses.map((address) => `address add ${address}/${PREFIX_BITS} dev wan`))
  }

  /** Another address for whoever has this one, as when a provider hands out a new one. */
  changeAddress(namespace: Namespace, from: string, to: string): void {
    namespace.ip(`address del ${from}/${PREFIX_BITS} dev wan`, `address add ${to}/${PREFIX_BITS} dev wan`)
  }

  /** From now on nothing passes between two public addresses, either way. */
  block(one: string, other: string): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ])
      this.#bridge.nft(`add rule bridge lab passing ip saddr ${from} ip daddr ${to} drop`)
  }

  /** Everything passes again. */
  unblock(): void {
    this.#bridge.nft('flush chain bridge lab passing')
  }
}
