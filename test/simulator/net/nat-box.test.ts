// Each behaviour by the requirement of RFC 4787 that names it.

import { describe, expect, it } from 'vitest'
import { type Dependence } from '../../../simulator/net/nat-behaviour.ts'
import { NatStage } from './nat-stage.ts'

const INSIDE = '192.168.1.2'
const SERVER = '198.18.9.1'
const DEPENDENCES: Dependence[] = ['endpoint-independent', 'address-dependent', 'address-and-port-dependent']

describe('mapping (REQ-1)', () => {
  it.each([
    ['endpoint-independent', true, true],
    ['address-dependent', true, false],
    ['address-and-port-dependent', false, false],
  ] as const)(
    '%s: same port to another port of a host: %s, to another host: %s',
    async (mapping, samePort, sameHost) => {
      const stage = new NatStage()
      const alice = stage.computer(INSIDE, 4000, stage.box({ mapping }))
      const first = await stage.seenAs(alice, stage.computer(SERVER, 1))
      const again = await stage.seenAs(alice, stage.computer(SERVER, 2))
      const elsewhere = await stage.seenAs(alice, stage.computer('198.18.9.2', 1))
      expect([first.host, again.host, elsewhere.host]).toEqual(Array(3).fill('198.18.0.1'))
      expect(again.port === first.port).toBe(samePort)
      expect(elsewhere.port === first.port).toBe(sameHost)
    },
  )

  it.each(DEPENDENCES)('%s: the same destination sees the same port again', async (mapping) => {
    const stage = new NatStage()
    const alice = stage.computer(INSIDE, 4000, stage.box({ mapping, portAssignment: 'random' }))
    const server = stage.computer(SERVER, 1)
    expect(await stage.seenAs(alice, server)).toEqual(await stage.seenAs(alice, server))
  })

  it('is undone on the way back: the insider hears at its own address', async () => {
    const stage = new NatStage()
    const alice = stage.computer(INSIDE, 4000, stage.box())
    const server = stage.computer(SERVER, 1)
    const outside = await stage.seenAs(alice, server)
    await stage.send(server, outside)
    expect(alice.heard).toEqual([`${SERVER}:1`])
  })
})

describe('port assignment (REQ-3)', () => {
  it('preserving: the inside port, and the next above for the second who has it', async () => {
    const stage = new NatStage()
    const box = stage.box()
    const server = stage.computer(SERVER, 1)
    const first = stage.computer(INSIDE, 4000, box)
    const second = stage.computer('192.168.1.3', 4000, box)
    expect((await stage.seenAs(first, server)).port).toBe(4000)
    expect((await stage.seenAs(second, server)).port).toBe(4001)
    // Port parity (REQ-4) is not kept.
  })

  it.each(['preserving', 'sequential', 'random'] as const)(
    '%s: no port has two users',
    async (portAssignment) => {
      const stage = new NatStage()
      const box = stage.box({ portAssignment })
      const server = stage.computer(SERVER, 1)
      const insiders = Array.from({ length: 20 }, (_, i) => stage.computer(`192.168.1.${2 + i}`, 4000, box))
      const seen = new Map<number, number>()
      for (const [i, insider] of insiders.entries()) seen.set((await stage.seenAs(insider, server)).port, i)
      expect(seen.size).toBe(20)
      for (const [port, i] of seen)
        expect(await stage.reaches(server, { host: box.outsideHost, port }, insiders[i]!)).toBe(true)
    },
  )

  it('sequential: one after another; random: not', async () => {
    const portsOf = async (portAssignment: 'sequential' | 'random'): Promise<number[]> => {
      const stage = new NatStage()
      const box = stage.box({ portAssignment, mapping: 'address-and-port-dependent' })
      const alice = stage.computer(INSIDE, 4000, box)
      const ports: number[] = []
      for (let i = 1; i <= 5; i++) ports.push((await stage.seenAs(alice, stage.computer(SERVER, i))).port)
      return ports
    }
    const isContiguous = (ports: number[]): boolean => ports.every((port, i) => port === ports[0]! + i)
    expect(isContiguous(await portsOf('sequential'))).toBe(true)
    expect(isContiguous(await portsOf('random'))).toBe(false)
  })

  it('a well-known port stays a well-known one (REQ-3a)', async () => {
    const stage = new NatStage()
    const alice = stage.computer(INSIDE, 500, stage.box({ portAssignment: 'random' }))
    expect((await stage.seenAs(alice, stage.computer(SERVER, 1))).port).toBeLessThan(1024)
  })
})

