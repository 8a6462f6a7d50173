// The lab's own proof: each kind of NAT measures as it is named, and what one can do to a network in the lab does happen.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoGatewayDaemon } from './gateway-daemon.ts'
import { Internet } from './internet.ts'
import { Lab } from './lab.ts'
import { Observer, measureNat } from './measure-nat.ts'
import { mapByNatPmp } from './nat-pmp.ts'
import { KINDS, KIND_NAMES } from './nat-kinds.ts'
import { Puppet } from './puppet.ts'
import { portRestricted, withHairpin } from './router-rules.ts'
import { type Site, addHost, homeSite, publicSite } from './site.ts'
import { passedOver } from './passed-over.ts'
import { whyNoLab } from './why-no-lab.ts'

const whyNot = whyNoLab()
const whyNoDaemon = whyNot ?? whyNoGatewayDaemon()
passedOver('the kinds of NAT', whyNot)
if (!whyNot) passedOver('the router that maps ports', whyNoDaemon)

/** What does not arrive is known by waiting; a datagram takes less than a millisecond. */
const ABSENCE_MS = 150
const ARRIVAL_MS = 3_000

describe.runIf(!whyNot)('the kinds of NAT', () => {
  let lab: Lab
  let internet: Internet
  let observer: Observer

  beforeAll(async () => {
    lab = new Lab()
    internet = new Internet(lab)
    observer = await Observer.start(internet)
  })
  afterAll(() => lab?.remove())

  /** A socket inside that has sent to the observer, and where the observer saw it. */
  async function binding(site: Site, text: string) {
    const puppet = new Puppet(site.host.namespace)
    const socket = await puppet.open()
    puppet.send(socket, observer.endpoint(0, 0), text)
    const mapped = await observer.sees(text)
    if (!mapped) throw new Error(`${text}: nothing arrived`)
    const isLetIn = async (word: string, limitMs: number): Promise<boolean> => {
      observer.send(0, 0, mapped, word)
      return (await puppet.received(word, limitMs)) !== undefined
    }
    return { puppet, socket, mapped, isLetIn }
  }

  it.each(KIND_NAMES.filter((name) => !KINDS[name].whyMissing?.()))('%s', async (name) => {
    const site = KINDS[name].build(internet, name)
    expect(await measureNat(observer, site.host.namespace)).toEqual(KINDS[name].expected)
  })

  it('the well-known-ports NAT lets nothing out to another port', async () => {
    const site = KINDS['well-known-ports'].build(internet, 'few-ports')
    const outside = publicSite(internet, 'any-port')
    const receiver = new Puppet(outside.host.namespace)
    for (const port of [53, 54]) await receiver.open('0.0.0.0', port)
    const sender = new Puppet(site.host.namespace)
    const socket = await sender.open()
    sender.send(socket, { host: outside.publicAddress, port: 54 }, 'to 54')
    sender.send(socket, { host: outside.publicAddress, port: 53 }, 'to 53')
    expect(await receiver.received('to 53', ARRIVAL_MS)).toBeDefined()
    expect(await receiver.received('to 54', ABSENCE_MS)).toBeUndefined()
  })

  it.runIf(!whyNoDaemon)('the router that maps ports lets anybody in to a mapped one', async () => {
    const site = KINDS['port-mapping'].build(internet, 'mapped')
    const puppet = new Puppet(site.host.namespace)
    await puppet.open('0.0.0.0', 7_000)
    const port = await mapByNatPmp(puppet, site.routers[0]!.insideAddress, 7_000)
    expect(port).toBe(7_000)
    observer.send(1, 1, { host: site.publicAddress, port: 7_000 }, 'a stranger')
    expect(await puppet.received('a stranger', ARRIVAL_MS)).toBeDefined()
  })

  it.each(['full-cone', 'port-restricted'] as const)('%s: a binding ends after its time', async (name) => {
    const site = KINDS[name].build(internet, `short-${name}`)
    site.routers[0]!.keepBindings(1)
    const { isLetIn } = await binding(site, `${name} for a while`)
    expect(await isLetIn('soon', ARRIVAL_MS)).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 1_500)) // the kernel's own clock: nothing virtual here
    expect(await isLetIn('late', ABSENCE_MS)).toBe(false)
  })

  it.each(['full-cone', 'symmetric-random'] as const)('%s: a reboot forgets the bindings', async (name) => {
    const site = KINDS[name].build(internet, `reboot-${name}`)
    const { isLetIn, puppet, socket } = await binding(site, `${name} before`)
    expect(await isLetIn('before', ARRIVAL_MS)).toBe(true)
    site.routers[0]!.forgetBindings()
    expect(await isLetIn('after', ABSENCE_MS)).toBe(false)
    puppet.send(socket, observer.endpoint(0, 0), `${name} again`)
    expect(await observer.sees(`${name} again`)).toBeDefined()
  })

  it('a path between two hosts can be blocked and opened again', async () => {
    const site = publicSite(internet, 'cut')
    const { isLetIn } = await binding(site, 'open')
    internet.block(site.publicAddress, observer.endpoint(0, 0).host)
    expect(await isLetIn('blocked', ABSENCE_MS)).toBe(false)
    internet.unblock()
    expect(await isLetIn('open again', ARRIVAL_MS)).toBe(true)
  })

  it('a router whose address changes has new bindings under the new one', async () => {
    const site = homeSite(internet, 'moving', portRestricted)
    const { isLetIn, puppet, socket } = await binding(site, 'old address')
    const address = internet.newAddress()
    internet.changeAddress(site.routers[0]!.namespace, site.publicAddress, address)
    expect(await isLetIn('to the old one', ABSENCE_MS)).toBe(false)
    puppet.send(socket, observer.endpoint(0, 0), 'new address')
    expect(await observer.sees('new address')).toMatchObject({ host: address })
  })

  it('a host whose address changes is reached behind the same router', async () => {
    const site = homeSite(internet, 'lease', portRestricted)
    const { host, routers } = site
    const { isLetIn, puppet, socket } = await binding(site, 'old lease')
    const address = routers[0]!.renewAddress(host.namespace, 'wan', host.address)
    expect(address).not.toBe(host.address)
    expect(await isLetIn('to the old one', ABSENCE_MS)).toBe(false)
    puppet.send(socket, observer.endpoint(0, 0), 'new lease')
    expect(await observer.sees('new lease')).toMatchObject({ host: site.publicAddress })
  })

  it('a router that hairpins leads its isolated hosts to each other by its outside address', async () => {
    const rules = (seconds: number, address: string) => withHairpin(portRestricted(), address, seconds)
    const site = homeSite(internet, 'hairpin', rules)
    const neighbour = addHost(internet, site.routers[0]!, 'hairpin-neighbour')
    site.routers[0]!.isolateHosts()
    const other = new Puppet(neighbour.namespace)
    other.send(await other.open(), observer.endpoint(0, 0), 'the neighbour opens')
    const mapped = await observer.sees('the neighbour opens')
    const { puppet, socket } = await binding(site, 'the host opens')
    puppet.send(socket, mapped!, 'round the corner')
    const received = await other.received('round the corner', ARRIVAL_MS)
    expect(received?.host).toBe(site.publicAddress)
    other.send(0, received!, 'and back')
    expect(await puppet.received('and back', ARRIVAL_MS)).toMatchObject(mapped!)
  })

  it('hosts of one LAN hear each other until they are isolated', async () => {
    const site = homeSite(internet, 'lan', portRestricted)
    const neighbour = addHost(internet, site.routers[0]!, 'neighbour')
    const [one, other] = [new Puppet(site.host.namespace), new Puppet(neighbour.namespace)]
    const socket = await one.open()
    await other.open('0.0.0.0', 7_000)
    const there = { host: neighbour.address, port: 7_000 }
    one.send(socket, there, 'hello')
    expect(await other.received('hello', ARRIVAL_MS)).toBeDefined()
    site.routers[0]!.isolateHosts()
    one.send(socket, there, 'still there?')
    expect(await other.received('still there?', ABSENCE_MS)).toBeUndefined()
    one.send(socket, observer.endpoint(0, 0), 'isolated')
    expect(await observer.sees('isolated')).toBeDefined()
  })
})
