// One neighbour floods another with each kind of message that costs the receiver something. Every flood is cut to a bound,
// counted, and the others do not notice.

import { beforeEach, describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../main/host/crypto.ts'
import { type DhtRecord } from '../../main/overlay/api.ts'
import { type Bytes, utf8 } from '../../main/overlay/base/bytes.ts'
import { type Id, idFromBytes } from '../../main/overlay/base/id.ts'
import { type KeyPair } from '../../main/overlay/ports/crypto.ts'
import {
  encodeAsk,
  encodeOffer,
  encodePut,
  encodeStore,
  encodeWant,
  type Placing,
} from '../../main/overlay/wire/dht-messages.ts'
import { recordKey, signRecord } from '../../main/overlay/wire/dht-record.ts'
import { signEnvelope } from '../../main/overlay/wire/envelope.ts'
import { mailboxKey, signMailbox } from '../../main/overlay/wire/mailbox.ts'
import { APPLICATION, MESSAGE } from '../../main/overlay/wire/message-types.ts'
import { encodeFingerprints } from '../../main/overlay/wire/range-messages.ts'
import { encodeRouted } from '../../main/overlay/wire/routed-message.ts'
import {
  encodePublication,
  encodeTopicList,
  signPublication,
} from '../../main/overlay/wire/topic-messages.ts'
import { type Inhabitant, ModelledWorld } from '../../simulator/links/modelled-world.ts'

const FLOOD = 5000
const QUOTA_BYTES = 1024 * 1024
const DAY_MS = 86_400_000

describe('a flood by one neighbour (seed 701)', () => {
  let world: ModelledWorld
  let victim: Inhabitant
  let attacker: Inhabitant
  let friend: Inhabitant

  beforeEach(async () => {
    world = new ModelledWorld({ seed: 701, node: { replicaQuotaBytes: QUOTA_BYTES } })
    await world.grow(6)
    await world.run(10_000)
    ;[victim, attacker, friend] = world.alive as [Inhabitant, Inhabitant, Inhabitant]
  })

  async function flood(message: (n: number) => Bytes): Promise<void> {
    for (let n = 0; n < FLOOD; n++) send(message(n))
    await world.run(2000)
  }

  function send(...messages: Bytes[]): void {
    const link = attacker.links.get(victim.identity.id)!
    for (const message of messages) link.send(message)
  }

  /** What the victim has sent it. */
  function receivedBytes(): number {
    return attacker.links.get(victim.identity.id)!.traffic.receivedBytes
  }

  function invented(n: number): Id {
    return idFromBytes(crypto.hash(utf8(`invented ${n}`)))
  }

  function note(text: string, bytes = 100): DhtRecord {
    const value = new Uint8Array(bytes)
    value.set(utf8(text))
    return { kind: 'immutable', value, expiresAtMs: world.clock.wallMs() + DAY_MS }
  }

  function placing(record: DhtRecord): Placing {
    return { rootIndex: 0, wantsReceipts: true, record }
  }

  function store(token: number, record: DhtRecord): Bytes {
    return encodeStore(token, placing(record))
  }

  function dropped(reason: string): number {
    return victim.node.status().dropped[reason] ?? 0
  }

  /** Six nodes keep every record of a friend's, so the victim must still take it. */
  async function friendCanPut(): Promise<void> {
    const record = note('from a friend')
    expect(await world.finish(friend.node.put(record))).toBe(6)
    expect(victim.node.holds(recordKey(crypto, record))).toBe(true)
  }

  it('of records to keep: by rate, and by a quarter of the space', async () => {
    await flood((n) => store(n + 1, note(`record ${n}`, 1000)))
    expect(dropped('store: rate')).toBeGreaterThan(0.7 * FLOOD)
    expect(dropped('store: quota')).toBeGreaterThan(0)
    expect(victim.node.status().replicas.bytes).toBeLessThan(0.26 * QUOTA_BYTES)
    await friendCanPut()
  })

  it('of records by one author: a sixteenth of the space, whoever brings them', async () => {
    const author = crypto.signingKeyPair(new Uint8Array(32).fill(9))
    const expiresAtMs = world.clock.wallMs() + DAY_MS
    const value = new Uint8Array(1000)
    await flood((n) =>
      store(n + 1, signRecord(crypto, author, { salt: utf8(`${n}`), sequence: 1, value, expiresAtMs })),
    )
    const { bytes } = victim.node.status().replicas
    expect(bytes).toBeLessThan(QUOTA_BYTES / 16 + 2000)
    await friendCanPut()
  })

  it('of records nobody asked for, and of offers of what does not exist: none is kept', async () => {
    const { count } = victim.node.status().replicas
    await flood((n) => store(0, note(`unasked ${n}`)))
    expect(dropped('store: rate')).toBe(FLOOD)
    await flood((n) =>
      encodeOffer([
        {
          rootIndex: 0,
          key: idFromBytes(crypto.hash(utf8(`${n}`), utf8('a'))),
          sequence: 0,
          expiresAtMs: 1e14,
        },
        { rootIndex: 0, key: idFromBytes(crypto.hash(utf8(`${n}`))), sequence: 0, expiresAtMs: 1e14 },
      ]),
    )
    expect(dropped('offer: too many')).toBeGreaterThan(1000)
    expect(victim.node.status().replicas.count).toBe(count)
    await friendCanPut()
  })

  it('of mailboxes and of envelopes: by rate, and by what the mailbox and the door let in', async () => {
    const owner = crypto.signingKeyPair(new Uint8Array(32).fill(7))
    const mailbox = mailboxKey(crypto, owner.publicKey)
    const expiresAtMs = world.clock.wallMs() + DAY_MS
    const rules = { doorBits: 4, doorPlaces: 5, perWriter: 5, writers: [], deleted: [] }
    await world.finish(friend.node.put(signMailbox(crypto, owner, rules, { sequence: 1, expiresAtMs })))
    const { count } = victim.node.status().replicas
    const stranger = (n: number): KeyPair => crypto.signingKeyPair(crypto.hash(utf8(`stranger ${n}`)))
    const value = new Uint8Array(100)
    await flood((n) =>
      store(
        n + 1,
        signEnvelope(crypto, stranger(n % 50), {
          mailbox,
          value: utf8(`${n}`),
          expiresAtMs,
          doorBits: n % 8,
        }),
      ),
    )
    expect(victim.node.status().replicas.count - count).toBeLessThanOrEqual(rules.doorPlaces)
    expect(dropped('store: quota')).toBeGreaterThan(0)
    await flood((n) =>
      store(
        n + 1,
        signEnvelope(crypto, stranger(1), {
          mailbox: idFromBytes(crypto.hash(utf8(`${n}`))),
          value,
          expiresAtMs,
        }),
      ),
    )
    expect(victim.node.status().replicas.count - count).toBeLessThanOrEqual(rules.doorPlaces)
    await flood((n) => store(n + 1, signMailbox(crypto, stranger(n), rules, { sequence: 1, expiresAtMs })))
    expect(dropped('store: rate')).toBeGreaterThan(FLOOD)
    expect(victim.node.status().replicas.bytes).toBeLessThan(0.26 * QUOTA_BYTES)
    await friendCanPut()
  }, 60_000)

  it('of comparisons: cut to a rate, and nothing is asked for that is not this node’s to keep', async () => {
    const fingerprint = new Uint8Array(16).fill(1)
    await flood(() =>
      encodeFingerprints(
        Array.from({ length: 16 }, (_, digit) => ({ prefix: digit.toString(16), count: 9, fingerprint })),
      ),
    )
    expect(dropped('reconciliation: rate')).toBeGreaterThan(0.7 * FLOOD)
    await friendCanPut()
  })

  it('of comparisons with nothing: no more is named than is counted, and no record twice', async () => {
    for (let n = 0; n < 40; n++) await world.finish(friend.node.put(note(`${n}`)))
    const everything = { prefix: '', count: 0, fingerprint: new Uint8Array(16) }
    const before = receivedBytes()
    send(encodeFingerprints(Array.from({ length: 64 }, () => everything)))
    await world.run(1000)
    expect(dropped(`message ${MESSAGE.replicaFingerprints}: malformed`)).toBe(1)
    expect(receivedBytes() - before).toBeLessThan(1000)
    await flood(() => encodeFingerprints([everything]))
    expect(dropped('reconciliation: more names than one neighbour is told')).toBeGreaterThan(0)
    expect(receivedBytes() - before).toBeLessThan(20_000 * 60)
    await friendCanPut()
  })

  it('of records to keep under invented sources: as if they were its own', async () => {
    await flood((n) =>
      routedToVictim(n, APPLICATION.replica, store(n + 1, note(`record ${n}`, 1000)), invented(n)),
    )
    expect(victim.node.status().replicas.bytes).toBeLessThan(0.26 * QUOTA_BYTES)
    await friendCanPut()
  })

  it('of records that it had this node ask for: half of the space, by however many authors', async () => {
    const expiresAtMs = world.clock.wallMs() + DAY_MS
    const value = new Uint8Array(1000)
    const authors = Array.from({ length: 40 }, (_, n) =>
      crypto.signingKeyPair(crypto.hash(utf8(`author ${n}`))),
    )
    const records = Array.from({ length: 1500 }, (_, n) =>
      signRecord(crypto, authors[n % 40]!, { salt: utf8(`${n}`), sequence: 1, value, expiresAtMs }),
    )
    const offers = records.map((record) => {
      return { rootIndex: 0, key: recordKey(crypto, record), sequence: 1, expiresAtMs }
    })
    for (let from = 0; from < offers.length; from += 500) send(encodeOffer(offers.slice(from, from + 500)))
    await world.run(1000)
    send(...records.map((record) => store(0, record)))
    await world.run(5000)
    const { bytes } = victim.node.status().replicas
    expect(bytes).toBeGreaterThan(0.4 * QUOTA_BYTES)
    expect(bytes).toBeLessThan(0.51 * QUOTA_BYTES)
    await friendCanPut()
  })

  it('of offers under invented sources: no more is waited for than of one neighbour', async () => {
    const keys = (n: number) => Array.from({ length: 100 }, (_, i) => crypto.hash(utf8(`${n}/${i}`)))
    await flood((n) => {
      const offers = keys(n).map((key) => ({
        rootIndex: 0,
        key: idFromBytes(key),
        sequence: 0,
        expiresAtMs: 1e14,
      }))
      return routedToVictim(n, APPLICATION.replica, encodeOffer(offers), invented(n))
    })
    expect(dropped('offer: too many')).toBeGreaterThan(100_000)
    await friendCanPut()
  })

  it('of wishes for the same records again and again: cut to a rate of bytes', async () => {
    const records = Array.from({ length: 15 }, (_, n) => note(`${n}`, 16_000))
    for (const record of records) await world.finish(friend.node.put(record))
    const wanted = encodeWant(
      0,
      records.map((record) => recordKey(crypto, record)),
    )
    const before = receivedBytes()
    for (let round = 0; round < 500; round++) {
      send(wanted)
      await world.run(200)
    }
    expect(dropped('want: rate')).toBeGreaterThan(0)
    expect(receivedBytes() - before).toBeGreaterThan(16 * 1024 * 1024)
    expect(receivedBytes() - before).toBeLessThan(50 * 1024 * 1024)
    await friendCanPut()
  }, 60_000)

  it('of puts under invented sources, and of questions', async () => {
    const key = victim.identity.id
    await flood((n) =>
      routed(
        n,
        key,
        APPLICATION.put,
        encodePut(placing(note(`put ${n}`))),
        idFromBytes(crypto.hash(utf8(`${n}`))),
      ),
    )
    expect(dropped('put: rate')).toBeGreaterThan(1000)
    expect(victim.node.status().replicas.count).toBeLessThan(1200)
    await flood((n) => encodeAsk(n + 1, key))
    expect(dropped('ask: rate')).toBeGreaterThan(0.7 * FLOOD)
    await friendCanPut()
  })

  it('of publications: cut for all at the first node, and others in the same topic are heard', async () => {
    const topic = victim.identity.id // the victim is its root
    const heard = new Map<Inhabitant, string[]>(world.alive.map((one) => [one, []]))
    for (const [one, texts] of heard) {
      one.node.subscribe(topic)
      one.node.on({ publication: ({ payload }) => texts.push(new TextDecoder().decode(payload)) })
    }
    await world.run(3000)
    await flood((n) => {
      const signed = signPublication(crypto, attacker.identity.nodeKey, topic, utf8(`noise ${n}`))
      return encodePublication({ topic, hops: 1, signed })
    })
    expect(dropped('publication: over the rate limit of its publisher')).toBeGreaterThan(1000)
    expect(dropped('publication: over the rate limit of its link')).toBeGreaterThan(1000)
    expect(await world.finish(friend.node.publish(topic, utf8('good morning')))).toEqual({ kind: 'accepted' })
    await world.run(1000)
    for (const [one, texts] of heard) {
      expect(texts.length).toBeLessThan(400)
      if (one !== attacker) expect(texts).toContain('good morning')
    }
    const more = Array.from({ length: 400 }, (_, n) => attacker.node.publish(topic, utf8(`more noise ${n}`)))
    const kinds = (await world.finish(Promise.all(more))).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'failed').length).toBeGreaterThan(300) // and the publisher is told so
  })

  it('of subscriptions: bounded for the neighbour, free for the others', async () => {
    const topicOf = (n: number): Id => idFromBytes(crypto.hash(utf8(`topic ${n}`)))
    await flood((n) => routed(n, topicOf(n), APPLICATION.subscribe, new Uint8Array(0), attacker.identity.id))
    await flood((n) => encodeTopicList(MESSAGE.topicHeartbeat, [topicOf(FLOOD + n)]))
    expect(victim.node.status().topics.length).toBeLessThanOrEqual(2100)
    const cut = dropped('subscription: over the limit') + dropped('topic: over the rate limit of its link')
    expect(cut).toBeGreaterThan(FLOOD)
    const topic = victim.identity.id
    let heard = 0
    victim.node.on({ publication: () => heard++ })
    victim.node.subscribe(topic)
    friend.node.subscribe(topic)
    await world.run(3000)
    expect(await world.finish(friend.node.publish(topic, utf8('still here')))).toEqual({ kind: 'accepted' })
    expect(heard).toBe(1)
  })

  function routedToVictim(n: number, application: number, payload: Bytes, source: Id): Bytes {
    return routed(n, victim.identity.id, application, payload, source, true)
  }

  function routed(
    n: number,
    key: Id,
    application: number,
    payload: Bytes,
    source: Id,
    isExact = false,
  ): Bytes {
    const requestId = n.toString(16).padStart(16, '0')
    const rest = {
      isExact,
      isFollowing: false,
      keyHops: 255,
      hops: 1,
      offset: 0,
      detoursLeft: 8,
      visited: [attacker.identity.id],
    }
    return encodeRouted({ requestId, key, application, source, payload, ...rest })
  }
})
