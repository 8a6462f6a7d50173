// What moves the machine: the first sessions, a change of address, a restarted router, liars, and for the rest nothing.

import { describe, expect, it } from 'vitest'
import { decodeObserved, encodeObserved, PACKET_OBSERVED } from '../../../main/overlay/wire/packet-reach.ts'
import { CARRIER_NAT, HOME_NATS } from '../../../simulator/packets/nat-kinds.ts'
import {
  INSIDE,
  type ReachHost,
  type ReachHostOptions,
  ReachStage,
} from '../../../simulator/packets/reach-stage.ts'

const LIE = { host: '198.19.66.6', port: 53 }

function forgedSighting(datagram: Uint8Array): Uint8Array {
  if (datagram[0] !== PACKET_OBSERVED) return datagram
  return encodeObserved({ ...decodeObserved(datagram), address: LIE })
}

/** A stage with observers and strangers, who know each other. */
async function withHelpers(seed: number, liars = 0): Promise<{ stage: ReachStage; observers: ReachHost[] }> {
  const stage = new ReachStage(seed)
  const lying = Array.from({ length: liars }, (_, n) =>
    stage.host(`198.18.${100 + n}.1`, stage.net, { forged: forgedSighting }),
  )
  const observers = [...lying, ...stage.publicHosts(18, 4 - liars)]
  const strangers = stage.publicHosts(19, 3)
  for (const observer of observers) for (const stranger of strangers) await stage.connect(observer, stranger)
  return { stage, observers }
}

async function started(
  stage: ReachStage,
  subject: ReachHost,
  observers: readonly ReachHost[],
): Promise<NonNullable<ReachHost['reachability']>> {
  for (const observer of observers) await stage.connect(subject, observer)
  await subject.reachability!.start()
  return subject.reachability!
}

const natOf = (name: string) => HOME_NATS.find((kind) => kind.name === name)!.behaviour

