// The relay: it expects calls for those who have asked it to, sets circuits up, and says no with a reason.
//
//   circuit:  asked --target willing--> open --an end closes, idle, too old, an end's session ends--> closed
//                \--unwilling, no answer in 2 s, the caller's session ends--> closed
//
// One of the two ends must hold a reservation here, and the target is asked each time. A reservation of the target alone
// would do for calls; but whoever has made one may as well call from here, so that each of two nodes behind hard NATs can use
// the other's volunteers or its own. Without any, everybody that has a session with this node for the overlay's sake could
// be called through it by anybody, and would be counted for what he never asked.
//
// Everything of a node goes with its session. A newer session of the same node takes over what the older one had; a
// session that moves keeps it, because circuits ask the session where its node is.

import { type DropCounts } from '../base/drop-counts.ts'
import { type NodeId } from '../base/id.ts'
import { type TokenBucket } from '../base/token-bucket.ts'
import { type Timer } from '../ports/clock.ts'
import { isCircuit } from '../ports/datagram-socket.ts'
import { type Link, type Links } from '../transport/links.ts'
import {
  type RelayReason,
  encodeCalled,
  encodeClosed,
  encodeOpened,
  encodeRefused,
  encodeReserved,
} from '../wire/relay-messages.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type CarriedSocket } from './carried-socket.ts'
import { type MonthlyUse } from './monthly-use.ts'
import {
  ANSWER_MS,
  IDLE_MS,
  LONGEST_MS,
  PEER_SHARE,
  RESERVATION_SECONDS,
  quotaRangeOf,
  shareOf,
} from './relay-limits.ts'
import { type Holder, type RelayLedger } from './relay-ledger.ts'

/** A node that is helped, or about to be. */
interface Member extends Holder {
  link: Link
  reservedUntilMs: number
  readonly circuits: Set<Circuit>
}

interface Circuit {
  readonly caller: Member
  readonly target: Member
  readonly callerCircuitId: number
  readonly targetCircuitId: number
  readonly bucket: TokenBucket
  readonly openedMs: number
  activeMs: number
  /** While the target is asked. */
  asked: { readonly token: number; readonly timer: Timer } | undefined
}

export interface ServiceParts {
  readonly links: Links
  readonly socket: CarriedSocket
  readonly ledger: RelayLedger
  readonly use: MonthlyUse
  /** Whether this node helps others now. */
  readonly isOffered: () => boolean
  readonly onChange: () => void
}

/** Chosen: what is idle or too old is found by then. */
const SWEEP_MS = 15_000

export class RelayService {
  readonly #around: Surroundings
  readonly #parts: ServiceParts
  readonly #members = new Map<NodeId, Member>()
  readonly #circuits = new Map<number, Circuit>() // by both ids
  #sweep: Timer | undefined

  constructor(around: Surroundings, parts: ServiceParts) {
    this.#around = around
    this.#parts = parts
  }

  /** Nodes that are helped now. */
  get members(): number {
    return this.#members.size
  }

  /** Whether this node helps that one now. */
  helps(id: NodeId): boolean {
    return this.#members.has(id)
  }

  linkUp(link: Link): void {
    const member = this.#members.get(link.peer.id)
    if (member) member.link = link
  }

  linkDown(id: NodeId): void {
    const member = this.#members.get(id)
    if (!member) return
    this.#unreserve(member)
    for (const circuit of [...member.circuits]) this.#close(circuit, 'gone')
    this.#forgetIdle(member)
  }

