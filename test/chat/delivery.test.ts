// How envelopes wait, are sent again, and are forgotten.
import { describe, expect, it } from 'vitest'
import { believableTime } from '../../main/chat/conversations/believable-time.ts'
import { type ConversationRow } from '../../main/chat/conversations/rows.ts'
import { type ChatCore } from '../../main/chat/core.ts'
import { decodeDeviceList, encodeDeviceList } from '../../main/chat/devices/device-list.ts'
import { PrekeyKeeper } from '../../main/chat/devices/prekey-keeper.ts'
import { DeviceQueue } from '../../main/chat/messaging/device-queue.ts'
import { Outbox } from '../../main/chat/messaging/outbox.ts'
import { Sealer } from '../../main/chat/messaging/sealer.ts'
import { SeenEnvelopes } from '../../main/chat/messaging/seen-envelopes.ts'
import { type Clock } from '../../main/overlay/ports/clock.ts'
import { utf8 } from '../../main/overlay/base/bytes.ts'
import { Person } from './story/person.ts'
import { Story } from './story/story.ts'

const DAY_MS = 24 * 3600 * 1000
const SEALED = 1

async function rowsOf(person: Person, prefix: string): Promise<number> {
  return (await person.chat.opened.core.journal.store.range({ from: utf8(prefix), to: utf8(`${prefix}~`) }))
    .length
}

/** The same chat, some days later, as far as one of its parts is asked. */
function later(person: Person, days: number): ChatCore {
  const { core } = person.chat.opened
  const now = core.ports.clock
  const wallMs = () => core.wallMs() + days * DAY_MS
  const clock: Clock = { nowMs: () => now.nowMs(), wallMs, after: (ms, action) => now.after(ms, action) }
  return Object.assign(Object.create(core) as ChatCore, { wallMs, ports: { ...core.ports, clock } })
}

describe('a text is not held back for one that will not come', () => {
  it('after the contact was removed and added again', async () => {
    const story = new Story(220)
    const [alice, bob] = await story.friends()
    for (const text of ['one', 'two']) await bob.say('Alice', text)
    await story.until(async () => (await bob.states('Alice')).every((state) => state === 'delivered'))
    await alice.call('contacts.remove', { conversationId: (await alice.conversation('Bob')).id })
    const { link } = await bob.call('invitation.get')
    await alice.call('contacts.add', { link })
    await story.until(async () => (await alice.conversation('Bob')).contact?.relation === 'accepted')
    await bob.say('Alice', 'three')
    await story.until(async () => (await alice.texts('Bob')).includes('three'), 10_000)
  })

  it('on a computer that was restored from the phrase', async () => {
    const story = new Story(221)
    const [alice, bob] = [await Person.born(story, 'Alice'), new Person(story, 'Bob')]
    await bob.start()
    const words = await bob.create()
    await story.introduce(bob, alice)
    await alice.say('Bob', 'before')
    await story.until(async () => (await alice.states('Bob'))[0] === 'delivered')
    bob.kill()
    const again = new Person(story, 'Bob')
    await again.start()
    await again.call('account.restore', { name: 'Bob', phrase: words.join(' ') })
    await again.call('contacts.add', { link: (await alice.call('invitation.get')).link })
    await story.until(async () => (await again.conversation('Alice')).contact?.relation === 'accepted')
    await alice.say('Bob', 'after')
    await story.until(async () => (await again.texts('Alice')).includes('after'), 10_000)
  })
})

