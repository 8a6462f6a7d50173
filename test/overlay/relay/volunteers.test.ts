// A small network, most of it behind NATs that nothing gets through: who needs volunteers finds some, keeps them, and costs
// the network next to nothing.

import { describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { OverlayNode } from '../../../main/overlay/node.ts'
import { DEFAULT_HELP } from '../../../main/overlay/ports/relays.ts'
import { CarriedSocket } from '../../../main/overlay/relay/carried-socket.ts'
import { WANTED, weightOf } from '../../../main/overlay/relay/reservation-keeper.ts'
import { Endpoint } from '../../../main/overlay/transport/endpoint.ts'
import { type DialTarget } from '../../../main/overlay/transport/links.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'
import { NatBox } from '../../../simulator/net/nat-box.ts'
import { SimulatedSocket } from '../../../simulator/net/simulated-socket.ts'
import { World, testNetwork } from '../transport/world.ts'
import { SYMMETRIC } from './stage.ts'

interface Resident {
  readonly node: OverlayNode
  readonly endpoint: Endpoint
  readonly socket: SimulatedSocket
  isReachable: boolean
}

class Town extends World {
  readonly volunteers: Resident[] = []
  readonly hidden: Resident[] = []
  readonly #isHelpOn: boolean
  #entry: DialTarget | undefined

  /** `isHelpOn`: otherwise nobody looks for help nor gives it, for comparison. */
  constructor(seed: number, isHelpOn: boolean) {
    super(seed)
    this.#isHelpOn = isHelpOn
  }

  async grow(volunteers: number, hidden: number): Promise<void> {
    for (let i = 0; i < volunteers + hidden; i++) {
      const isPublic = i < volunteers
      const resident = this.#build(i, isPublic)
      ;(isPublic ? this.volunteers : this.hidden).push(resident)
      resident.endpoint.start()
      if (this.#entry) resident.node.addPeers([this.#entry])
      this.#entry ??= { noiseKey: resident.endpoint.self.noiseKey, addresses: [resident.socket.local] }
      await resident.node.start()
      if (isPublic) resident.node.relays!.setHelp({ helpOthers: this.#isHelpOn, ...DEFAULT_HELP })
      await this.run(500)
    }
  }

  async kill({ node, endpoint, socket }: Resident): Promise<void> {
    await socket.close()
    await node.stop()
    await endpoint.stop()
  }

  #build(i: number, isPublic: boolean): Resident {
    const { clock, random } = this
    const uplink = isPublic
      ? this.net
      : new NatBox({
          queue: this.queue,
          random,
          uplink: this.net,
          outsideHost: `203.0.${i}.1`,
          behaviour: SYMMETRIC,
          drops: this.net.drops,
        })
    const local = { host: isPublic ? `198.51.${i}.1` : '192.168.1.2', port: 4000 }
    const socket = SimulatedSocket.open(local, uplink)
    const carried = new CarriedSocket(socket, clock)
    const log = {
      log: (level: string, _room: string, words: string) => {
        if (level === 'error') this.logged.push(words)
      },
    }
    const ports = { clock, random, crypto: hostCrypto, log, network: testNetwork, identity: this.identity() }
    const endpoint = new Endpoint({ ...ports, socket: carried })
    const node = new OverlayNode({
      ...ports,
      links: endpoint,
      store: new MemoryStore(),
      carried,
      isReachable: () => !this.#isHelpOn || resident.isReachable,
    })
    const resident: Resident = { node, endpoint, socket, isReachable: isPublic }
    return resident
  }
}

const held = ({ node }: Resident): number => node.relays!.reservations.length

describe('volunteers', () => {
  it('are found by those who need them, spread over all, and replaced when lost', async () => {
    const town = new Town(31, true)
    await town.grow(4, 5)
    await town.run(60_000)
    expect(town.hidden.map(held)).toEqual(town.hidden.map(() => WANTED))
    expect(town.volunteers.map(held)).toEqual(town.volunteers.map(() => 0))
    const reserved = () => town.volunteers.map(({ node }) => node.relays!.status.reservations)
    expect(reserved().reduce((sum, count) => sum + count)).toBe(5 * WANTED)
    expect(Math.min(...reserved())).toBeGreaterThan(0)
    expect(Math.max(...reserved())).toBeLessThanOrEqual(5)
    const dead = town.volunteers.splice(2, 1)[0]!
    await town.kill(dead)
    await town.run(60_000)
    expect(town.hidden.map(held)).toEqual(town.hidden.map(() => WANTED))
    expect(town.logged).toEqual([])
    // And they can be called through them.
    const [a, b] = [town.hidden[0]!, town.hidden.at(-1)!]
    const relay = b.node.relays!.reservations[0]!
    await town.until(a.endpoint.dial(relay))
    const address = await town.until(a.node.relays!.circuitTo(relay.id, b.node.self.id))
    const { id, noiseKey } = b.node.self
    if (!a.endpoint.get(id)) await town.until(a.endpoint.dial({ id, noiseKey, addresses: [address] }))
    expect(a.endpoint.get(id)!.isOpen).toBe(true)
  })

  it('stop being asked when they stop helping', async () => {
    const town = new Town(32, true)
    await town.grow(3, 6)
    await town.run(60_000)
    expect(town.hidden.map(held)).toEqual(town.hidden.map(() => WANTED))
    const [stopping] = town.volunteers
    stopping!.node.relays!.setHelp({ helpOthers: false, ...DEFAULT_HELP })
    await town.run(5_000)
    expect(town.hidden.map(held)).toEqual(town.hidden.map(() => 2))
    const [found] = town.hidden
    found!.isReachable = true
    found!.node.relays!.reachabilityChanged()
    expect(held(found!)).toBe(0)
  })

  it('cost a quiet node at most 0.05 packets a second', async () => {
    const rates = []
    for (const isHelpOn of [false, true]) {
      const town = new Town(33, isHelpOn)
      await town.grow(4, 8)
      await town.run(120_000)
      const sent = () => town.hidden.reduce((sum, { socket }) => sum + socket.traffic.sentPackets, 0)
      const before = sent()
      await town.run(400_000)
      rates.push((sent() - before) / town.hidden.length / 400)
    }
    const [without, with3] = rates as [number, number]
    console.log(
      `packets/s of a hidden node: ${without.toFixed(3)} without, ${with3.toFixed(3)} with volunteers`,
    )
    expect(with3 - without).toBeLessThan(0.05)
  })

  it('are the likelier chosen the nearer and the freer they are, and full ones last', () => {
    const order = [weightOf(20, 0), weightOf(20, 0.5), weightOf(200, 0), weightOf(20, 1)]
    expect(order).toEqual([...order].sort((a, b) => b - a))
    expect(order[3]).toBeGreaterThan(0)
  })
})