  /** The person has switched the help off, or nobody reaches this node any more. */
  withdraw(): void {
    for (const member of [...this.#members.values()]) {
      this.#unreserve(member)
      for (const circuit of [...member.circuits]) this.#close(circuit, 'not-offered')
      this.#forgetIdle(member)
    }
  }

  onReserve(link: Link, token: number): void {
    const holder = this.#holderOf(link)
    const member = this.#members.get(link.peer.id)
    const isRenewal = member !== undefined && this.#isReserved(member)
    if (member && !isRenewal) this.#unreserve(member) // expired, and not swept away yet
    const reason =
      this.#refusalOf(link, holder) ?? (isRenewal ? undefined : this.#parts.ledger.reservationRefusal(holder))
    if (reason) return this.#refuse(link, token, reason)
    const kept = this.#member(link, holder)
    if (!isRenewal) this.#parts.ledger.reserved(holder)
    kept.reservedUntilMs = this.#nowMs + RESERVATION_SECONDS * 1000
    const circuits = shareOf(this.#parts.ledger.limits, PEER_SHARE)
    link.send(encodeReserved({ token, seconds: RESERVATION_SECONDS, circuits }))
    this.#sweepLater()
    this.#parts.onChange()
  }

  onConnect(link: Link, { token, target }: { token: number; target: NodeId }): void {
    const holder = this.#holderOf(link)
    const targetLink = this.#parts.links.get(target)
    const refusal = this.#refusalOf(link, holder)
    const crossed = this.#crossed(holder.id, target)
    if (!refusal && crossed) return link.send(encodeOpened(token, crossed.targetCircuitId))
    const reason = refusal ?? this.#connectRefusal(holder, targetLink)
    if (reason) return this.#refuse(link, token, reason)
    this.#replaceBetween(holder.id, target)
    this.#ask(this.#member(link, holder), this.#member(targetLink!, this.#holderOf(targetLink!)), token)
  }

  onAnswered(link: Link, { circuitId, isWilling }: { circuitId: number; isWilling: boolean }): void {
    const circuit = this.#circuits.get(circuitId)
    const asked = circuit?.asked
    if (!asked || circuit.targetCircuitId !== circuitId || circuit.target.id !== link.peer.id)
      return this.#drop('relay answer to nothing')
    if (!isWilling) return this.#refuseAsked(circuit, 'unwilling')
    asked.timer.cancel()
    circuit.asked = undefined
    this.#join(circuit)
    circuit.caller.link.send(encodeOpened(asked.token, circuit.callerCircuitId))
    this.#parts.use.helped(circuit.caller.id)
    this.#parts.use.helped(circuit.target.id)
    this.#sweepLater()
    this.#parts.onChange()
  }

  onClosed(link: Link, circuitId: number): void {
    const circuit = this.#circuits.get(circuitId)
    const end = circuit && (circuit.callerCircuitId === circuitId ? circuit.caller : circuit.target)
    if (end?.id !== link.peer.id) return this.#drop('relay close of nothing')
    this.#close(circuit!, 'done', end)
  }

  get #nowMs(): number {
    return this.#around.clock.nowMs()
  }

  /** What speaks against helping this node at all. */
  #refusalOf(link: Link, holder: Holder): RelayReason | undefined {
    const { ledger, isOffered, use } = this.#parts
    if (!ledger.mayAsk(holder)) return 'too-fast'
    if (!isOffered()) return 'not-offered'
    if (!isDirect(link)) return 'indirect'
    use.turn()
    return use.bytes >= ledger.limits.bytesPerMonth ? 'used-up' : undefined
  }

  #connectRefusal(holder: Holder, target: Link | undefined): RelayReason | undefined {
    if (!target?.isOpen || !isDirect(target) || target.peer.id === holder.id) return 'not-here'
    const ends = [holder.id, target.peer.id].map((id) => this.#members.get(id))
    if (!ends.some((member) => member && this.#isReserved(member))) return 'no-reservation'
    return this.#parts.ledger.circuitRefusal([holder, this.#holderOf(target)])
  }

  #ask(caller: Member, target: Member, token: number): void {
    const nowMs = this.#nowMs
    const circuit: Circuit = {
      caller,
      target,
      callerCircuitId: this.#newCircuitId(),
      targetCircuitId: this.#newCircuitId(),
      bucket: this.#parts.ledger.circuitBucket(),
      openedMs: nowMs,
      activeMs: nowMs,
      asked: undefined,
    }
    const timer = this.#around.timers.after(ANSWER_MS, () => this.#refuseAsked(circuit, 'not-here'))
    circuit.asked = { token, timer }
    for (const id of [circuit.callerCircuitId, circuit.targetCircuitId]) this.#circuits.set(id, circuit)
    for (const member of [caller, target]) member.circuits.add(circuit)
    this.#parts.ledger.circuitOpened([caller, target])
    target.link.send(encodeCalled(circuit.targetCircuitId, caller.id))
  }

  #join(circuit: Circuit): void {
    const { clock } = this.#around
    const { socket, ledger, use } = this.#parts
    const admits = (bytes: number): boolean => {
      const nowMs = clock.nowMs()
      if (use.bytes >= ledger.limits.bytesPerMonth) return false
      if (!circuit.bucket.take(bytes, nowMs) || !ledger.takeRate(bytes, nowMs)) return false
      circuit.activeMs = nowMs
      use.carried(bytes)
      return true
    }
    socket.join(
      { circuitId: circuit.callerCircuitId, party: circuit.caller },
      { circuitId: circuit.targetCircuitId, party: circuit.target },
      { admits },
    )
  }