describe('a device that acknowledges nothing', () => {
  it('is asked at once when it says something itself', async () => {
    const story = new Story(232)
    const [alice, bob] = await story.friends()
    await story.advance(2_000)
    const nodeId = bob.chat.opened.core.own.nodeId
    story.net.tap = (sender) => sender !== nodeId
    for (const text of ['one', 'two']) await alice.say('Bob', text)
    await story.advance(5 * 60_000)
    story.net.tap = () => true
    await bob.say('Alice', 'hello')
    await story.until(async () => (await alice.states('Bob')).every((state) => state === 'delivered'), 5_000)
  }, 60_000)

  it('is asked ever more rarely, with one envelope, and gets the rest with its first answer', async () => {
    const story = new Story(222)
    const [alice, bob] = await story.friends()
    const [to, from] = [bob, alice].map((person) => person.chat.opened.core.own.nodeId)
    await story.advance(2_000)
    let sealed = 0
    let isSilent = true
    story.net.tap = (sender, receiver, frame) => {
      if (sender === from && receiver === to && frame[0] === SEALED) sealed++
      return !isSilent || sender !== to
    }
    for (let i = 0; i < 20; i++) await alice.say('Bob', `word ${i}`)
    await story.advance(20 * 60_000)
    // 5, 10, 20, ... s until ten minutes, not 20 envelopes every 5 s
    expect(sealed).toBeLessThanOrEqual(20 + 9)
    expect(sealed).toBeGreaterThanOrEqual(20 + 5)
    const before = sealed
    for (let i = 20; i < 30; i++) await alice.say('Bob', `word ${i}`)
    await story.advance(10_000)
    expect(sealed - before).toBeLessThanOrEqual(1)
    isSilent = false
    await story.until(
      async () => (await alice.states('Bob')).every((state) => state === 'delivered'),
      11 * 60_000,
    )
    expect(await bob.texts('Alice')).toEqual(Array.from({ length: 30 }, (_, i) => `word ${i}`))
  }, 60_000)

  it('is asked at once when it comes back', async () => {
    const story = new Story(223)
    const [alice, bob] = await story.friends()
    const nodeId = bob.chat.opened.core.own.nodeId
    story.net.tap = (sender) => sender !== nodeId
    await alice.say('Bob', 'there?')
    await story.advance(5 * 60_000)
    story.net.tap = () => true
    alice.overlay!.flap()
    await story.until(async () => (await alice.states('Bob'))[0] === 'delivered', 2_000)
  })
})

it('what was removed while it waited to be sealed does not come back', async () => {
  const story = new Story(224)
  const [alice, bob] = await story.friends()
  const { core, contacts } = alice.chat.opened
  const peer = contacts.deviceOf(bob.chat.opened.core.own.nodeId)!
  const queuePeer = { ...peer, nodeId: 'f'.repeat(64) as typeof peer.nodeId }
  let hasSession = false
  const sealer = {
    device: () => ({ epoch: 0, bundleSequence: 0 }),
    hasSession: async () => hasSession,
    seal: async () => ({ kind: 'ratchet', bytes: utf8('sealed') }),
  } as unknown as Sealer
  const host = { wantSession: () => undefined, advance: async () => undefined }
  const queue = await DeviceQueue.open(core, sealer, host, queuePeer)
  const accountId = bob.chat.opened.core.own.id
  const payload = { kind: 'profile', name: 'Al' } as const
  await story.wait(core.journal.run((tx) => queue.enqueue(tx, { accountId, place: undefined, payload })))
  await story.advance(1_000) // it is in the window, and has no session
  const prefix = `outbox/${queuePeer.nodeId}/`
  const removing = core.journal.run(async (tx) => {
    for (const { key } of await tx.range(prefix)) tx.del(key)
  })
  hasSession = true
  queue.pump()
  await story.wait(removing)
  await story.advance(1_000)
  expect(await rowsOf(alice, prefix)).toBe(0)
  await queue.stop()
})

