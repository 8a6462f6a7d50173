// The laboratory: real computers as far as the network goes, made of network namespaces, veth pairs and bridges. Start
// reading here. Above it: internet.ts (the outside), site.ts (routers and what is behind them), nat-kinds.ts (what sort of
// router), node-process.ts (the node that runs inside), pairs.ts and reach.ts (the experiments).
//
// Nothing can leave: no veth ever ends in the namespace of the computer itself, so there is no route to any real network,
// whatever the addresses look like. And nothing stays: whatever was made is removed on `remove`, on a failure that ends the
// process, and on a signal; what a killed process could not remove, the next lab does.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { labPrefix, removeNamespaces, sweepLeftovers } from './leftovers.ts'
import { Namespace, runTool } from './namespace.ts'

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

/** Where the kernel's br_netfilter is loaded, a router's rules also meet what its switch passes from port to port; a real switch has none. */
const BRIDGE_RULES = '/proc/sys/net/bridge/bridge-nf-call-iptables'

let labsMade = 0

export class Lab {
  readonly #prefix: string
  readonly #namespaces: Namespace[] = []
  readonly #onExit = () => this.remove()
  readonly #onSignal = (signal: NodeJS.Signals) => {
    this.remove()
    process.exit(128 + SIGNALS[signal as keyof typeof SIGNALS])
  }
  /** For profiles and configuration; goes with the lab. */
  readonly folder: string
  #isRemoved = false

  constructor() {
    sweepLeftovers()
    this.#prefix = labPrefix(process.pid, ++labsMade)
    this.folder = mkdtempSync(path.join(tmpdir(), this.#prefix))
    process.on('exit', this.#onExit)
    for (const signal of Object.keys(SIGNALS)) process.on(signal, this.#onSignal)
  }

  /** IPv4 only: neighbour discovery and multicast reports of an IPv6 nobody asked for would be counted as traffic. */
  namespace(name: string): Namespace {
    const made = new Namespace(name, this.#prefix + name)
    runTool('ip', ['netns', 'add', made.fullName])
    this.#namespaces.push(made)
    made.set({ 'net.ipv6.conf.all.disable_ipv6': 1, 'net.ipv6.conf.default.disable_ipv6': 1 })
    if (existsSync(BRIDGE_RULES)) made.set({ 'net.bridge.bridge-nf-call-iptables': 0 })
    made.ip('link set lo up')
    return made
  }

  /** A cable: an interface at either end, both up. Names have at most 15 characters (IFNAMSIZ). */
  connect(one: { at: Namespace; interface: string }, other: { at: Namespace; interface: string }): void {
    const peer = `peer name ${other.interface} netns ${other.at.fullName}`
    one.at.ip(`link add name ${one.interface} type veth ${peer}`, `link set ${one.interface} up`)
    other.at.ip(`link set ${other.interface} up`)
  }

  remove(): void {
    if (this.#isRemoved) return
    this.#isRemoved = true
    process.off('exit', this.#onExit)
    for (const signal of Object.keys(SIGNALS)) process.off(signal, this.#onSignal)
    removeNamespaces(this.#namespaces.map(({ fullName }) => fullName))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Runs the work in a lab of its own, which is gone afterwards whatever happened. */
export async function inLab<T>(work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = new Lab()
  try {
    return await work(lab)
  } finally {
    lab.remove()
  }
}
