// The memory of a NAT box: which inside address has which outside port, and who may send there. Bindings and what they
// permit age separately, as in the connection tracking of the usual boxes: a binding that one peer keeps alive does not
// let in another that was last sent something long ago.
//
// What has aged is removed when somebody looks, so that a quiet table costs no events.

import { type Address, formatAddress } from '../../main/overlay/ports/datagram-socket.ts'
import { type SeededRandom } from '../kernel/seeded-random.ts'
import { type Dependence, type NatBehaviour } from './nat-behaviour.ts'

export interface Binding {
  readonly inside: Address
  readonly outsidePort: number
  readonly key: string
  expiresMs: number
  /** Until when which remote may send here; by what filtering looks at. */
  readonly permittedUntilMs: Map<string, number>
}

/** RFC 4787 REQ-3a: a port from the one range stays in it. */
const WELL_KNOWN = { first: 1, last: 1023 }
const OTHERS = { first: 1024, last: 65_535 }

type Range = typeof OTHERS

export class NatBindings {
  readonly #behaviour: NatBehaviour
  readonly #random: SeededRandom
  readonly #byKey = new Map<string, Binding>()
  readonly #byPort = new Map<number, Binding>()
  #nextPort: number
  #most = 0

  constructor(behaviour: NatBehaviour, random: SeededRandom) {
    this.#behaviour = behaviour
    this.#random = random
    this.#nextPort = this.#anyPort(OTHERS)
  }

  /** The largest table ever. */
  get most(): number {
    return this.#most
  }

  /** Those alive now. */
  live(nowMs: number): number {
    this.#removeAged(nowMs)
    return this.#byKey.size
  }

  /** Something goes out: the binding it uses, made where there is none; undefined where the table is full. */
  outbound(inside: Address, remote: Address, nowMs: number): Binding | undefined {
    const key = `${formatAddress(inside)} ${partOf(remote, this.#behaviour.mapping)}`
    const binding = this.#alive(this.#byKey.get(key), nowMs) ?? this.#create(key, inside, nowMs)
    if (binding) this.#refresh(binding, remote, nowMs)
    return binding
  }

  /** Something comes in: the binding of the port, and whether filtering lets the remote in. */
  inbound(
    outsidePort: number,
    remote: Address,
    nowMs: number,
  ): { binding: Binding; isPermitted: boolean } | undefined {
    const binding = this.#alive(this.#byPort.get(outsidePort), nowMs)
    if (!binding) return undefined
    const permittedUntilMs = binding.permittedUntilMs.get(partOf(remote, this.#behaviour.filtering)) ?? 0
    const isPermitted = permittedUntilMs > nowMs
    if (isPermitted && this.#behaviour.isRefreshedInbound) this.#refresh(binding, remote, nowMs)
    return { binding, isPermitted }
  }

  /** The box was switched off and on again. */
  clear(): void {
    this.#byKey.clear()
    this.#byPort.clear()
    this.#nextPort = this.#anyPort(OTHERS)
  }

  #refresh(binding: Binding, remote: Address, nowMs: number): void {
    const { bindingTimeoutMs, filtering } = this.#behaviour
    const { permittedUntilMs } = binding
    const part = partOf(remote, filtering)
    if (!permittedUntilMs.has(part))
      for (const [other, untilMs] of permittedUntilMs) if (untilMs <= nowMs) permittedUntilMs.delete(other)
    binding.expiresMs = nowMs + bindingTimeoutMs
    permittedUntilMs.set(part, binding.expiresMs)
  }

  #alive(binding: Binding | undefined, nowMs: number): Binding | undefined {
    if (!binding || binding.expiresMs > nowMs) return binding
    this.#byKey.delete(binding.key)
    this.#byPort.delete(binding.outsidePort)
    return undefined
  }

  #removeAged(nowMs: number): void {
    for (const binding of [...this.#byKey.values()]) this.#alive(binding, nowMs)
  }

  #create(key: string, inside: Address, nowMs: number): Binding | undefined {
    this.#removeAged(nowMs)
    if (this.#byKey.size >= this.#behaviour.maxBindings) return undefined
    const outsidePort = this.#freePort(inside.port)
    if (outsidePort === undefined) return undefined
    const binding = { inside, outsidePort, key, expiresMs: 0, permittedUntilMs: new Map<string, number>() }
    this.#byKey.set(key, binding)
    this.#byPort.set(outsidePort, binding)
    this.#most = Math.max(this.#most, this.#byKey.size)
    return binding
  }

  /** Never one that is in use: an overloaded port belongs to whom its last user sent to (REQ-3 forbids it). */
  #freePort(insidePort: number): number | undefined {
    const { portAssignment } = this.#behaviour
    const range = insidePort <= WELL_KNOWN.last ? WELL_KNOWN : OTHERS
    if (portAssignment === 'preserving') return this.#freeFrom(insidePort, range)
    if (portAssignment === 'random') return this.#freeFrom(this.#anyPort(range), range)
    if (portAssignment === 'descending') return this.#freeDownFrom(this.#nextPort)
    const port = this.#freeFrom(this.#nextPort, OTHERS)
    if (port !== undefined) this.#nextPort = port === OTHERS.last ? OTHERS.first : port + 1
    return port
  }

  #freeFrom(wish: number, { first, last }: Range): number | undefined {
    const count = last - first + 1
    for (let i = 0; i < count; i++) {
      const port = first + ((wish - first + i) % count)
      if (!this.#byPort.has(port)) return port
    }
    return undefined
  }

  #freeDownFrom(wish: number): number | undefined {
    const count = OTHERS.last - OTHERS.first + 1
    for (let i = 0; i < count; i++) {
      const port = OTHERS.last - ((OTHERS.last - wish + i) % count)
      if (this.#byPort.has(port)) continue
      this.#nextPort = port - 1 // below the range it begins anew from above
      return port
    }
    return undefined
  }

  #anyPort({ first, last }: Range): number {
    return first + this.#random.below(last - first + 1)
  }
}

function partOf(remote: Address, dependence: Dependence): string {
  if (dependence === 'endpoint-independent') return ''
  return dependence === 'address-dependent' ? remote.host : formatAddress(remote)
}