  /** The target has called this caller, just now: they share the circuit that is being set up, or one would end the other's. */
  #crossed(caller: NodeId, target: NodeId): Circuit | undefined {
    const sinceMs = this.#nowMs - ANSWER_MS
    return this.#between(caller, target).find((each) => each.caller.id === target && each.openedMs >= sinceMs)
  }

  /** The same two again: one of them has lost its end. */
  #replaceBetween(a: NodeId, b: NodeId): void {
    for (const circuit of this.#between(a, b)) this.#refuseAsked(circuit, 'done')
  }

  #between(a: NodeId, b: NodeId): Circuit[] {
    const circuits = [...(this.#members.get(a)?.circuits ?? [])]
    return circuits.filter(({ caller, target }) => caller.id === b || target.id === b)
  }

  /** Where the target is not asked any more, it is closed only. */
  #refuseAsked(circuit: Circuit, reason: RelayReason): void {
    const { caller, asked } = circuit
    this.#close(circuit, reason)
    if (asked) this.#refuse(caller.link, asked.token, reason)
  }

  /** Tells the ends that have one, but not the one that has said it. */
  #close(circuit: Circuit, reason: RelayReason, saidBy?: Member): void {
    const { caller, target, callerCircuitId, targetCircuitId, asked } = circuit
    if (!this.#circuits.delete(callerCircuitId)) return
    this.#circuits.delete(targetCircuitId)
    asked?.timer.cancel()
    circuit.asked = undefined
    this.#parts.ledger.circuitClosed([caller, target])
    for (const [member, id] of [
      [caller, callerCircuitId],
      [target, targetCircuitId],
    ] as const) {
      this.#parts.socket.shut(id)
      member.circuits.delete(circuit)
      // A caller that still waits knows no circuit; it is refused instead.
      const isTold = member !== saidBy && !(asked && member === caller)
      if (isTold && member.link.isOpen) member.link.send(encodeClosed(id, reason))
      this.#forgetIdle(member)
    }
    this.#parts.onChange()
  }

  #refuse(link: Link, token: number, reason: RelayReason): void {
    link.send(encodeRefused(token, this.#parts.ledger.refuse(reason)))
  }

  #member(link: Link, holder: Holder): Member {
    const known = this.#members.get(link.peer.id)
    if (known) return known
    const member = { ...holder, link, reservedUntilMs: -Infinity, circuits: new Set<Circuit>() }
    this.#members.set(link.peer.id, member)
    return member
  }

  /** Who has a place in the quotas keeps the range that he was counted by, also when he moves. */
  #holderOf(link: Link): Holder {
    const known = this.#members.get(link.peer.id)
    if (known) return known
    const { provenAddress } = link
    return { id: link.peer.id, range: provenAddress && quotaRangeOf(provenAddress) }
  }

  #isReserved(member: Member): boolean {
    return member.reservedUntilMs > this.#nowMs
  }

  #unreserve(member: Member): void {
    if (member.reservedUntilMs === -Infinity) return
    member.reservedUntilMs = -Infinity
    this.#parts.ledger.unreserved(member)
  }

  #forgetIdle(member: Member): void {
    if (member.circuits.size === 0 && member.reservedUntilMs === -Infinity) this.#members.delete(member.id)
  }

  #sweepLater(): void {
    this.#sweep ??= this.#around.timers.after(SWEEP_MS, () => {
      this.#sweep = undefined
      this.#sweepNow()
      if (this.#members.size > 0) this.#sweepLater()
    })
  }

  #sweepNow(): void {
    const nowMs = this.#nowMs
    const { use, ledger } = this.#parts
    use.turn()
    const isUsedUp = use.bytes >= ledger.limits.bytesPerMonth
    for (const member of [...this.#members.values()]) {
      if (member.reservedUntilMs <= nowMs) this.#unreserve(member)
      for (const circuit of [...member.circuits]) {
        if (isUsedUp) this.#close(circuit, 'used-up')
        else if (nowMs - circuit.openedMs >= LONGEST_MS) this.#close(circuit, 'expired')
        else if (nowMs - circuit.activeMs >= IDLE_MS) this.#close(circuit, 'idle')
      }
      this.#forgetIdle(member)
    }
  }

  /** 53 random bits: whoever guesses does so for ever, and must send from the end's own address besides. */
  #newCircuitId(): number {
    const view = new DataView(this.#around.random.bytes(8).buffer)
    const id = (view.getUint32(0) >>> 11) * 2 ** 32 + view.getUint32(4)
    return this.#circuits.has(id) || !this.#parts.socket.isFree(id) ? this.#newCircuitId() : id
  }

  #drop(reason: Parameters<DropCounts['count']>[0]): void {
    this.#around.drops.count(reason)
  }
}

function isDirect({ provenAddress }: Link): boolean {
  return provenAddress !== undefined && !isCircuit(provenAddress)
}