describe('the machine of one address family', () => {
  it('stays unknown with one peer, and begins when there are two', async () => {
    const { stage, observers } = await withHelpers(1)
    const subject = stage.host('198.18.99.7')
    const reach = await started(stage, subject, observers.slice(0, 1))
    await stage.run(20_000)
    expect([reach.state('ipv4').kind, reach.reflexive()]).toEqual(['unknown', []])
    await stage.connect(subject, observers[1]!)
    expect(reach.reflexive()).toEqual([subject.socket.local])
    await stage.run(600)
    expect(reach.state('ipv4').kind).toBe('measuring')
    await stage.run(5_000)
    expect([reach.status.ipv4.kind, reach.state('ipv6').kind]).toEqual(['public', 'unknown'])
    expect(reach.isReachedByStrangers).toBe(true)
  })

  it('knows mapping and ports early, the filter later', async () => {
    const { stage, observers } = await withHelpers(2)
    const subject = stage.host(INSIDE, stage.box(natOf('symmetric-sequential')))
    const reach = await started(stage, subject, observers)
    await stage.run(1_500)
    expect(reach.status.ipv4).toMatchObject({ kind: 'hard-sequential', isMeasuring: true })
    expect(reach.findings('ipv4')!.filtering).toBe('unknown')
    await stage.run(5_000)
    expect(reach.status.ipv4).toMatchObject({ kind: 'hard-sequential', isMeasuring: false })
    expect(reach.findings('ipv4')!.filtering).toBe('address-and-port-dependent')
  })

  it('foretells the next port of a sequential translator', async () => {
    const { stage, observers } = await withHelpers(3)
    const box = stage.box(natOf('symmetric-sequential'))
    const reach = await started(stage, stage.host(INSIDE, box), observers)
    await stage.run(6_000)
    const { portAssignment } = reach.findings('ipv4')!
    const asked = reach.lookAtPorts('ipv4')
    await stage.run(1_000)
    const { ports, last } = (await asked)!
    const again = reach.lookAtPorts('ipv4')
    await stage.run(1_000)
    expect([ports, portAssignment]).toEqual(
      Array.from({ length: 2 }, () => ({ kind: 'sequential', delta: 1 })),
    )
    expect((await again)!.last).toEqual({ host: box.outsideHost, port: last.port + 1 })
  })

  it('without spare sockets says that the ports are unknown', async () => {
    const { stage, observers } = await withHelpers(4)
    const bare: ReachHostOptions = { hasSpareSockets: false }
    const reach = await started(stage, stage.host(INSIDE, stage.box(natOf('symmetric')), bare), observers)
    await stage.run(6_000)
    expect(reach.findings('ipv4')!.portAssignment).toEqual({ kind: 'unknown' })
    expect(reach.status.ipv4.kind).toBe('hard')
  })

  it('is measured anew after an hour or two, and silent until then', async () => {
    const { stage, observers } = await withHelpers(5)
    const reach = await started(stage, stage.host('198.18.99.7'), observers)
    await stage.run(10_000)
    const first = reach.findings('ipv4')!.measuredAtMs
    let strays = 0
    stage.net.tap(([kind]) => void (kind! >= 7 && kind! <= 9 && strays++))
    await stage.run(58 * 60_000)
    expect([reach.findings('ipv4')!.measuredAtMs, strays]).toEqual([first, 0])
    await stage.run(70 * 60_000)
    expect(reach.findings('ipv4')!.measuredAtMs).toBeGreaterThan(first)
  })

  it('of IPv6 is another than that of IPv4', async () => {
    const stage = new ReachStage(14)
    const hosts = (group: number, count: number): ReachHost[] =>
      Array.from({ length: count }, (_, n) => stage.host(`2001:db8:${group}${n}::1`))
    const [observers, strangers] = [hosts(1, 3), hosts(2, 2)]
    for (const observer of observers) for (const other of strangers) await stage.connect(observer, other)
    const subject = stage.host('2001:db8:77::7')
    const reach = await started(stage, subject, observers)
    await stage.run(5_000)
    expect([reach.status.ipv4.kind, reach.status.ipv6.kind]).toEqual(['unknown', 'public'])
    expect(reach.findings('ipv6')!.reflexive).toEqual(subject.socket.local)
  })

  it('follows a change of the own address', async () => {
    const { stage, observers } = await withHelpers(6)
    const subject = stage.host('198.18.99.7')
    const reach = await started(stage, subject, observers)
    await stage.run(10_000)
    const moved = { host: '198.18.98.7', port: 4000 }
    subject.socket.moveTo(moved, (address, receiver) => stage.net.attach(address, receiver))
    await stage.run(40_000)
    expect(reach.reflexive()[0]).toEqual(moved)
    expect(reach.findings('ipv4')).toMatchObject({ reflexive: moved, isPublic: true })
  })

  it('is measured again after a change that came while it was measured', async () => {
    const { stage, observers } = await withHelpers(16)
    const box = stage.box(natOf('symmetric'))
    const subject = stage.host(INSIDE, box)
    const reach = await started(stage, subject, [])
    await stage.run(17_300)
    for (const observer of observers) await stage.connect(subject, observer)
    while (reach.state('ipv4').kind !== 'measuring') await stage.run(50)
    subject.socket.moveTo({ host: '192.168.1.77', port: 4_000 }, (address, receiver) =>
      box.attach(address, receiver),
    )
    while (reach.state('ipv4').kind === 'measuring') await stage.run(50)
    const overMs = stage.queue.nowMs
    expect(overMs).toBeGreaterThan(22_000) // the own addresses were looked at meanwhile
    await stage.run(20_000)
    expect(reach.findings('ipv4')!.measuredAtMs).toBeGreaterThan(overMs + 1_000)
  })

  it('follows a router that was restarted', async () => {
    const { stage, observers } = await withHelpers(7)
    const box = stage.box({ ...CARRIER_NAT, filtering: 'endpoint-independent' })
    const reach = await started(stage, stage.host(INSIDE, box), observers)
    await stage.run(10_000)
    const before = reach.findings('ipv4')!.reflexive
    box.restart()
    await stage.run(60_000)
    const after = reach.findings('ipv4')!.reflexive
    expect(after.host).toBe(before.host)
    expect(after.port).not.toBe(before.port)
    expect(reach.status.ipv4.kind).toBe('open')
  })
})

