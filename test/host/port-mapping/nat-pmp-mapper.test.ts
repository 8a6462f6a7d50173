import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { natPmpMapper } from '../../../main/host/port-mapping/nat-pmp-mapper.ts'
import { type MappingGrant, type PortMapper } from '../../../main/overlay/ports/port-mapper.ts'
import { PortMapping } from '../../../main/overlay/reach/port-mapping.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { FakeGateway } from './fake-gateway.ts'

const WISH = { internalPort: 4700, externalPort: 4700, lifetimeMs: 7_200_000 }
let gateway: FakeGateway
let mapper: PortMapper

beforeEach(async () => {
  gateway = await FakeGateway.open()
  mapper = natPmpMapper({ gateway: () => Promise.resolve('127.0.0.1'), port: gateway.port })
})
afterEach(() => gateway.close())

async function granted(): Promise<MappingGrant> {
  const answer = await mapper.map(WISH)
  if (answer.kind !== 'granted') throw new Error(answer.reason)
  return answer.grant
}

describe('NAT-PMP, byte for byte', () => {
  it('asks for a UDP port by RFC 6886', async () => {
    expect(await granted()).toEqual({
      method: 'nat-pmp',
      internalPort: 4700,
      external: { host: '198.18.7.7', port: 4700 },
      lifetimeMs: 7_200_000,
      epochSeconds: 1000,
    })
    // version 0, operation 1 (UDP), reserved, 4700, 4700, 7,200 s; then version 0, operation 0 (address)
    expect(gateway.requests).toEqual(['00010000125c125c00001c20', '0000'])
  })

  it('takes the port that the router gives instead of one that another holds', async () => {
    gateway.taken.add(4700)
    expect((await granted()).external.port).toBe(4701)
  })

  it('takes the life that the router gives', async () => {
    gateway.lifetimeSeconds = 600
    expect((await granted()).lifetimeMs).toBe(600_000)
  })

  it('asks again where a datagram is lost', async () => {
    gateway.deaf = 1
    expect((await granted()).external.port).toBe(4700)
    expect(gateway.requests).toHaveLength(3)
  })

  it('removes what it was given, and is asked by inner port alone', async () => {
    const grant = await granted()
    gateway.mappings.set(4800, 4800)
    await mapper.unmap(grant)
    expect([...gateway.mappings.keys()]).toEqual([4800])
    expect(gateway.requests.at(-1)).toBe('00010000125c000000000000')
  })

  it('says by result what a refusal was', async () => {
    for (const [result, reason] of [
      [1, 'failed'],
      [2, 'refused'],
      [3, 'failed'],
      [4, 'no-ports'],
      [77, 'failed'],
    ] as const) {
      gateway.result = result
      expect(await mapper.map(WISH)).toEqual({ kind: 'denied', reason })
    }
  })

  it('grants nothing where the router has no address outside', async () => {
    gateway.host = [0, 0, 0, 0]
    expect(await mapper.map(WISH)).toEqual({ kind: 'denied', reason: 'failed' })
  })

  it.each([
    ['a stranger', 'stranger', Buffer.from('00810000000003e8125c22b800001c20', 'hex')],
    ['a datagram cut short', 'itself', Buffer.from('00', 'hex')],
    ['an empty datagram', 'itself', Buffer.alloc(0)],
    ['a reply cut short', 'itself', Buffer.from('00810000000003e8125c', 'hex')],
    ['a reply too long', 'itself', Buffer.from('00810000000003e8125c22b800001c2000', 'hex')],
    ['another version', 'itself', Buffer.from('02810000000003e8125c22b800001c20', 'hex')],
  ] as const)('passes over %s', async (_name, from, bytes) => {
    gateway.noise = { from, bytes }
    expect((await granted()).external.port).toBe(4700)
  })

  it('says that there is nobody to ask where there is no default route', async () => {
    const alone = natPmpMapper({ gateway: () => Promise.resolve(undefined) })
    expect(await alone.map(WISH)).toEqual({ kind: 'denied', reason: 'no-gateway' })
    expect(await alone.check(await granted())).toEqual({ kind: 'silent' })
  })
})

describe('a mapping at that router, in virtual time', () => {
  const home = () => {
    const queue = new EventQueue()
    const told: (string | undefined)[] = []
    const mapping = new PortMapping({
      clock: new VirtualClock(queue),
      log: { log: () => undefined },
      mappers: [mapper],
      internalPort: 4700,
      isTranslated: () => true,
      onExternal: (external) => told.push(external?.host),
    })
    return { queue, mapping, told }
  }
  const until = (condition: () => boolean) =>
    expect.poll(condition, { timeout: 5_000, interval: 2 }).toBe(true)

  it('lives on past its life, over a restart of the router and a new address, and is gone at the end', async () => {
    const { queue, mapping, told } = home()
    mapping.allow(true)
    await until(() => mapping.status.state === 'mapped')
    const renewals = () => gateway.requests.filter((request) => request.startsWith('0001')).length
    for (let minute = 1; minute <= 60; minute++) {
      gateway.epochSeconds += 60
      const asked = gateway.requests.length
      await queue.runUntil(minute * 60_000)
      await until(() => gateway.requests.length > asked)
      await new Promise((resolve) => setTimeout(resolve, 5)) // its answer comes by the real network
    }
    await until(() => renewals() === 2)
    gateway.restart()
    gateway.host = [198, 18, 7, 8]
    await new Promise((resolve) => setTimeout(resolve, 20))
    await queue.runUntil(61 * 60_000 + 1_000)
    await until(() => gateway.mappings.get(4700) === 4700)
    await until(() => told.length === 2)
    expect(told).toEqual(['198.18.7.7', '198.18.7.8'])
    await mapping.stop()
    expect([...gateway.mappings]).toEqual([])
  })
})
