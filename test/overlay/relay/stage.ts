// The stage for the relay's stories: endpoints on a packet network in virtual time, each behind a NAT of its own or in
// public, with the relay's two sides on top and nothing else of the overlay.

import { hostCrypto } from '../../../main/host/crypto.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { type Identity } from '../../../main/overlay/identity.ts'
import { type Address, type DatagramSocket } from '../../../main/overlay/ports/datagram-socket.ts'
import { type Store } from '../../../main/overlay/ports/store.ts'
import { CarriedSocket } from '../../../main/overlay/relay/carried-socket.ts'
import { DEFAULT_HELP, type RelayLimits } from '../../../main/overlay/ports/relays.ts'
import { Relays } from '../../../main/overlay/relay/relays.ts'
import { Endpoint, type EndpointOptions } from '../../../main/overlay/transport/endpoint.ts'
import { type DialTarget, type Link, type StreamLink } from '../../../main/overlay/transport/links.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { type PathModel } from '../../../simulator/net/path-model.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'
import { type NatBehaviour, WELL_BEHAVED } from '../../../simulator/net/nat-behaviour.ts'
import { NatBox } from '../../../simulator/net/nat-box.ts'
import { SimulatedSocket } from '../../../simulator/net/simulated-socket.ts'
import { World, testNetwork } from '../transport/world.ts'

/** A different port for every destination, and nobody comes in but who was sent something: no hole can be punched. */
export const SYMMETRIC: NatBehaviour = {
  ...WELL_BEHAVED,
  mapping: 'address-and-port-dependent',
  filtering: 'address-and-port-dependent',
  portAssignment: 'random',
}

export interface Person {
  readonly identity: Identity
  readonly endpoint: Endpoint
  readonly socket: SimulatedSocket
  readonly carried: CarriedSocket
  readonly relays: Relays
  readonly drops: DropCounts
  readonly store: Store
  readonly nat: NatBox | undefined
  readonly received: Uint8Array[]
  readonly story: string[]
  /** Circuits that went, by reason. */
  readonly gone: string[]
  isReachable: boolean
}

export class RelayStage extends World {
  #homes = 0

  constructor(seed: number, model: Partial<PathModel> = {}) {
    super(seed, model)
  }

  /** In public, and a volunteer. */
  volunteer(host: string, limits: Partial<RelayLimits> = {}): Person {
    const person = this.#person(SimulatedSocket.open({ host, port: 4000 }, this.net), undefined)
    person.isReachable = true
    person.relays.setHelp({ helpOthers: true, ...DEFAULT_HELP, ...limits })
    return person
  }

  /** In public, and nobody who helps. */
  inPublic(host: string, store?: Store): Person {
    return this.#person(SimulatedSocket.open({ host, port: 4000 }, this.net), undefined, store)
  }

  /** Behind a NAT of his own. */
  athome(outsideHost: string, options?: Partial<EndpointOptions>): Person {
    const nat = new NatBox({
      queue: this.queue,
      random: this.random,
      uplink: this.net,
      outsideHost,
      behaviour: SYMMETRIC,
      drops: this.net.drops,
    })
    const home = ++this.#homes
    return this.#person(
      SimulatedSocket.open({ host: `192.168.${home}.2`, port: 4000 }, nat),
      nat,
      undefined,
      options,
    )
  }

  async linked(person: Person, to: Person): Promise<StreamLink> {
    return this.until(person.endpoint.dial(targetOf(to, to.socket.local)))
  }

  /** A session from one to the other through the relay, at which the other has made a reservation. */
  async linkedThrough(relay: Person, from: Person, to: Person): Promise<StreamLink> {
    await this.linked(from, relay)
    await this.linked(to, relay)
    await this.until(to.relays.reserve(relay.identity.id))
    const address = await this.until(from.relays.circuitTo(relay.identity.id, to.identity.id))
    const link = await this.until(from.endpoint.dial(targetOf(to, address)))
    await this.run(300)
    return link
  }

  #person(
    socket: SimulatedSocket,
    nat: NatBox | undefined,
    store: Store = new MemoryStore(),
    options?: Partial<EndpointOptions>,
  ): Person {
    const { clock, random } = this
    const log = {
      log: (level: string, room: string, words: string, facts?: object) =>
        void this.logged.push(`${level} ${room} ${words} ${JSON.stringify(facts)}`),
    }
    const identity = this.identity()
    const ports = { clock, random, crypto: hostCrypto, log, network: testNetwork }
    const carried = new CarriedSocket(socket as DatagramSocket, clock)
    const endpoint = new Endpoint({ ...ports, socket: carried, identity, options })
    const around = { ...ports, drops: new DropCounts(), timers: new TimerGroup(clock) }
    const relays = new Relays(around, {
      links: endpoint,
      store,
      socket: carried,
      isReachable: () => person.isReachable,
      onChange: () => {},
    })
    const person: Person = {
      identity,
      endpoint,
      socket,
      carried,
      relays,
      drops: around.drops,
      store,
      nat,
      received: [],
      story: [],
      gone: [],
      isReachable: false,
    }
    relays.onCircuitGone((_address, _peer, reason) => person.gone.push(reason))
    const handlers = new Map(relays.handlers())
    endpoint.on({
      up: (link) => {
        person.story.push('up')
        relays.linkUp(link)
      },
      down: (link, reason) => {
        person.story.push(`down: ${reason}`)
        if (!endpoint.get(link.peer.id)?.isOpen) relays.linkDown(link.peer.id)
      },
      message: (link, message) => take(person, handlers, link, message),
    })
    endpoint.start()
    return person
  }
}

export function targetOf({ identity }: Person, address: Address): DialTarget {
  return { id: identity.id, noiseKey: identity.noiseKey.publicKey, addresses: [address] }
}

function take(
  person: Person,
  handlers: ReadonlyMap<number, (link: Link, body: Reader) => void>,
  link: Link,
  message: Uint8Array,
): void {
  const handler = handlers.get(message[0]!)
  if (!handler) return void person.received.push(message.slice())
  try {
    handler(link, new Reader(message, 1))
  } catch (error) {
    person.drops.count(`message ${message[0]}: ${String(error)}`)
  }
}
