import { beforeAll, describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { concat, fromUtf8, utf8 } from '../../../main/overlay/base/bytes.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { type KeyPair } from '../../../main/overlay/ports/crypto.ts'
import {
  type Envelope,
  envelopeKey,
  envelopeName,
  signEnvelope,
  workOf,
  writerName,
} from '../../../main/overlay/wire/envelope.ts'
import { keysOfDay, mailboxKey, type MailboxRules, signMailbox } from '../../../main/overlay/wire/mailbox.ts'
import { encodeMailboxRead } from '../../../main/overlay/wire/mailbox-messages.ts'
import { APPLICATION } from '../../../main/overlay/wire/message-types.ts'
import { ReplicaStore, rootKeys } from '../../../main/overlay/dht/replica-store.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'
import { ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { MemoryStore } from '../../../simulator/memory-store.ts'

const DAY_MS = 86_400_000
/** A whole day of a network takes minutes to simulate. */
const LETTER_LIFE_MS = 20 * 60_000
const DOOR_BITS = 6
const [SECRET, TODAY] = [utf8('a secret of the owner'), 20_454]

describe('a mailbox in a network of 24 (seed 241)', () => {
  let world: ModelledWorld
  const owner = keysOfDay(crypto, SECRET, TODAY)
  const mailbox = mailboxKey(crypto, owner.publicKey)
  const contact = keysOfDay(crypto, utf8('what the contact was given'), TODAY)
  const rules: MailboxRules = {
    doorBits: DOOR_BITS,
    doorPlaces: 2,
    perWriter: 3,
    writers: [writerName(crypto, contact.publicKey)],
    deleted: [],
  }

  beforeAll(async () => {
    world = new ModelledWorld({ seed: 241 })
    await world.grow(24)
    await world.run(20_000)
  }, 60_000)

  function letter(text: string, writer: KeyPair, doorBits = 0, to = mailbox): Envelope {
    const expiresAtMs = world.clock.wallMs() + LETTER_LIFE_MS
    return signEnvelope(crypto, writer, { mailbox: to, value: utf8(text), expiresAtMs, doorBits })
  }

  function put(envelope: Envelope, from = 3): Promise<number> {
    return world.finish(world.alive[from]!.node.put(envelope))
  }

  async function inside(): Promise<string[]> {
    const envelopes = await world.finish(world.alive[7]!.node.readMailbox(owner))
    return envelopes.map(({ value }) => fromUtf8(value)).sort()
  }

  it('takes nothing before its owner has opened it', async () => {
    await expect(put(letter('too early', contact))).rejects.toMatchObject({ code: 'refused' })
    expect(await inside()).toEqual([])
  })

  it('takes as many from a contact as its owner allows, and gives them to the owner', async () => {
    const expiresAtMs = world.clock.wallMs() + 7 * DAY_MS
    const opened = signMailbox(crypto, owner, rules, { sequence: 1, expiresAtMs })
    expect(await world.finish(world.alive[1]!.node.put(opened))).toBe(8)
    for (const text of ['one', 'two', 'three']) expect(await put(letter(text, contact))).toBe(8)
    await expect(put(letter('four', contact))).rejects.toMatchObject({ code: 'quota' })
    expect(await inside()).toEqual(['one', 'three', 'two'])
  })

  it('lets strangers in for work, and more work drives out less', async () => {
    const stranger = (n: number): KeyPair => crypto.signingKeyPair(new Uint8Array(32).fill(n))
    await expect(put(idle(stranger(1)))).rejects.toMatchObject({ code: 'quota' })
    await put(letter('knock 2', stranger(2), DOOR_BITS))
    await put(letter('knock 3', stranger(3), DOOR_BITS + 5))
    await expect(put(idle(stranger(4), DOOR_BITS))).rejects.toMatchObject({ code: 'quota' })
    await put(letter('knock 5', stranger(5), DOOR_BITS + 6))
    expect((await inside()).filter((text) => text.startsWith('knock'))).toEqual(['knock 3', 'knock 5'])
    expect((await inside()).length).toBe(5)
  })

  /** One with no more work than so many bits. */
  function idle(writer: KeyPair, bits = 0): Envelope {
    for (let n = 0; ; n++) {
      const envelope = letter(`idle ${n}`, writer, bits)
      if (workOf(crypto, envelope) === bits) return envelope
    }
  }

  it('is read by its owner alone, and a forged envelope is no envelope', async () => {
    const routes = world.alive[5]!.node.routes
    const [root] = rootKeys({ crypto }, mailbox)
    const asked = encodeMailboxRead(crypto, owner, world.clock.wallMs(), '0'.repeat(32))
    const forged = asked.slice()
    forged[70]! ^= 1
    const read = (payload: Uint8Array) =>
      world.finish(routes.request(root!, APPLICATION.mailbox, new Uint8Array(payload), { timeoutMs: 4000 }))
    expect((await read(asked)).payload.length).toBeGreaterThan(100)
    await expect(read(forged)).rejects.toMatchObject({ code: 'refused' })
    const changed = { ...letter('true', contact), value: utf8('false') }
    await expect(put(changed)).rejects.toMatchObject({ code: 'bad-signature' })
  })

  it('loses what the owner deletes, for good, and has room again', async () => {
    const gone = (await world.finish(world.alive[7]!.node.readMailbox(owner))).filter(({ writer }) =>
      writer.every((byte, i) => byte === contact.publicKey[i]),
    )
    const deleted = gone.map((envelope) => envelopeName(envelopeKey(crypto, envelope)))
    const expiresAtMs = world.clock.wallMs() + 7 * DAY_MS
    const next = signMailbox(crypto, owner, { ...rules, deleted }, { sequence: 2, expiresAtMs })
    await world.finish(world.alive[9]!.node.put(next))
    await world.run(2000)
    expect((await inside()).every((text) => text.startsWith('knock'))).toBe(true)
    await expect(put(gone[0]!)).rejects.toMatchObject({ code: 'refused' })
    expect(await put(letter('after', contact))).toBe(8)
    await world.run(5 * 60_000) // neighbours compare what they keep
    expect((await inside()).filter((text) => !text.startsWith('knock'))).toEqual(['after'])
  })

  it('outlives its holders: it moves with the ring, and expires', async () => {
    for (let round = 0; round < 2; round++) {
      const holders = world.alive.filter(({ node }, i) => i > 9 && node.holds(mailbox)).slice(0, 3)
      world.kill(holders)
      await world.run(60_000)
    }
    expect(await inside()).toContain('after')
    await world.run(LETTER_LIFE_MS)
    expect(await inside()).toEqual([])
  }, 60_000)
})

describe('a door with one place, as a holder keeps it', () => {
  const SELF = '0'.repeat(64) as NodeId
  const clock = new VirtualClock(new EventQueue())
  const owner = keysOfDay(crypto, SECRET, TODAY)
  const mailbox = mailboxKey(crypto, owner.publicKey)
  const rules: MailboxRules = { doorBits: 0, doorPlaces: 1, perWriter: 1, writers: [], deleted: [] }
  const expiresAtMs = clock.wallMs() + DAY_MS
  const [weak, middling, strong] = [knock(1, 1), knock(2, 4), knock(3, 7)]

  /** With just so much work. */
  function knock(n: number, work: number): Envelope {
    const writer = crypto.signingKeyPair(new Uint8Array(32).fill(n))
    for (let i = 0; ; i++) {
      const value = concat(utf8(`${i} `), new Uint8Array(1000))
      const envelope = signEnvelope(crypto, writer, { mailbox, value, expiresAtMs })
      if (workOf(crypto, envelope) === work) return envelope
    }
  }

  async function opened(store = new MemoryStore()): Promise<ReplicaStore> {
    const around = {
      ...{ clock, crypto, random: new SeededRandom(1), network: networkOf(crypto, 'simulated', 0) },
      ...{ log: { log: () => undefined }, drops: new DropCounts(), timers: new TimerGroup(clock) },
    }
    const replicas = new ReplicaStore(around, store, 1_000_000, SELF)
    const record = signMailbox(crypto, owner, rules, { sequence: 1, expiresAtMs })
    expect(await replicas.keep(record, 0, SELF)).toBe('kept')
    return replicas
  }

  const holds = (replicas: ReplicaStore, envelope: Envelope): boolean =>
    replicas.get(envelopeKey(crypto, envelope)) !== undefined

  it('keeps whom it has where there is no room for who would take the place', async () => {
    const replicas = await opened()
    expect(await replicas.keep(weak, 0, SELF)).toBe('kept')
    for (let n = 0; n < 12; n++) {
      const other = { kind: 'immutable' as const, value: new Uint8Array(16_000).fill(n), expiresAtMs }
      expect(await replicas.keep(other, 0, SELF)).toBe('kept')
    }
    replicas.quotaBytes = replicas.usage.bytes - 5000
    expect(await replicas.keep(strong, 0, SELF)).toBe('quota')
    expect(holds(replicas, weak)).toBe(true)
  })

  it('keeps whom it has where the disk does not take who would have the place', async () => {
    const store = new MemoryStore()
    const replicas = await opened(store)
    expect(await replicas.keep(weak, 0, SELF)).toBe('kept')
    const write = store.write.bind(store)
    store.write = (writes) =>
      writes.some(({ type }) => type === 'put') ? Promise.reject(new Error('full')) : write(writes)
    expect(await replicas.keep(strong, 0, SELF)).toBe('failed')
    expect(holds(replicas, weak)).toBe(true)
    store.write = write
    expect(await replicas.keep(strong, 0, SELF)).toBe('kept')
    expect([weak, strong].map((each) => holds(replicas, each))).toEqual([false, true])
  })

  it('knows the work of a letter that it keeps for its second root, too', async () => {
    const replicas = await opened()
    expect(await replicas.keep(strong, 0, SELF)).toBe('kept')
    expect(await replicas.keep(strong, 1, SELF)).toBe('kept')
    expect(await replicas.keep(middling, 0, SELF)).toBe('quota')
    expect(holds(replicas, strong)).toBe(true)
  })
})

it('tomorrow’s mailbox is another’s to whoever lacks the secret', () => {
  const [today, tomorrow] = [TODAY, TODAY + 1].map((day) => keysOfDay(crypto, SECRET, day))
  expect(mailboxKey(crypto, today!.publicKey)).not.toBe(mailboxKey(crypto, tomorrow!.publicKey))
  expect(keysOfDay(crypto, SECRET, TODAY).publicKey).toEqual(today!.publicKey)
})