describe('what was seen', () => {
  it('is forgotten after 30 days, and not before', async () => {
    const story = new Story(225)
    const [alice, bob] = await story.friends()
    await alice.say('Bob', 'hello')
    await story.until(async () => (await alice.states('Bob'))[0] === 'delivered')
    const before = await rowsOf(bob, 'seen/')
    expect(before).toBeGreaterThan(0)
    await story.wait(new SeenEnvelopes(later(bob, 29)).sweep())
    expect(await rowsOf(bob, 'seen/')).toBe(before)
    await story.wait(new SeenEnvelopes(later(bob, 31)).sweep())
    expect(await rowsOf(bob, 'seen/')).toBe(0)
  })

  it('is not asked for again by then: what is older is sealed anew', async () => {
    const story = new Story(226)
    const [alice, bob] = await story.friends()
    const device = alice.chat.opened.contacts.deviceOf(bob.chat.opened.core.own.nodeId)!
    const accountId = bob.chat.opened.core.own.id
    const sealedAt = async (days: number, seals: { count: number }) => {
      const core = later(alice, days)
      const sealer = {
        device: () => ({ epoch: 0, bundleSequence: 0 }),
        hasSession: async () => true,
        seal: async () => ({ kind: 'ratchet', bytes: utf8(`sealed ${seals.count++}`) }),
      } as unknown as Sealer
      const host = { wantSession: () => undefined, advance: async () => undefined }
      return DeviceQueue.open(core, sealer, host, {
        ...device,
        nodeId: 'e'.repeat(64) as typeof device.nodeId,
      })
    }
    const seals = { count: 0 }
    const queue = await sealedAt(0, seals)
    const payload = { kind: 'profile', name: 'Al' } as const
    const { journal } = alice.chat.opened.core
    await story.wait(journal.run((tx) => queue.enqueue(tx, { accountId, place: undefined, payload })))
    queue.pump()
    await story.advance(1_000)
    await queue.stop()
    for (const [days, count] of [
      [28, 1],
      [29, 2],
    ] as const) {
      const then = await sealedAt(days, seals)
      then.pump()
      await story.advance(1_000)
      await then.stop()
      expect(seals.count).toBe(count)
    }
  })
})

