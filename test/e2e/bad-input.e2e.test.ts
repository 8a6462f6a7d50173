// What goes wrong for real people, on real processes: each time a clear word, and nothing lost.

import { createSocket } from 'node:dgram'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hostCrypto } from '../../main/host/crypto.ts'
import { toBase64Url } from '../../main/overlay/base/bytes.ts'
import { MAX_TEXT_BYTES } from '../../preload/contract.ts'
import { SeededRandom } from '../../simulator/kernel/seeded-random.ts'
import { HeadlessProcess, TEST_PASSPHRASE } from '../drive/headless-process.ts'
import { Person } from '../drive/person.ts'
import { scratchFolder } from '../drive/scratch-folder.ts'

const SEED = Number(process.env.BANYAN_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const PACKETS = 100_000
/** What a garbage collector may leave lying about; state per packet would be more. */
const GROWTH_LIMIT_BYTES = 64 * 1024 * 1024
/** Sent in bursts, so that the kernel's buffer is not what drops them. */
const BURST = 200

describe('bad input', { timeout: 120_000 }, () => {
  let scratch: ReturnType<typeof scratchFolder>
  const people: Person[] = []
  const processes: HeadlessProcess[] = []

  beforeEach(() => {
    scratch = scratchFolder('bad-input')
  })
  afterEach(async () => {
    await Promise.all([...people.splice(0), ...processes.splice(0)].map((one) => one.stop()))
    scratch.remove()
  })

  async function person(name: string): Promise<Person> {
    const one = await Person.firstRun(name, { data: scratch.at(name) })
    people.push(one)
    return one
  }

  function headless(options: ConstructorParameters<typeof HeadlessProcess>[0]): HeadlessProcess {
    const one = new HeadlessProcess(options)
    processes.push(one)
    return one
  }

  it('in an invitation link is named for what it is', async () => {
    const alice = await person('Alice')
    const own = await alice.invitation()
    const preview = (link: string) =>
      alice.api.call('contacts.preview', { link }).then(() => 'accepted', codeOf)
    expect(await preview('https://example.org/')).toBe('malformed')
    expect(await preview('banyan:invite/')).toBe('malformed')
    expect(await preview(own.slice(0, -3))).toBe('malformed')
    expect(await preview(own.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')))).toBe('malformed')
    expect(await preview(own)).toBe('own-link')
    const foreigner = new HeadlessProcess({
      data: scratch.at('foreigner'),
      web: true,
      args: ['--network', 'other:1'],
    })
    processes.push(foreigner)
    const client = await foreigner.connect()
    await client.api.call('account.create', { name: 'Foreigner', passphrase: TEST_PASSPHRASE })
    await client.api.call('account.confirmPhrase')
    expect(await preview((await client.api.call('invitation.get')).link)).toBe('wrong-network')
    client.close()
    expect(await alice.api.call('conversations.list')).toEqual([])
  })

  it('of a port in use, or a second copy on one profile, ends with one clear line', async () => {
    const first = headless({ data: scratch.at('first') })
    const port = Number(/:(\d+)#/.exec(await first.bootstrapEntry())![1])
    const second = new HeadlessProcess({ data: scratch.at('second'), port })
    expect(await second.ended()).toBe(1)
    expect(second.output).toMatch(new RegExp(`${port}`))
    const twin = new HeadlessProcess({ data: scratch.at('first') })
    expect(await twin.ended()).toBe(1)
    expect(twin.output).toMatch(/another|already|running/i)
  })

  it('of an unreachable bootstrap node is tried again and again, and said', async () => {
    const nobody = `127.0.0.1:9#${toBase64Url(hostCrypto.agreementKeyPair(new Uint8Array(32).fill(7)).publicKey)}`
    const alice = await Person.firstRun('Alice', { data: scratch.at('alice'), bootstrap: [nobody] })
    people.push(alice)
    const state = await eventually(async () => {
      const one = await alice.api.call('network.state')
      return one.kind === 'alone' ? one : undefined
    })
    expect(state.words).toMatch(/try|again/i)
    const sent = async () => (await alice.api.call('health.get')).traffic.sentPackets
    const before = await sent()
    await eventually(async () => ((await sent()) > before ? true : undefined))
  })

  it('over the limit of 64 KiB is refused, and just below it arrives', async () => {
    const alice = await person('Alice')
    const bob = await person('Bob')
    const { id: conversationId } = await bob.add(await alice.invitation())
    await bob.accepted(conversationId)
    const send = (text: string) => bob.api.call('messages.send', { conversationId, text })
    await expect(send('ä'.repeat(MAX_TEXT_BYTES / 2) + 'x')).rejects.toMatchObject({ code: 'too-large' })
    const longest = 'ä'.repeat(MAX_TEXT_BYTES / 2)
    const seen = alice.client.next('message', ({ text }) => text === longest)
    await send(longest)
    await seen
    expect(await bob.messages(conversationId)).toHaveLength(1)
  })

  it('for a passphrase opens nothing and loses nothing', async () => {
    const alice = await person('Alice')
    const before = await alice.api.call('profile.get')
    await alice.stop()
    const locked = headless({ data: scratch.at('Alice'), web: true })
    const client = await locked.connect()
    await expect(client.api.call('account.unlock', { passphrase: 'wrong' })).rejects.toMatchObject({
      code: 'wrong-passphrase',
    })
    await client.api.call('account.unlock', { passphrase: TEST_PASSPHRASE })
    expect(await client.api.call('profile.get')).toEqual(before)
    client.close()
    people.splice(0)
  })

  it('of a damaged database is told, repaired on request, and a backup stays', async () => {
    const alice = await person('Alice')
    const topic = await alice.api.call('topics.subscribe', { topic: 'before the damage' })
    await alice.stop()
    people.splice(0)
    damage(scratch.at('Alice', 'chat'))
    const damaged = headless({ data: scratch.at('Alice'), web: true })
    const client = await damaged.connect()
    const state = await eventually(async () => {
      const one = await client.api.call('app.state')
      return one.stage === 'damaged' ? one : undefined
    })
    expect(state.problem).not.toBe('')
    const repaired = await client.api.call('app.repair')
    expect(readdirSync(repaired.backupPath)).not.toEqual([])
    await client.api.call('account.unlock', { passphrase: TEST_PASSPHRASE })
    const titles = (await client.api.call('conversations.list')).map((conversation) => conversation.title)
    expect(titles).toContain(topic.title)
    client.close()
  })

  it('of a damaged key file leaves the database alone, and the 24 words bring the account back', async () => {
    const started = headless({ data: scratch.at('Ada'), web: true })
    const first = await started.connect()
    await first.api.call('account.create', { name: 'Ada', passphrase: TEST_PASSPHRASE })
    const phrase = (await first.api.call('account.phrase')).join(' ')
    await first.api.call('account.confirmPhrase')
    await first.api.call('topics.subscribe', { topic: 'before the damage' })
    first.close()
    await started.stop()
    writeFileSync(scratch.at('Ada', 'secrets.sealed'), 'not what it was')
    const client = await headless({ data: scratch.at('Ada'), web: true }).connect()
    await client.api.call('account.unlock', { passphrase: TEST_PASSPHRASE }).catch(() => undefined)
    const stage = async () => (await client.api.call('app.state')).stage
    expect(await stage()).toBe('keys-missing')
    await client.api.call('account.restore', { name: 'unchanged', phrase, passphrase: TEST_PASSPHRASE })
    expect(await stage()).toBe('ready')
    expect((await client.api.call('profile.get')).name).toBe('Ada')
    expect((await client.api.call('conversations.list')).map(({ title }) => title)).toEqual([
      'before the damage',
    ])
    client.close()
  })

  it(`on the UDP port changes nothing: ${PACKETS} random and cut packets (seed ${SEED})`, async () => {
    const alice = await person('Alice')
    const bob = await person('Bob')
    const { id: conversationId } = await bob.add(await alice.invitation())
    await bob.accepted(conversationId)
    const [address] = (await alice.api.call('health.get')).addresses
    const before = residentBytes(alice.process.pid)
    if (before === undefined) console.log('memory is not watched: this system has no /proc')
    await shoot(Number(address!.split(':').at(-1)), new SeededRandom(SEED))
    const seen = alice.client.next('message', ({ text }) => text === 'still there?')
    await bob.api.call('messages.send', { conversationId, text: 'still there?' })
    await seen
    const { dropped } = await alice.api.call('health.get')
    expect(Object.values(dropped).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(PACKETS / 2)
    if (before !== undefined)
      expect(residentBytes(alice.process.pid)! - before).toBeLessThan(GROWTH_LIMIT_BYTES)
  })
})

function codeOf(error: unknown): string {
  return (error as { code: string }).code
}

async function eventually<T>(look: () => Promise<T | undefined>, withinMs = 30_000): Promise<T> {
  const until = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > until) throw new Error(`not within ${withinMs} ms`)
    await sleep(100)
  }
}

/** As after a bad sector: the file that says where the database begins holds nonsense. */
function damage(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.startsWith('MANIFEST-')) writeFileSync(path.join(folder, name), 'not a manifest any more')
}

/** Random bytes, and packets that begin like real ones: every kind byte, any length up to what UDP carries here. */
async function shoot(port: number, random: SeededRandom): Promise<void> {
  const socket = createSocket('udp4')
  for (let sent = 0; sent < PACKETS; sent += BURST) {
    const burst = Array.from({ length: BURST }, () => {
      const packet = random.bytes(random.below(random.below(10) === 0 ? 1_400 : 64))
      if (packet.length > 0 && random.below(2) === 0) packet[0] = random.below(8)
      return packet
    })
    await Promise.all(
      burst.map((packet) => new Promise((resolve) => socket.send(packet, port, '127.0.0.1', resolve))),
    )
    await sleep(1)
  }
  socket.close()
}

function residentBytes(pid: number): number | undefined {
  const file = `/proc/${pid}/status`
  if (!existsSync(file)) return undefined
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))![1]) * 1024
}
