// On loopback and on a port of its own: no packet leaves this computer.

import { createSocket } from 'node:dgram'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { lanDiscovery } from '../../main/host/lan-discovery.ts'
import { toBase64Url } from '../../main/overlay/base/bytes.ts'
import { type Lan, type LanWord } from '../../main/overlay/ports/lan.ts'

const loopback = () =>
  Object.values(networkInterfaces())
    .flatMap((infos) => infos ?? [])
    .filter((info): info is NetworkInterfaceInfo => info.address === '127.0.0.1')
const NETWORK = Uint8Array.from({ length: 32 }, (_, i) => i)
const OTHER_NETWORK = new Uint8Array(32).fill(7)
const mdnsPort = 20_000 + (process.pid % 20_000)

interface Heard {
  words: LanWord[]
  questions: string[]
}

const open: Lan[] = []
afterEach(() => open.splice(0).forEach((lan) => lan.close()))

function node(number: number, networkId: Uint8Array = NETWORK): { lan: Lan; heard: Heard } {
  const noiseKey = new Uint8Array(32).fill(number)
  const lan = lanDiscovery({ networkId, noiseKey, port: 4000 + number, interfaces: loopback, mdnsPort })
  const heard: Heard = { words: [], questions: [] }
  lan.on({ told: (word) => heard.words.push(word), asked: (host) => heard.questions.push(host) })
  open.push(lan)
  return { lan, heard }
}

const fromOthers = ({ words }: Heard, own: number) => words.filter(({ noiseKey }) => noiseKey[0] !== own)

describe('multicast DNS on loopback', () => {
  it('carries questions and words to nodes of the same network alone', async () => {
    const [first, second, foreign] = [node(1), node(2), node(3, OTHER_NETWORK)]
    first.lan.tell(60_000)
    first.lan.ask()
    await expect.poll(() => second.heard.questions.length).toBeGreaterThan(0)
    expect(fromOthers(second.heard, 2)).toEqual([
      { noiseKey: new Uint8Array(32).fill(1), host: '127.0.0.1', port: 4001, lifetimeMs: 60_000 },
    ])
    expect([foreign.heard.words, foreign.heard.questions]).toEqual([[], []])
  })

  it('says goodbye before it closes', async () => {
    const [first, second] = [node(1), node(2)]
    first.lan.tell(60_000)
    await expect.poll(() => fromOthers(second.heard, 2)).toHaveLength(1)
    first.lan.tell(0)
    first.lan.close()
    await expect.poll(() => fromOthers(second.heard, 2).at(-1)?.lifetimeMs).toBe(0)
  })

  it('passes over what is no DNS, and over records that lack a key', async () => {
    const { lan, heard } = node(1)
    const sender = createSocket('udp4')
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('hello'),
      Buffer.alloc(12, 0xff),
      Buffer.alloc(1400, 0xc0),
    ])
      sender.send(bytes, mdnsPort, '127.0.0.1')
    const second = node(2)
    second.lan.tell(1_000)
    await expect.poll(() => fromOthers(heard, 1)).toHaveLength(1)
    expect(lan.isLocal('127.0.0.9')).toBe(true)
    expect(lan.isLocal('192.0.2.1')).toBe(false)
    sender.close()
  })

  it('names nobody: the packet holds the key, the port and nothing of this computer', async () => {
    const { lan } = node(5)
    const listener = createSocket({ type: 'udp4', reuseAddr: true })
    const packets: string[] = []
    listener.on('message', (message) => packets.push(message.toString('latin1')))
    await new Promise<void>((resolve) => listener.bind(mdnsPort, '0.0.0.0', resolve))
    listener.addMembership('224.0.0.251', '127.0.0.1')
    lan.tell(60_000)
    await expect.poll(() => packets.length).toBeGreaterThan(0)
    const [packet = ''] = packets
    expect(packet).toContain(`k=${toBase64Url(new Uint8Array(32).fill(5))}`)
    expect(packet).toContain('_banyan00010203')
    expect(packet.toLowerCase()).not.toContain((await import('node:os')).hostname().toLowerCase())
    expect(packet.length).toBeLessThan(300) // counted: 281
    listener.close()
  })
})
