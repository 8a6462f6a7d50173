import { describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { type Bytes, toHex, utf8 } from '../../../main/overlay/base/bytes.ts'
import { BanyanError, codeOf } from '../../../main/overlay/base/errors.ts'
import { idFromBytes, type NodeId } from '../../../main/overlay/base/id.ts'
import { Identity } from '../../../main/overlay/identity.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { Reader } from '../../../main/overlay/wire/codec.ts'
import { MAX_LEASE_SECONDS, signMeshJoin, verifyMeshJoin } from '../../../main/overlay/wire/mesh-join.ts'
import {
  ASKS,
  COPY,
  decodeMeshAnnounce,
  decodeMeshDrop,
  decodeMeshGraft,
  decodeMeshHeartbeat,
  decodeMeshHello,
  decodeMeshLeave,
  decodeMeshPayload,
  decodeMeshPrune,
  decodeMeshSubscribe,
  DROP_REASON,
  encodeMeshAnnounce,
  encodeMeshDrop,
  encodeMeshGraft,
  encodeMeshHeartbeat,
  encodeMeshHello,
  encodeMeshLeave,
  encodeMeshPayload,
  encodeMeshPrune,
  encodeMeshSubscribe,
  HELLO_ROLE,
  MAX_BROADCAST_BYTES,
  type MessageId,
  messageIdOf,
  passedOn,
  signBroadcast,
  verifyBroadcast,
  withHops,
} from '../../../main/overlay/wire/mesh-messages.ts'
import { expectNoInternalError } from './any-bytes.ts'

const SEED = 611
const network = networkOf(crypto, 'mesh messages', 0)
const source = { crypto, network }
const MESH = idFromBytes(crypto.hash(utf8('a room')))
const OTHER = idFromBytes(crypto.hash(utf8('another')))
const seedOf = (text: string): Bytes => crypto.hash(utf8(text))
const alice = new Identity(crypto, network, { node: seedOf('alice'), noise: seedOf('her noise') })
const word = {
  member: alice.selfRecord([{ host: '192.0.2.1', port: 4000 }]),
  issuedMs: 1_767_225_600_000,
  leaseSeconds: 7200,
}
const JOIN = signMeshJoin(crypto, alice.nodeKey, MESH, word)
const BROADCAST = signBroadcast(crypto, alice.nodeKey, MESH, 1_767_225_600_001, utf8('good morning'))
const IDS = ['00112233445566778899aabbccddeeff', 'ff'.repeat(16)] as MessageId[]
const ANNOUNCED = IDS.map((id, i) => ({ id, hops: 255 * i }))

/** Behind number and mesh, which the facade reads; the heartbeat has several meshes. */
const MESSAGES: [string, number, Bytes, (reader: Reader) => unknown, unknown][] = [
  [
    'subscribe',
    33,
    encodeMeshSubscribe(MESH, { steps: 8, hops: 3, join: JOIN }),
    (reader) => decodeMeshSubscribe(reader, source),
    { steps: 8, hops: 3, join: JOIN },
  ],
  [
    'hello',
    33,
    encodeMeshHello(MESH, HELLO_ROLE.contact, JOIN),
    (reader) => decodeMeshHello(reader, source),
    { role: HELLO_ROLE.contact, join: JOIN },
  ],
  ['drop', 33, encodeMeshDrop(MESH, DROP_REASON.stranger), decodeMeshDrop, DROP_REASON.stranger],
  ['leave', 33, encodeMeshLeave(MESH, JOIN), (reader) => decodeMeshLeave(reader, source), JOIN],
  [
    'leave for nobody',
    33,
    encodeMeshLeave(MESH, undefined),
    (reader) => decodeMeshLeave(reader, source),
    undefined,
  ],
  ['heartbeat', 1, encodeMeshHeartbeat([MESH, OTHER]), decodeMeshHeartbeat, [MESH, OTHER]],
  ['prune', 33, encodeMeshPrune(MESH, true), decodeMeshPrune, true],
  [
    'announce',
    33,
    encodeMeshAnnounce(MESH, ASKS.all, ANNOUNCED),
    decodeMeshAnnounce,
    { asks: ASKS.all, announced: ANNOUNCED },
  ],
  [
    'announce since',
    33,
    encodeMeshAnnounce(MESH, ASKS.since, ANNOUNCED),
    decodeMeshAnnounce,
    { asks: ASKS.since, announced: ANNOUNCED },
  ],
  ['graft', 33, encodeMeshGraft(MESH, IDS), decodeMeshGraft, IDS],
]

describe('a mesh message', () => {
  it.each(MESSAGES)(
    '%s comes out as it went in, and neither shorter nor longer',
    (_, at, bytes, decode, value) => {
      expect(decode(new Reader(bytes, at))).toEqual(value)
      for (let end = at; end < bytes.length; end++)
        expect(() => decode(new Reader(bytes.slice(0, end), at))).toThrow(BanyanError)
      expect(() => decode(new Reader(Uint8Array.of(...bytes, 0), at))).toThrow(BanyanError)
    },
  )

  it('payload comes out as it went in, and every hop may change its hops and nothing else', () => {
    const bytes = encodeMeshPayload(MESH, 1, BROADCAST)
    expect(decodeMeshPayload(new Reader(bytes, 33))).toEqual({ hops: 1, broadcast: BROADCAST })
    const farther = decodeMeshPayload(new Reader(withHops(bytes, 9), 33))
    expect(farther).toEqual({ hops: 9, broadcast: BROADCAST })
    expect(bytes[33]).toBe(1)
  })

  it('subscription is passed on with its join untouched', () => {
    const bytes = encodeMeshSubscribe(MESH, { steps: 8, hops: 0, join: JOIN })
    const next = decodeMeshSubscribe(new Reader(passedOn(bytes, COPY, 7), 33), source)
    expect(next).toEqual({ steps: COPY, hops: 7, join: JOIN })
  })

  it('asks what is known, or is malformed', () => {
    expect(() => decodeMeshAnnounce(new Reader(Uint8Array.of(3, 0)))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    )
  })

  it(`of any bytes is refused with a code of ours (seed ${SEED})`, () => {
    expectNoInternalError([...MESSAGES.map(([, , , decode]) => decode), decodeMeshPayload], SEED)
  })

  it.each([
    ['a walk of 33 steps', () => decodeMeshSubscribe(new Reader(encodeMeshSubscribe(MESH, { steps: 33, hops: 0, join: JOIN }), 33), source)], // prettier-ignore
    ['65 announcements', () => decodeMeshAnnounce(new Reader(Uint8Array.of(0, 65)))],
    ['65 meshes', () => decodeMeshHeartbeat(new Reader(Uint8Array.of(65)))],
    ['a lease of two weeks', () => decodeMeshHello(new Reader(encodeMeshHello(MESH, 1, { ...JOIN, leaseSeconds: 2 * MAX_LEASE_SECONDS }), 33), source)], // prettier-ignore
    ['64 KiB and a byte', () => decodeMeshPayload(new Reader(encodeMeshPayload(MESH, 0, { ...BROADCAST, payload: new Uint8Array(MAX_BROADCAST_BYTES + 1) }), 33))], // prettier-ignore
  ])('with %s is too large', (_, decode) => {
    let code = ''
    try {
      decode()
    } catch (error) {
      code = codeOf(error)
    }
    expect(code).toBe('too-large')
  })
})

describe("a member's join", () => {
  const verify = (mesh = MESH, changes: Partial<typeof JOIN> = {}): void =>
    verifyMeshJoin(source, mesh, { ...JOIN, ...changes })

  it('is believed as it was signed, wherever its member is now', () => {
    expect(verify()).toBeUndefined()
    const moved = alice.selfRecord([{ host: '198.51.100.1', port: 1 }])
    expect(verify(MESH, { member: moved })).toBeUndefined()
  })

  it.each([
    ['another mesh', (): void => verify(OTHER)],
    ['another moment', (): void => verify(MESH, { issuedMs: JOIN.issuedMs + 1 })],
    ['another lease', (): void => verify(MESH, { leaseSeconds: 7201 })],
    [
      'another member',
      (): void => {
        const mallory = new Identity(crypto, network, { node: seedOf('mallory'), noise: seedOf('noise') })
        verify(MESH, { member: mallory.selfRecord([]) })
      },
    ],
  ])('is not believed for %s', (_, check) => expect(check).toThrow(/did not sign/))
})

describe('a broadcast', () => {
  it('is its author’s for one mesh, number and payload', () => {
    expect(verifyBroadcast(crypto, network, MESH, BROADCAST)).toBe(alice.id)
    for (const changed of [{ number: BROADCAST.number + 1 }, { payload: utf8('good night') }])
      expect(() => verifyBroadcast(crypto, network, MESH, { ...BROADCAST, ...changed })).toThrow(BanyanError)
    expect(() => verifyBroadcast(crypto, network, OTHER, BROADCAST)).toThrow(BanyanError)
  })

  it('has an id that is its content’s, whatever the signature', () => {
    const id = messageIdOf(crypto, MESH, BROADCAST)
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(messageIdOf(crypto, MESH, { ...BROADCAST, signature: new Uint8Array(64) })).toBe(id)
    const others = [
      messageIdOf(crypto, OTHER, BROADCAST),
      messageIdOf(crypto, MESH, { ...BROADCAST, number: BROADCAST.number + 1 }),
      messageIdOf(crypto, MESH, { ...BROADCAST, payload: utf8('good night') }),
    ]
    expect(new Set([id, ...others]).size).toBe(4)
    expect(toHex(BROADCAST.author)).not.toBe(alice.id as NodeId as string)
  })
})
