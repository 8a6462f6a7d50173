// The side that is called. An initiation costs three key agreements and one signature, and leaves a half-open session;
// a link comes of it only with the first packet that opens under its keys, because only then is the caller neither a
// replay nor a forged sender address. Half-open sessions are few and short-lived, and the work per second is limited:
// admission.ts says who is computed for, retry-tokens.ts what the others have to show.
//
//   initiation --admitted, read, verified--> half open --packet that opens--> session (see endpoint.ts)
//       |                                       \--5 s--> forgotten
//       \--too busy, address not proven--> retry packet; nothing is kept
//
// Whatever the answer (response, the same response to a repeat, retry, refusal), it is one datagram to the address that
// sent an initiation of 1,200 bytes, and shorter: nobody is sent three times what he sent (RFC 9000 §8.1).

import { type Bytes, equal, toHex } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type NodeId } from '../base/id.ts'
import { type Timer } from '../ports/clock.ts'
import { type SessionKeys } from '../ports/crypto.ts'
import { type Address, sameAddress, tellable } from '../ports/datagram-socket.ts'
import {
  type AnswerStatus,
  decodeHello,
  encodeAnswer,
  networkTagOf,
  prologueOf,
} from '../wire/packet-handshake.ts'
import {
  ECHO_BYTES,
  type Initiation,
  PROTOCOL_VERSION,
  REFUSED_NETWORK,
  REFUSED_VERSION,
  SEALED_HEADER_BYTES,
  decodeInitiation,
  encodeRefusal,
  encodeResponse,
  encodeRetry,
  packetNumberOf,
} from '../wire/packet.ts'
import { type PeerRecord, verifyPeerRecord } from '../wire/peer-record.ts'
import { Admission, type Verdict } from './admission.ts'
import { type DropReason } from './counters.ts'
import { type HandshakePorts } from './handshake-ports.ts'
import { RetryTokens } from './retry-tokens.ts'

/** Chosen: longer than any dial goes on trying. */
const HALF_OPEN_MS = 5_000
/** X25519 public key: the first thing in the Noise message, fresh for every handshake. */
const EPHEMERAL_BYTES = 32

export interface HalfOpen {
  ephemeral: string
  order: number
  expiresMs: number
  keys: SessionKeys
  peer: PeerRecord
  ownConnectionId: number
  peerConnectionId: number
  response: Bytes
  /** Where the response went, and nowhere else without a token: who opens it is there. */
  answeredTo: Address
  /** When the response left; undefined once it has left twice, because then no round trip can be told from it. */
  respondedMs: number | undefined
}

export class Answering {
  readonly #ports: HandshakePorts
  readonly #tag: Bytes
  readonly #admission: Admission
  readonly #tokens: RetryTokens
  readonly #byConnection = new Map<number, HalfOpen>() // in order of expiry
  readonly #byEphemeral = new Map<string, HalfOpen>()
  readonly #opened = new Uint8Array(2048)
  #timer: Timer | undefined

  constructor(ports: HandshakePorts) {
    this.#ports = ports
    this.#tag = networkTagOf(ports.network)
    this.#admission = new Admission(ports)
    this.#tokens = new RetryTokens(ports)
  }

  get size(): number {
    return this.#byConnection.size
  }

  /** An initiation came in. Errors: malformed, too-large, and those of a peer record that does not verify. */
  initiation(datagram: Bytes, from: Address): void {
    const initiation = decodeInitiation(datagram)
    const refusal = this.#refusalFor(initiation)
    if (refusal) return this.#refuse(initiation, refusal.reason, refusal.counted, from)
    const known = this.#byEphemeral.get(toHex(ephemeralOf(initiation)))
    if (known) return this.#repeat(known, initiation, from)
    const verdict = this.#admit(initiation, from)
    if (verdict === 'compute') return this.#answer(initiation, from)
    if (verdict === 'ask-for-token') return this.#askForToken(initiation, from)
    this.#ports.counters.drop(verdict)
  }

