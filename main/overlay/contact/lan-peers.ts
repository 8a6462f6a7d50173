// Nodes of the same network in the same house, without a server and without the Internet.
//
// At the start and on each new network the node says that it is here and asks who else is; then again after 1 s, 3 s, 9 s and
// so on up to an hour, so that a local network at rest is quiet. Who is asked answers, after a moment drawn by lot, so that a
// house full of nodes does not answer at once. What others say is believed only as far as a dial: from the sender's own address, on
// a network that this computer is on, so many a minute; the handshake then proves the key, or nothing came of it.

import { BoundedMap } from '../base/bounded-map.ts'
import { equal, toHex } from '../base/bytes.ts'
import { type DropCounts } from '../base/drop-counts.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type Clock, type Timer } from '../ports/clock.ts'
import { type Lan, type LanWord } from '../ports/lan.ts'
import { type Random } from '../ports/random.ts'
import { type DialTarget } from '../transport/links.ts'

export interface LanPeersParts {
  clock: Clock
  random: Random
  drops: Pick<DropCounts, 'count'>
  lan: Lan
  ownKey: Uint8Array
  onFound: (target: DialTarget) => void
}

/** RFC 6762 §5.2: at least a second at first, growing at least twofold, an hour at most. */
const FIRST_PAUSE_MS = 1_000
const PAUSE_GROWTH = 3
const LONGEST_PAUSE_MS = 3_600_000
/** Up to so much longer, by lot: nodes switched on by one switch would go on in step. */
const PAUSE_JITTER = 0.25
/** RFC 6762 §10 recommends 75 minutes, which outlasts the longest pause. */
const LIFETIME_MS = 4_500_000
/** RFC 6762 §6: answers that others may give as well wait 20 to 120 ms; and no record goes out twice in a second. */
const ANSWER_MS = { least: 20, spread: 100 }
const LEAST_BETWEEN_MS = 1_000
/** Chosen: a party joins within a minute or two; a liar makes us send a handshake to a neighbour every six seconds. */
const NEW_TARGETS = { burst: 10, perSecond: 10 / 60 }
/** Chosen: more nodes than a house or an office floor has. */
const MAX_KNOWN = 128
const MAX_ASKERS = 32

export class LanPeers {
  readonly #parts: LanPeersParts
  readonly #newTargets: TokenBucket
  /** By noise key: where it was told to be, and until when. */
  #known = new BoundedMap<string, { at: string; untilMs: number }>(MAX_KNOWN)
  #pauseMs = FIRST_PAUSE_MS
  #round: Timer | undefined
  #answer: Timer | undefined
  /** Who waits for it. */
  readonly #askers = new Set<string>()
  #toldAtMs = -Infinity

  constructor(parts: LanPeersParts) {
    this.#parts = parts
    this.#newTargets = new TokenBucket(NEW_TARGETS.burst, NEW_TARGETS.perSecond, parts.clock.nowMs())
    parts.lan.on({
      asked: (host) => this.#asked(host),
      told: (word) => this.#told(word),
    })
  }

  /** Nodes that have said so and have not said goodbye. */
  get found(): number {
    const nowMs = this.#parts.clock.nowMs()
    return [...this.#known.keys()].filter((key) => this.#known.get(key)!.untilMs > nowMs).length
  }

  start(): void {
    this.#begin()
  }

  networkChanged(): void {
    this.#parts.lan.renew()
    this.#known = new BoundedMap(MAX_KNOWN)
    this.#begin()
  }

  /** Says goodbye. */
  stop(): void {
    this.#round?.cancel()
    this.#answer?.cancel()
    this.#parts.lan.tell(0)
    this.#parts.lan.close()
  }

  #begin(): void {
    this.#pauseMs = FIRST_PAUSE_MS
    this.#again()
  }

  #again(): void {
    this.#round?.cancel()
    const { clock, random, lan } = this.#parts
    this.#tell()
    lan.ask()
    this.#round = clock.after(this.#pauseMs * (1 + PAUSE_JITTER * random.unit()), () => this.#again())
    this.#pauseMs = Math.min(PAUSE_GROWTH * this.#pauseMs, LONGEST_PAUSE_MS)
  }

  #tell(hosts?: readonly string[]): void {
    this.#toldAtMs = this.#parts.clock.nowMs()
    this.#parts.lan.tell(LIFETIME_MS, hosts)
  }

  /** One answer for all that ask within a second, on their networks alone. */
  #asked(host: string): void {
    const { clock, random, lan, drops } = this.#parts
    if (!lan.isLocal(host)) return drops.count('lan: question from elsewhere')
    if (this.#askers.size < MAX_ASKERS) this.#askers.add(host)
    if (this.#answer) return
    const restMs = Math.max(0, this.#toldAtMs + LEAST_BETWEEN_MS - clock.nowMs())
    this.#answer = clock.after(restMs + ANSWER_MS.least + ANSWER_MS.spread * random.unit(), () => {
      this.#answer = undefined
      const askers = [...this.#askers]
      this.#askers.clear()
      this.#tell(askers)
    })
  }

  #told({ noiseKey, host, port, lifetimeMs }: LanWord): void {
    const { clock, lan, drops, ownKey, onFound } = this.#parts
    if (equal(noiseKey, ownKey)) return
    if (!lan.isLocal(host) || port === 0) return drops.count('lan: word from elsewhere')
    const key = toHex(noiseKey)
    const known = this.#known.get(key)
    const at = `${host} ${port}`
    const nowMs = clock.nowMs()
    if (lifetimeMs === 0) {
      // from where it was, or anybody could make others vanish
      if (known?.at === at) this.#known.delete(key)
      return
    }
    const untilMs = nowMs + Math.min(lifetimeMs, LIFETIME_MS)
    if (known?.at === at && known.untilMs > nowMs) return void this.#known.set(key, { at, untilMs })
    if (!this.#newTargets.take(1, nowMs)) return drops.count('lan: too many new nodes')
    this.#known.set(key, { at, untilMs })
    onFound({ noiseKey, addresses: [{ host, port }] })
  }
}