describe('filtering (REQ-8)', () => {
  it.each([
    ['endpoint-independent', true, true],
    ['address-dependent', true, false],
    ['address-and-port-dependent', false, false],
  ] as const)('%s: lets in another port: %s, a stranger: %s', async (filtering, otherPort, stranger) => {
    const stage = new NatStage()
    const alice = stage.computer(INSIDE, 4000, stage.box({ filtering }))
    const server = stage.computer(SERVER, 1)
    const outside = await stage.seenAs(alice, server)
    expect(await stage.reaches(server, outside, alice)).toBe(true)
    expect(await stage.reaches(stage.computer(SERVER, 2), outside, alice)).toBe(otherPort)
    expect(await stage.reaches(stage.computer('198.18.9.2', 1), outside, alice)).toBe(stranger)
    const filtered = Number(!otherPort) + Number(!stranger)
    expect(stage.net.drops.snapshot().filtered ?? 0).toBe(filtered)
  })

  it('where nothing has gone out, nothing comes in', async () => {
    const stage = new NatStage()
    const box = stage.box({ filtering: 'endpoint-independent' })
    const alice = stage.computer(INSIDE, 4000, box)
    const server = stage.computer(SERVER, 1)
    expect(await stage.reaches(server, { host: box.outsideHost, port: 4000 }, alice)).toBe(false)
    expect(stage.net.drops.snapshot()).toEqual({ 'no binding': 1 })
  })

  it('two punch a hole: each sends to the other’s outside address, and the second to do so is heard', async () => {
    const stage = new NatStage()
    const behaviour = { filtering: 'address-and-port-dependent' } as const
    const alice = stage.computer(INSIDE, 4000, stage.box(behaviour))
    const bob = stage.computer(INSIDE, 5000, stage.box(behaviour, '198.18.0.2'))
    const server = stage.computer(SERVER, 1)
    const [a, b] = [await stage.seenAs(alice, server), await stage.seenAs(bob, server)]
    expect(await stage.reaches(alice, b, bob)).toBe(false)
    expect(await stage.reaches(bob, a, alice)).toBe(true)
    expect(await stage.reaches(alice, b, bob)).toBe(true)
  })
})

describe('binding timeout (REQ-5)', () => {
  it.each([120_000, 30_000])(
    'after %i ms without use the binding is gone, and not before',
    async (bindingTimeoutMs) => {
      const stage = new NatStage()
      const box = stage.box({ bindingTimeoutMs, portAssignment: 'random' })
      const alice = stage.computer(INSIDE, 4000, box)
      const server = stage.computer(SERVER, 1)
      const outside = await stage.seenAs(alice, server)
      await stage.wait(bindingTimeoutMs - 3000)
      expect(await stage.reaches(server, outside, alice)).toBe(true)
      expect(box.bindings).toBe(1)
      await stage.wait(2000)
      expect(await stage.reaches(server, outside, alice)).toBe(false)
      expect(box.bindings).toBe(0)
      expect(await stage.seenAs(alice, server)).not.toEqual(outside)
    },
  )

  it.each([
    [false, false],
    [true, true],
  ])('kept alive by what comes in: %s (REQ-6)', async (isRefreshedInbound, survives) => {
    const stage = new NatStage()
    const alice = stage.computer(INSIDE, 4000, stage.box({ bindingTimeoutMs: 120_000, isRefreshedInbound }))
    const server = stage.computer(SERVER, 1)
    const outside = await stage.seenAs(alice, server)
    await stage.wait(80_000)
    expect(await stage.reaches(server, outside, alice)).toBe(true)
    await stage.wait(80_000)
    expect(await stage.reaches(server, outside, alice)).toBe(survives)
  })

  it('what goes out always counts as use (REQ-6), for the binding and for whom it went to', async () => {
    const stage = new NatStage()
    const alice = stage.computer(INSIDE, 4000, stage.box({ bindingTimeoutMs: 30_000 }))
    const [server, other] = [stage.computer(SERVER, 1), stage.computer('198.18.9.2', 1)]
    await stage.seenAs(alice, other)
    const outside = await stage.seenAs(alice, server)
    for (let i = 0; i < 3; i++) {
      await stage.wait(20_000)
      expect(await stage.seenAs(alice, server)).toEqual(outside)
    }
    expect(await stage.reaches(server, outside, alice)).toBe(true)
    expect(await stage.reaches(other, outside, alice)).toBe(false)
  })
})