  /** The half-open session that a sealed datagram belongs to and opens under. It leaves the table. */
  confirm(connectionId: number, datagram: Bytes): HalfOpen | undefined {
    const halfOpen = this.#byConnection.get(connectionId)
    if (!halfOpen) return undefined
    const header = datagram.subarray(0, SEALED_HEADER_BYTES)
    const sealed = datagram.subarray(SEALED_HEADER_BYTES)
    const number = packetNumberOf(datagram, -1)
    if (sealed.length > this.#opened.length) return undefined
    if (!this.#ports.crypto.open(this.#opened, sealed, header, number, halfOpen.keys.receive))
      return undefined
    this.#remove(halfOpen)
    return halfOpen
  }

  /** Whether this peer is calling us right now. */
  isCalledBy(id: NodeId): boolean {
    for (const halfOpen of this.#byConnection.values()) if (halfOpen.peer.id === id) return true
    return false
  }

  forget(id: NodeId): void {
    for (const halfOpen of [...this.#byConnection.values()])
      if (halfOpen.peer.id === id) this.#remove(halfOpen)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#byConnection.clear()
    this.#byEphemeral.clear()
  }

  #refusalFor(initiation: Initiation): { reason: number; counted: DropReason } | undefined {
    if (initiation.version !== PROTOCOL_VERSION) return { reason: REFUSED_VERSION, counted: 'wrong-version' }
    if (!equal(initiation.networkTag, this.#tag)) return { reason: REFUSED_NETWORK, counted: 'wrong-network' }
    return undefined
  }

  #refuse(initiation: Initiation, reason: number, counted: DropReason, from: Address): void {
    this.#ports.counters.drop(counted)
    this.#ports.send(encodeRefusal({ reason, echo: initiation.noise.slice(0, ECHO_BYTES) }), from)
  }

  /** Before any key agreement. A token that does not hold is as good as none (RFC 9000 §8.1.3). */
  #admit(initiation: Initiation, from: Address): Verdict {
    const { token } = initiation
    if (token.length > 0) {
      if (this.#tokens.isValid(token, from, ephemeralOf(initiation)))
        return this.#admission.proven(from, this.size)
      this.#ports.counters.drop('bad-token')
    }
    return this.#admission.unproven(this.size)
  }

  #askForToken(initiation: Initiation, from: Address): void {
    this.#ports.counters.drop('address-unproven')
    const ephemeralKey = ephemeralOf(initiation)
    const token = this.#tokens.issue(from, ephemeralKey)
    this.#ports.send(encodeRetry({ echo: ephemeralKey.slice(0, ECHO_BYTES), token }), from)
  }

  #answer(initiation: Initiation, from: Address): void {
    const { crypto, identity, random, clock } = this.#ports
    const own = crypto.agreementKeyPair(random.bytes(32))
    const prologue = prologueOf(this.#ports.network, initiation.version)
    const noise = crypto.noiseResponder(identity.noiseKey, prologue, own)
    const hello = decodeHello(noise.read(initiation.noise), crypto)
    if (equal(hello.record.noiseKey, identity.noiseKey.publicKey))
      return this.#ports.counters.drop('own-initiation')
    const status = this.#judge(hello.record, noise.remoteStatic())
    const ownConnectionId = this.#ports.newConnectionId()
    const answer = {
      status,
      connectionId: ownConnectionId,
      observed: tellable(from),
      record: this.#ports.self(),
    }
    const message = noise.write(encodeAnswer(answer))
    const response = encodeResponse({ connectionId: hello.connectionId, noise: message })
    this.#ports.send(response.slice(), from)
    if (status !== 'welcome') return this.#ports.counters.drop(status)
    const nowMs = clock.nowMs()
    this.#add({
      ephemeral: toHex(ephemeralOf(initiation)),
      order: this.#ports.nextOrder(),
      expiresMs: nowMs + HALF_OPEN_MS,
      keys: noise.keys(),
      peer: hello.record,
      ownConnectionId,
      peerConnectionId: hello.connectionId,
      response,
      answeredTo: { host: from.host, port: from.port },
      respondedMs: nowMs,
    })
  }

  /** The reason to turn the caller away, told to it inside the handshake, so that nobody else can say it for us. */
  #judge(record: PeerRecord, noiseKey: Bytes): 'welcome' | (AnswerStatus & DropReason) {
    if (!equal(record.noiseKey, noiseKey)) return 'bad-signature'
    try {
      verifyPeerRecord(record, this.#ports.crypto, this.#ports.network)
      return 'welcome'
    } catch (error) {
      if (!(error instanceof BanyanError)) throw error
      return error.code === 'bad-puzzle' ? 'bad-puzzle' : 'bad-signature'
    }
  }

  /**
   * The caller has not had our response, or calls from elsewhere, too. A response proves one address only: who read it at his own
   * could otherwise name a victim's, so a second address has to show a token (RFC 9000 §8.1). Three times its bytes are never reached.
   */
  #repeat(halfOpen: HalfOpen, initiation: Initiation, from: Address): void {
    if (!sameAddress(halfOpen.answeredTo, from)) {
      if (!this.#tokens.isValid(initiation.token, from, ephemeralOf(initiation)))
        return this.#askForToken(initiation, from)
      halfOpen.answeredTo = { host: from.host, port: from.port }
    }
    halfOpen.respondedMs = undefined
    this.#ports.send(halfOpen.response.slice(), from)
  }

  #add(halfOpen: HalfOpen): void {
    this.#byConnection.set(halfOpen.ownConnectionId, halfOpen)
    this.#byEphemeral.set(halfOpen.ephemeral, halfOpen)
    this.#armExpiry()
  }

  #remove(halfOpen: HalfOpen): void {
    this.#byConnection.delete(halfOpen.ownConnectionId)
    this.#byEphemeral.delete(halfOpen.ephemeral)
  }

  /** One timer, for the oldest. */
  #armExpiry(): void {
    const oldest = this.#byConnection.values().next().value
    if (this.#timer || !oldest) return
    const { clock } = this.#ports
    this.#timer = clock.after(Math.max(1, oldest.expiresMs - clock.nowMs()), () => {
      this.#timer = undefined
      const nowMs = clock.nowMs()
      for (const halfOpen of [...this.#byConnection.values()]) {
        if (halfOpen.expiresMs > nowMs) break
        this.#remove(halfOpen)
      }
      this.#armExpiry()
    })
  }
}

function ephemeralOf(initiation: Initiation): Bytes {
  return initiation.noise.subarray(0, EPHEMERAL_BYTES)
}
