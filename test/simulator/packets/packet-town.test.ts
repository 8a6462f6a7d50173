import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { PacketNetwork } from '../../../simulator/net/packet-network.ts'
import { type NatBehaviour } from '../../../simulator/net/nat-behaviour.ts'
import { HOME_NATS } from '../../../simulator/packets/nat-kinds.ts'
import { PacketTown, type Place } from '../../../simulator/packets/packet-town.ts'
import { NatStage } from '../net/nat-stage.ts'

/** `onMove` may let traffic flow before the next computer moves in. */
function town(computers: number, nat: number, onMove: (place: Place) => void = () => undefined): Place[] {
  const queue = new EventQueue()
  const network = new PacketNetwork(queue, new SeededRandom(1))
  const parts = { queue, random: new SeededRandom(2), network, nat, servers: 3 }
  const built = new PacketTown(parts)
  return Array.from({ length: computers }, () => {
    const place = built.moveIn()
    onMove(place)
    return place
  })
}

function share(places: readonly Place[], isMeant: (place: Place) => boolean): number {
  return places.filter(isMeant).length / places.length
}

/** Both learn their addresses from a server, are told each other's, and send three times at the same moments. */
async function canPunch(a: NatBehaviour, b: NatBehaviour): Promise<boolean> {
  const stage = new NatStage()
  const alice = stage.computer('192.168.1.2', 4000, stage.box(a, '198.18.0.1', stage.net, 1))
  const bob = stage.computer('192.168.1.2', 4000, stage.box(b, '198.18.0.2', stage.net, 2))
  const server = stage.computer('198.18.9.1', 1)
  const toAlice = await stage.seenAs(alice, server)
  const toBob = await stage.seenAs(bob, server)
  const lastHeard = ({ heard }: typeof alice): typeof toAlice | undefined => {
    const [host, port] = heard.at(-1)?.split(':') ?? []
    return host ? { host, port: Number(port) } : undefined
  }
  for (let i = 0; i < 3; i++) {
    const [answerToBob, answerToAlice] = [lastHeard(alice) ?? toBob, lastHeard(bob) ?? toAlice]
    alice.socket.send(new Uint8Array(1), answerToBob)
    bob.socket.send(new Uint8Array(1), answerToAlice)
    await stage.wait(1000)
  }
  return alice.heard.length > 0 && bob.heard.length > 0
}

describe('the packet town', () => {
  it('has the shares it says', () => {
    const places = town(4000, 0.85)
    expect(share(places, ({ box }) => box !== undefined)).toBeCloseTo(0.85, 1)
    const atHome = places.filter(({ box }) => box)
    for (const kind of HOME_NATS)
      expect(share(atHome, (place) => place.kind.split('+')[0] === kind.name)).toBeCloseTo(kind.share, 1)
    expect(share(atHome, ({ kind }) => kind.endsWith('+carrier'))).toBeCloseTo(0.15, 1)
    expect(
      share(atHome, ({ box }) => atHome.filter((other) => other.box === box).length > 1),
    ).toBeGreaterThan(0.1)
    expect(HOME_NATS.reduce((sum, kind) => sum + kind.share, 0)).toBeCloseTo(1, 9)
  })

  it('stands as its seed says, whatever is sent in it', () => {
    const places = (built: Place[]): unknown[] => built.map(({ kind, socket }) => [kind, socket.local])
    const busy = town(200, 0.85, ({ socket }) =>
      socket.send(new Uint8Array(1), { host: '198.18.9.1', port: 1 }),
    )
    expect(places(busy)).toEqual(places(town(200, 0.85)))
  })

  it('begins with servers, and is all servers where nobody has a box', () => {
    expect(town(3, 1).map(({ kind }) => kind)).toEqual(['server', 'server', 'server'])
    expect(share(town(50, 0), ({ kind }) => kind === 'server')).toBe(1)
  })

  it('has boxes of which 75 % of pairs can be punched, 82 % mapping alike for all', async () => {
    const consistent = HOME_NATS.filter(({ behaviour }) => behaviour.mapping === 'endpoint-independent')
    expect(consistent.reduce((sum, kind) => sum + kind.share, 0)).toBeCloseTo(0.82, 9)
    let punched = 0
    for (const a of HOME_NATS)
      for (const b of HOME_NATS) if (await canPunch(a.behaviour, b.behaviour)) punched += a.share * b.share
    expect(punched).toBeCloseTo(0.7516, 4)
  })
})
