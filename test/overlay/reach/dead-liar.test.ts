// A peer that was here, said that it is where somebody else is, and has gone: what all the nodes that want to reach it send there.
// There is no word of the liar any more that three times its bytes could be measured by, so the sum is what must be bounded.

import { beforeEach, describe, expect, it } from 'vitest'
import { hostCrypto } from '../../../main/host/crypto.ts'
import { type Address } from '../../../main/overlay/ports/datagram-socket.ts'
import { type DialTarget } from '../../../main/overlay/transport/links.ts'
import { type Inhabitant, NatStage } from './nat-stage.ts'

/** IP and UDP, of each packet. */
const HEADER_BYTES = 28
const CALL_BYTES = 1_200 + HEADER_BYTES
/** What docs/threat-model.md says: of one node, towards one owner's range. */
const BURST_BYTES = 48 * CALL_BYTES
const BYTES_PER_SECOND = CALL_BYTES / 2
const NODES = 4
const MAX_ADDRESSES = 6

let stage: NatStage
let nodes: Inhabitant[]
let sentTo: Map<string, { packets: number; bytes: number }>

beforeEach(async () => {
  stage = new NatStage(71)
  nodes = []
  for (let i = 0; i < NODES; i++) nodes.push(await stage.join(i % 2 ? 'port-restricted' : 'public'))
  await stage.run(10_000)
  sentTo = new Map()
  stage.net.tap((datagram: Uint8Array, _from: Address, { host }: Address) => {
    const sum = sentTo.get(host) ?? { packets: 0, bytes: 0 }
    sentTo.set(host, { packets: sum.packets + 1, bytes: sum.bytes + datagram.length + HEADER_BYTES })
  })
})

/** Of the range 198.19.`range`.0/24, as many of its addresses as a record holds. */
function liarAt(range: number): DialTarget {
  const host = (i: number): string => `198.19.${range}.${1 + (i % 3)}`
  const addresses = Array.from({ length: MAX_ADDRESSES }, (_, i) => ({ host: host(i), port: 443 + i }))
  const noiseKey = hostCrypto.agreementKeyPair(stage.random.bytes(32)).publicKey
  return { noiseKey, addresses }
}

function towards(prefix: string): { packets: number; bytes: number } {
  const sum = { packets: 0, bytes: 0 }
  for (const [host, { packets, bytes }] of sentTo)
    if (host.startsWith(prefix))
      Object.assign(sum, { packets: sum.packets + packets, bytes: sum.bytes + bytes })
  return sum
}

/** Every node wants to reach every one of them, all the time. */
async function dialAll(liars: readonly DialTarget[], seconds: number): Promise<void> {
  for (let i = 0; i < seconds / 5; i++) {
    for (const { endpoint } of nodes) for (const liar of liars) endpoint.dial(liar).catch(() => undefined) // it is not there
    await stage.run(5_100)
  }
}

describe('dead liars that have named a third party', () => {
  it('have a bounded number of bytes a second sent there by all nodes together, and it is counted', async () => {
    const liars = Array.from({ length: 6 }, () => liarAt(200))
    await dialAll(liars, 90)
    const first = towards('198.19.200.')
    await dialAll(liars, 120)
    const all = towards('198.19.200.')
    const perSecond = (all.bytes - first.bytes) / 122.4 / NODES
    console.log(
      `${first.bytes / NODES} bytes of each of ${NODES} nodes in the first minute and a half, then ${perSecond.toFixed(0)} a second`,
    )
    expect(first.bytes).toBeGreaterThan(0)
    expect(all.bytes).toBeLessThanOrEqual(NODES * (BURST_BYTES + 220 * BYTES_PER_SECOND))
    expect(perSecond).toBeLessThanOrEqual(1.05 * BYTES_PER_SECOND)
    for (const { node } of nodes) expect(node.status().dropped['unproven-limit']).toBeGreaterThan(100)
  })

  it('have a node send 39 kB a second at most to all whom they name, and others are reached meanwhile', async () => {
    const liars = Array.from({ length: 40 }, (_, i) => liarAt(100 + i))
    await dialAll(liars, 25)
    const before = towards('198.19.')
    const late = await stage.join('public')
    nodes[0]!.endpoint.get(late.node.self.id)?.close('to be called anew')
    await stage.run(100)
    const { noiseKey, addresses } = late.endpoint.self
    const dialled = nodes[0]!.endpoint.dial({ noiseKey, addresses })
    const startMs = stage.queue.nowMs
    let tookMs = Infinity
    dialled.then(
      () => (tookMs = stage.queue.nowMs - startMs),
      () => undefined,
    )
    await dialAll(liars, 30)
    const perSecond = (towards('198.19.').bytes - before.bytes) / 33.8 / NODES
    console.log(
      `${perSecond.toFixed(0)} bytes a second of each node to all of them; a peer is reached in ${tookMs.toFixed(0)} ms`,
    )
    expect(perSecond).toBeLessThanOrEqual(1.05 * 32 * CALL_BYTES)
    expect(tookMs).toBeLessThan(500)
  })

  it('cost those nothing who are where they say: their calls are given back', async () => {
    const peers: Inhabitant[] = []
    for (let i = 0; i < 3; i++) peers.push(await stage.join('public'))
    for (let i = 0; i < 30; i++)
      for (const { endpoint } of peers) {
        const { noiseKey, addresses } = endpoint.self
        nodes[0]!.endpoint.get(endpoint.self.id)?.close('again')
        await stage.run(100)
        nodes[0]!.endpoint.dial({ noiseKey, addresses }).catch(() => undefined)
        await stage.run(100)
      }
    expect(nodes[0]!.node.status().dropped['unproven-limit']).toBeUndefined()
  })
})

it('a liar that joined, was believed and died is called by the overlay itself within the same bound', async () => {
  const victim = (i: number): Address => ({ host: `198.19.50.${i}`, port: 53 })
  const liars: Inhabitant[] = []
  for (let i = 0; i < 4; i++) {
    const liar = await stage.join('public')
    liar.endpoint.advertise(
      'mapped',
      Array.from({ length: 5 }, (_, j) => victim(10 * i + j)),
    )
    for (const { node } of nodes) node.keepInTouch(liar.node.self.id)
    liars.push(liar)
  }
  await stage.run(60_000)
  for (const liar of liars) await stage.kill(liar)
  const before = towards('198.19.50.')
  await stage.run(600_000)
  const { packets, bytes } = towards('198.19.50.')
  console.log(
    `4 liars dead: ${packets - before.packets} packets, ${bytes - before.bytes} bytes of ${NODES} nodes in 10 min`,
  )
  expect(packets).toBeGreaterThan(0)
  expect(bytes - before.bytes).toBeLessThanOrEqual(NODES * (BURST_BYTES + 600 * BYTES_PER_SECOND))
})