describe('hairpinning (REQ-9)', () => {
  it('two insiders meet at their outside addresses, and see those (REQ-9a)', async () => {
    const stage = new NatStage()
    const box = stage.box({ filtering: 'endpoint-independent' })
    const server = stage.computer(SERVER, 1)
    const [alice, bob] = [stage.computer(INSIDE, 4000, box), stage.computer('192.168.1.3', 5000, box)]
    const outside = await stage.seenAs(bob, server)
    expect(await stage.reaches(alice, outside, bob)).toBe(true)
    expect(bob.heard).toEqual(['198.18.0.1:4000'])
  })

  it('is filtered as a stranger is', async () => {
    const stage = new NatStage()
    const box = stage.box({ filtering: 'address-and-port-dependent' })
    const [alice, bob] = [stage.computer(INSIDE, 4000, box), stage.computer('192.168.1.3', 5000, box)]
    const outside = await stage.seenAs(bob, stage.computer(SERVER, 1))
    expect(await stage.reaches(alice, outside, bob)).toBe(false)
    await stage.send(bob, { host: '198.18.0.1', port: 4000 })
    expect(await stage.reaches(alice, outside, bob)).toBe(true)
  })

  it('does not work in a box without it; the inside address always does', async () => {
    const stage = new NatStage()
    const box = stage.box({ filtering: 'endpoint-independent', isHairpinning: false })
    const [alice, bob] = [stage.computer(INSIDE, 4000, box), stage.computer('192.168.1.3', 5000, box)]
    const outside = await stage.seenAs(bob, stage.computer(SERVER, 1))
    expect(await stage.reaches(alice, outside, bob)).toBe(false)
    expect(stage.net.drops.snapshot()).toEqual({ 'no hairpin': 1 })
    expect(await stage.reaches(alice, bob.socket.local, bob)).toBe(true)
    expect(bob.heard).toEqual([`${INSIDE}:4000`])
  })
})

describe('the table of bindings', () => {
  it('when full refuses newcomers, keeps what it has, and takes newcomers again when something has aged', async () => {
    const stage = new NatStage()
    const box = stage.box({ mapping: 'address-and-port-dependent', maxBindings: 3, bindingTimeoutMs: 60_000 })
    const alice = stage.computer(INSIDE, 4000, box)
    const servers = Array.from({ length: 4 }, (_, i) => stage.computer(SERVER, 1 + i))
    const first = await stage.seenAs(alice, servers[0]!)
    await stage.seenAs(alice, servers[1]!)
    await stage.seenAs(alice, servers[2]!)
    expect(await stage.reaches(alice, servers[3]!.socket.local, servers[3]!)).toBe(false)
    expect(stage.net.drops.snapshot()).toEqual({ 'no binding left': 1 })
    expect(await stage.seenAs(alice, servers[0]!)).toEqual(first)
    await stage.wait(60_000)
    expect(await stage.reaches(alice, servers[3]!.socket.local, servers[3]!)).toBe(true)
    expect([box.bindings, box.mostBindings]).toEqual([1, 3])
  })

  it('is lost by a restart', async () => {
    const stage = new NatStage()
    const box = stage.box({ portAssignment: 'random' })
    const alice = stage.computer(INSIDE, 4000, box)
    const server = stage.computer(SERVER, 1)
    const outside = await stage.seenAs(alice, server)
    box.restart()
    expect(await stage.reaches(server, outside, alice)).toBe(false)
    expect(await stage.seenAs(alice, server)).not.toEqual(outside)
  })

  it('behaves alike from alike beginnings (REQ-11)', async () => {
    const ports = async (seed: number): Promise<number[]> => {
      const stage = new NatStage(seed)
      const box = stage.box({ mapping: 'address-and-port-dependent', portAssignment: 'random' })
      const alice = stage.computer(INSIDE, 4000, box)
      const seen: number[] = []
      for (const port of [1, 2, 3]) seen.push((await stage.seenAs(alice, stage.computer(SERVER, port))).port)
      return seen
    }
    expect(await ports(9)).toEqual(await ports(9))
    expect(await ports(9)).not.toEqual(await ports(10))
  })
})

describe('a home behind a carrier’s box (CGN)', () => {
  it('is seen at the carrier’s address, and the stricter of the two filters decides', async () => {
    const stage = new NatStage()
    const carrier = stage.box({ filtering: 'address-and-port-dependent', portAssignment: 'random' })
    const home = stage.box({ filtering: 'endpoint-independent' }, '100.64.0.2', carrier)
    const alice = stage.computer(INSIDE, 4000, home)
    const server = stage.computer(SERVER, 1)
    const outside = await stage.seenAs(alice, server)
    expect(outside.host).toBe('198.18.0.1')
    expect(await stage.reaches(server, outside, alice)).toBe(true)
    expect(await stage.reaches(stage.computer('198.18.9.2', 1), outside, alice)).toBe(false)
    expect([home.bindings, carrier.bindings]).toEqual([1, 1])
  })

  it('two homes of one carrier with the same inside addresses meet by its hairpin only', async () => {
    for (const isHairpinning of [true, false]) {
      const stage = new NatStage()
      const carrier = stage.box({ filtering: 'endpoint-independent', isHairpinning })
      const open = { filtering: 'endpoint-independent' } as const
      const alice = stage.computer(INSIDE, 4000, stage.box(open, '100.64.0.2', carrier))
      const bob = stage.computer(INSIDE, 4000, stage.box(open, '100.64.0.3', carrier))
      const server = stage.computer(SERVER, 1)
      await stage.seenAs(alice, server)
      const outside = await stage.seenAs(bob, server)
      expect(await stage.reaches(alice, outside, bob)).toBe(isHairpinning)
    }
  })
})
