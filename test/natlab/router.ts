// A router: outside by `wan`, inside by a bridge `lan` to which hosts are plugged in. It forgets its bindings when told to,
// and keeps them for as long as it is told.

import { type Lab } from './lab.ts'
import { type Namespace } from './namespace.ts'
import { type RouterRules, ruleSet } from './router-rules.ts'

/** Linux's own: 30 s for what was not answered, 120 s for what was. One figure here, so a measurement has one answer. */
export const USUAL_BINDING_SECONDS = 120

export interface RouterOptions {
  /** The first three numbers of the addresses inside; the router has 1. */
  inside: string
  rules: (bindingSeconds: number) => RouterRules
}

export class Router {
  readonly namespace: Namespace
  readonly insideAddress: string
  readonly #lab: Lab
  readonly #options: RouterOptions
  readonly #plugs: string[] = []
  #renewals = 0
  #bindingSeconds = USUAL_BINDING_SECONDS

  constructor(lab: Lab, name: string, options: RouterOptions) {
    this.#lab = lab
    this.#options = options
    this.insideAddress = `${options.inside}.1`
    this.namespace = lab.namespace(name)
    this.namespace.set({ 'net.ipv4.ip_forward': 1 })
    this.namespace.ip(
      'link add name lan type bridge forward_delay 0',
      'link set lan up',
      `address add ${this.insideAddress}/24 dev lan`,
    )
    this.keepBindings(USUAL_BINDING_SECONDS)
  }

  /** Connects a host's (or another router's) interface to the inside. The result is its address. */
  plugIn(namespace: Namespace, interfaceName: string): string {
    const plug = `plug${this.#plugs.length}`
    const address = `${this.#options.inside}.${10 + this.#plugs.length}`
    this.#plugs.push(plug)
    this.#lab.connect({ at: namespace, interface: interfaceName }, { at: this.namespace, interface: plug })
    this.namespace.ip(`link set ${plug} master lan`)
    namespace.ip(
      `address add ${address}/24 dev ${interfaceName}`,
      `route add default via ${this.insideAddress}`,
    )
    return address
  }

  /** Another address for a host inside, as when its lease ends. */
  renewAddress(namespace: Namespace, interfaceName: string, from: string): string {
    const address = `${this.#options.inside}.${100 + this.#renewals++}`
    namespace.ip(
      `address del ${from}/24 dev ${interfaceName}`,
      `address add ${address}/24 dev ${interfaceName}`,
      `route replace default via ${this.insideAddress}`,
    )
    return address
  }

  /** How long a binding lives without traffic, from now on; bindings that an open NAT has in its tables are forgotten. */
  keepBindings(seconds: number): void {
    this.#bindingSeconds = seconds
    this.namespace.set({
      'net.netfilter.nf_conntrack_udp_timeout': seconds,
      'net.netfilter.nf_conntrack_udp_timeout_stream': seconds,
    })
    this.namespace.nft(ruleSet(this.#options.rules(seconds)))
  }

  /** All bindings are gone, as after it was switched off and on. */
  forgetBindings(): void {
    this.namespace.nft(ruleSet(this.#options.rules(this.#bindingSeconds)))
    this.namespace.run('conntrack', '-F')
  }

  /** Hosts inside reach the router, but not each other: a guest network. */
  isolateHosts(): void {
    this.namespace.ip(...this.#plugs.map((plug) => `link set ${plug} type bridge_slave isolated on`))
  }
}