describe('where everybody knows everybody', () => {
  it('a call from a host that nothing was sent to proves what no knock can', async () => {
    const stage = new ReachStage(12)
    const observers = stage.publicHosts(18, 3)
    for (const observer of observers.slice(1)) await stage.connect(observers[0]!, observer)
    const subject = stage.host('198.18.99.7')
    const reach = await started(stage, subject, observers)
    await stage.run(5_000)
    expect(reach.findings('ipv4')).toMatchObject({ isPublic: false, filtering: 'unknown' })
    expect(reach.isReachedByStrangers).toBe(false)
    await stage.connect(observers[0]!, stage.host('198.19.5.5'))
    await stage.connect(stage.host('198.19.7.7'), subject)
    expect(reach.isReachedByStrangers).toBe(true)
    await stage.run(10_000)
    expect(reach.findings('ipv4')).toMatchObject({ isPublic: true, filtering: 'endpoint-independent' })
  })

  it('a call from a host that was sent something proves nothing', async () => {
    const stage = new ReachStage(13)
    const observers = stage.publicHosts(18, 3)
    const subject = stage.host('198.18.99.7')
    const reach = await started(stage, subject, observers)
    await stage.run(5_000)
    const guest = stage.host('198.19.7.7')
    subject.endpoint
      .dial({ noiseKey: new Uint8Array(32).fill(9), addresses: [guest.socket.local] })
      .catch(() => undefined)
    await stage.run(6_000)
    await stage.connect(guest, subject)
    await stage.run(1_000)
    expect(reach.isReachedByStrangers).toBe(false)
  })
})

describe('liars among the observers', () => {
  it('one of four changes nothing', async () => {
    const { stage, observers } = await withHelpers(8, 1)
    const box = stage.box(natOf('open'))
    const reach = await started(stage, stage.host(INSIDE, box), observers)
    await stage.run(10_000)
    expect(reach.findings('ipv4')).toMatchObject({
      mapping: 'endpoint-independent',
      reflexive: { host: box.outsideHost, port: 4000 },
    })
    expect(reach.reflexive().some(({ host }) => host === LIE.host)).toBe(false)
  })

  it('the word of one alone is not believed', async () => {
    const { stage, observers } = await withHelpers(9, 1)
    const subject = stage.host(INSIDE, stage.box(natOf('open')))
    const reach = await started(stage, subject, observers.slice(0, 2)) // one lies, one does not
    await stage.run(10_000)
    expect(reach.state('ipv4').kind).toBe('unknown')
    expect(subject.drops.snapshot()).toMatchObject({ 'reach measured in vain': 1 })
  })

  it('addresses that cannot be are counted', async () => {
    const stage = new ReachStage(10)
    const sayPrivate = (datagram: Uint8Array): Uint8Array =>
      datagram[0] === PACKET_OBSERVED
        ? encodeObserved({ ...decodeObserved(datagram), address: { host: '127.0.0.1', port: 22 } })
        : datagram
    const liar = stage.host('198.18.100.1', stage.net, { forged: sayPrivate })
    const subject = stage.host(INSIDE, stage.box(natOf('open')))
    await started(stage, subject, [liar, ...stage.publicHosts(18, 2)])
    await stage.run(10_000)
    expect(subject.drops.snapshot()).toMatchObject({ 'observed address: not-public': 1 })
    expect(subject.reachability!.findings('ipv4')?.mapping).toBe('endpoint-independent')
  })
})
