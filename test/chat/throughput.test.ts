// Real clock, real LevelDB, real ratchet; only the network is in memory. Prints what it measures; the bound is far below
// what an idle machine does, so that it fails for a defect and not for a neighbour.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { Chat } from '../../main/chat/chat.ts'
import { hostClock } from '../../main/host/clock.ts'
import { hostCrypto } from '../../main/host/crypto.ts'
import { FolderProfile } from '../../main/host/folder-profile.ts'
import { hostRandom } from '../../main/host/random.ts'
import { SignalRatchet } from '../../main/host/signal-ratchet.ts'
import { networkOf } from '../../main/overlay/network.ts'
import { type Emit } from '../../preload/contract.ts'
import { SeededRandom } from '../../simulator/kernel/seeded-random.ts'
import { MemorySecrets } from './story/person.ts'
import { TestNetwork } from './story/test-network.ts'

const COUNT = 5_000
const network = networkOf(hostCrypto, 'test', 2)
const net = new TestNetwork(hostClock, hostCrypto, network, new SeededRandom(1))
net.delayMs = 0

function person(folder: string, emit: Emit): Chat {
  return new Chat({
    clock: hostClock,
    random: hostRandom,
    crypto: hostCrypto,
    log: { log: () => undefined },
    profile: new FolderProfile(folder, hostClock),
    secrets: new MemorySecrets(),
    ratchet: async () => new SignalRatchet(),
    overlay: async ({ seeds }) => net.overlay(seeds),
    network,
    shell: { notify: () => undefined, setUnread: () => undefined, applySettings: () => undefined },
    emit,
    capabilities: { surface: 'desktop', tray: true, autostart: true, notifications: true },
    version: '0',
  })
}

it(`stores, seals, sends and acknowledges ${COUNT} messages`, async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'banyan-throughput-'))
  let heard: (text: string) => void = () => undefined
  let delivered: () => void = () => undefined
  const alice = person(path.join(folder, 'alice'), (name, payload) => {
    const { text, state } = payload as { text: string; state: string }
    if (name === 'message' && text.startsWith('message') && state === 'delivered') delivered()
  })
  const bob = person(path.join(folder, 'bob'), (name, payload) => {
    if (name === 'message') heard((payload as { text: string }).text)
  })
  for (const chat of [alice, bob]) {
    await chat.start()
    await chat.handlers['account.create']({ name: 'x' })
    await chat.handlers['account.confirmPhrase'](undefined)
  }
  const { link } = await alice.handlers['invitation.get'](undefined)
  const { id: toAlice } = await bob.handlers['contacts.add']({ link })
  const conversationId = await new Promise<string>((resolve) => {
    const timer = setInterval(async () => {
      const [first] = await alice.handlers['conversations.list'](undefined)
      const [other] = await bob.handlers['conversations.list'](undefined)
      if (other?.contact?.relation !== 'accepted' || first?.contact?.relation !== 'accepted') return
      clearInterval(timer)
      resolve(first.id)
    }, 5)
  })
  expect(toAlice).not.toBe(conversationId)

  const latencies: number[] = []
  for (let i = 0; i < 200; i++) {
    const arrival = new Promise<void>((resolve) => (heard = (text) => text === `ping ${i}` && resolve()))
    const startMs = performance.now()
    await alice.handlers['messages.send']({ conversationId, text: `ping ${i}` })
    await arrival
    latencies.push(performance.now() - startMs)
  }
  let arrived = 0
  heard = () => void arrived++
  let done = 0
  const all = new Promise<void>((resolve) => (delivered = () => ++done === COUNT && resolve()))
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: COUNT }, (_, i) =>
      alice.handlers['messages.send']({ conversationId, text: `message ${i}` }),
    ),
  )
  const storedMs = performance.now() - startMs
  await all
  const totalMs = performance.now() - startMs
  const median = latencies.sort((a, b) => a - b)[latencies.length >> 1]!
  const perSecond = (ms: number) => Math.round((1000 * COUNT) / ms)
  console.log(
    `send to screen: median ${median.toFixed(2)} ms; stored and sealed ${perSecond(storedMs)}/s; ` +
      `acknowledged ${perSecond(totalMs)}/s, both ends on one core`,
  )
  expect(arrived).toBe(COUNT)
  expect(perSecond(storedMs)).toBeGreaterThan(500)
  for (const chat of [alice, bob]) await chat.stop()
  await rm(folder, { recursive: true, force: true })
}, 60_000)