describe('a computer that is used no more', () => {
  it('is not kept waiting for with what another one of its owner has', async () => {
    const story = new Story(227)
    const [alice, bob] = [await Person.born(story, 'Alice'), new Person(story, 'Bob')]
    await bob.start()
    const words = await bob.create()
    await story.introduce(bob, alice)
    const old = bob.chat.opened.core.own.nodeId
    bob.kill()
    const again = new Person(story, 'Bob')
    await again.start()
    await again.call('account.restore', { name: 'Bob', phrase: words.join(' ') })
    await again.call('contacts.add', { link: (await alice.call('invitation.get')).link })
    await story.until(async () => (await again.conversation('Alice')).contact?.relation === 'accepted')
    for (let i = 0; i < 5; i++) await alice.say('Bob', `word ${i}`)
    await story.until(async () => (await again.texts('Alice')).length === 5)
    await story.until(async () => (await alice.states('Bob')).every((state) => state === 'delivered'))
    again.overlay!.online(false)
    await alice.say('Bob', 'nobody has this')
    expect(await rowsOf(alice, `outbox/${old}/`)).toBeGreaterThanOrEqual(6)
    const { core, conversations } = alice.chat.opened
    // the new one has been heard of since
    await story.wait(
      core.journal.run((tx) => {
        const id = again.chat.opened.core.own.nodeId
        const device = tx.row(core.devices, id)!
        tx.setRow(core.devices, id, { ...device, heardAtMs: core.wallMs() + 20 * DAY_MS })
      }),
    )
    const tidied = async (days: number) => {
      const then = later(alice, days)
      const outbox = new Outbox(
        then,
        new Sealer(then, new PrekeyKeeper(then.ports, then.journal, then.own)),
        conversations,
      )
      outbox.start()
      await story.advance(1_000)
      await outbox.stop()
      return rowsOf(alice, `outbox/${old}/`)
    }
    expect(await tidied(29)).toBeGreaterThanOrEqual(6)
    expect(await tidied(31)).toBe(2) // who we are, and what nobody has
  })

  it('drops out when its owner revokes it, and is listened to no more', async () => {
    const story = new Story(228)
    const [alice, bob] = await story.friends()
    const { core, contacts } = alice.chat.opened
    const device = contacts.deviceOf(bob.chat.opened.core.own.nodeId)!
    const laptop = { ...device, nodeId: 'd'.repeat(64) as typeof device.nodeId }
    const id = bob.chat.opened.core.own.id
    const now = story.clock.wallMs()
    const set = (certificates: (typeof device)[], revoked: (typeof device.nodeId)[], sequence: number) =>
      story.wait(core.journal.run((tx) => contacts.setDevices(tx, id, { certificates, revoked }, sequence)))
    await set([laptop, device], [], now + 1)
    expect(core.contacts.get(id)!.devices).toHaveLength(2)
    await set([laptop], [device.nodeId], now + 2)
    expect(core.contacts.get(id)!.devices.map(({ nodeId }) => nodeId)).toEqual([laptop.nodeId])
    const learning = core.journal.run((tx) => contacts.learnDevice(tx, device))
    await expect(story.wait(learning)).rejects.toMatchObject({ code: 'expired' })
  })

  it('is gone for all contacts when another computer of its owner says so', async () => {
    const story = new Story(231)
    const [alice, bob] = [await Person.born(story, 'Alice'), new Person(story, 'Bob')]
    await bob.start()
    const words = await bob.create()
    await story.introduce(bob, alice)
    const old = bob.chat.opened.core.own
    const again = new Person(story, 'Bob')
    await again.start()
    await again.call('account.restore', { name: 'Bob', phrase: words.join(' ') })
    await again.call('contacts.add', { link: (await alice.call('invitation.get')).link })
    const { core } = alice.chat.opened
    const devices = () => core.contacts.get(old.id)!.devices.map(({ nodeId }) => nodeId)
    await story.until(() => devices().length === 2)
    const { own } = again.chat.opened.core
    await expect(again.chat.opened.revokeDevice(own.nodeId)).rejects.toMatchObject({ code: 'refused' })
    await story.wait(again.chat.opened.revokeDevice(old.nodeId))
    // although both are in reach
    await story.until(() => devices().length === 1, 15 * 60_000)
    expect(devices()).toEqual([own.nodeId])
    await bob.say('Alice', 'from the lost one')
    await story.advance(20_000)
    expect(await alice.texts('Bob')).toEqual([])
  }, 60_000)

  it('stands in the list of its account as revoked, whatever its certificate says', async () => {
    const story = new Story(229)
    const alice = await Person.born(story, 'Alice')
    const { certificate, key } = alice.chat.opened.core.own
    const read = (bytes: Uint8Array) =>
      decodeDeviceList(story.crypto, story.network, key.publicKey, bytes, story.clock.wallMs())
    expect(read(encodeDeviceList([certificate.bytes], []))).toEqual({
      certificates: [certificate],
      revoked: [],
    })
    expect(read(encodeDeviceList([certificate.bytes], [certificate.nodeId]))).toEqual({
      certificates: [],
      revoked: [certificate.nodeId],
    })
  })
})

describe('the time a sender claims', () => {
  const createdAtMs = 1_800_000_000_000
  const now = createdAtMs + 1_000_000
  it.each([
    ['the present', now, now],
    ['a clock a little ahead', now + 60_000, now + 60_000],
    ['the far future', 9e15, now + 5 * 60_000],
    ['words that waited', createdAtMs - DAY_MS, createdAtMs - DAY_MS],
    ['the beginning of time', 0, createdAtMs - 30 * DAY_MS],
  ])('%s', (_, claimed, shown) => {
    expect(believableTime(claimed, { createdAtMs } as ConversationRow, now)).toBe(shown)
  })

  it('does not sort the list', async () => {
    const story = new Story(230)
    const [alice] = await story.friends()
    const { id } = await alice.conversation('Bob')
    const { core, conversations } = alice.chat.opened
    const message = { id: 'ab'.repeat(16), fromSelf: false, authorId: '', authorName: '', text: 'x' }
    const sentAtMs = core.wallMs() + 300_000
    await story.wait(
      core.journal.run((tx) => conversations.append(tx, id, { ...message, sentAtMs, state: 'received' })),
    )
    expect((await alice.conversation('Bob')).lastAtMs).toBeLessThanOrEqual(core.wallMs())
    expect((await alice.messages('Bob'))[0]!.sentAtMs).toBe(sentAtMs)
  })
})
