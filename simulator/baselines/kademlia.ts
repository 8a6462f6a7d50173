// Kademlia with iterative lookups (Maymounkov and Mazieres, "Kademlia: A Peer-to-peer Information System Based on the XOR
// Metric", 2002): k = 20, alpha = 3. To send, a node looks the target's contact up and then speaks to it directly, so it
// reaches only those with whom it can have a session. A pair behind translators that can be punched costs one more
// round trip, for somebody must pass a signal first; then the path is open for a while. Kinder than reality: tables
// start as full as long use could make them, only with contacts that can be spoken to; whoever has to pass a signal always
// can, without a lookup; and a lookup ends as soon as the target is named.

import { KEEP_ALIVE_MS, ACK_BYTES, PING_BYTES } from '../world/session-costs.ts'
import { type Baseline, type Request, type Upkeep } from './baseline.ts'
import { type Carrier } from './carrier.ts'
import { KademliaLookup } from './kademlia-lookup.ts'
import { BUCKET_SIZE, KademliaTable } from './kademlia-table.ts'
import { PunchedPaths } from './punched-paths.ts'
import { shortIds, xorDistance } from './xor-metric.ts'

/** Above the longest signalled round trip of the terrains with its jitter; the paper leaves the timeout open. */
const RPC_TIMEOUT_MS = 1000
/** §2.3: a bucket in which nothing was looked up for an hour is refreshed. */
const REFRESH_SECONDS = 3600
const SAMPLED_REFRESHES = 60
/** Each of them has ended by then: a few steps, some of them silent. */
const LONGEST_LOOKUP_MS = 30_000
/** Within one attempt: a datagram lost is no reason to look somebody up again. */
const MESSAGE_TRIES = 2

const FIND_NODE = 214
const NODES = 215
const MESSAGE = 216
const ANSWER = 217
/** Type, request id, sender's id and target, each id of 160 bits. */
const FIND_NODE_BYTES = 1 + 20 + 20 + 20
/** Type, request id, and per contact an address, a port and an id. */
const NODES_BYTES = 1 + 20 + BUCKET_SIZE * 26
const MESSAGE_BYTES = 1 + 20 + 20 + 20
const ANSWER_BYTES = 1 + 20

export class Kademlia implements Baseline {
  readonly name = 'kademlia'
  readonly label = 'Kademlia'
  readonly describe: string
  readonly carrier: Carrier
  readonly upkeepTypes = []
  readonly #ids: Uint32Array
  readonly #tables: KademliaTable[]
  readonly #paths: PunchedPaths
  /** Steps until the target's contact was known, by send. */
  readonly #found = new Map<number, number>()

  constructor(carrier: Carrier) {
    this.carrier = carrier
    this.#paths = new PunchedPaths(carrier)
    this.#ids = shortIds(carrier.nodes, carrier.random)
    this.#tables = Array.from(this.#ids, (_, host) => new KademliaTable(this.#ids, host))
    this.describe = `k ${BUCKET_SIZE}, alpha 3, RPC timeout ${RPC_TIMEOUT_MS} ms, stale after 5 silences, buckets filled with reachable contacts, then a direct message`
  }

  /** As after looking up one's own id and refreshing every bucket: each bucket has k contacts, or all there are. */
  settle(): Promise<void> {
    const { nodes, random, terrain } = this.carrier
    const order = Array.from({ length: nodes }, (_, host) => host)
    for (let i = nodes - 1; i > 0; i--) {
      const j = random.below(i + 1)
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    for (const [host, table] of this.#tables.entries()) {
      const start = random.below(nodes)
      for (let i = 0; i < nodes; i++) {
        const other = order[(start + i) % nodes]!
        if (other !== host && table.hasRoomFor(other) && terrain.canLink(host, other)) table.heardFrom(other)
      }
    }
    return Promise.resolve()
  }

  send(request: Request): void {
    const { from, to, send } = request
    const target = this.#ids[to]!
    const lookup = this.#lookup(from, target, to, (depth) => {
      if (!this.#found.has(send)) this.#found.set(send, depth)
      this.#tell(request, depth + 1, MESSAGE_TRIES)
    })
    lookup.start(this.#tables[from]!.closest(target))
  }

  /** The refreshing lookups of an hour, estimated from some of them, and what keeps a path to whoever passes signals. */
  async upkeep(): Promise<Upkeep> {
    const { carrier } = this
    const { traffic } = carrier.network
    const before = traffic.totals
    for (let i = 0; i < SAMPLED_REFRESHES; i++) {
      const host = carrier.random.below(carrier.nodes)
      const target = carrier.random.below(2 ** 32)
      this.#lookup(host, target).start(this.#tables[host]!.closest(target))
    }
    await carrier.run(LONGEST_LOOKUP_MS)
    const buckets = this.#tables.reduce((total, table) => total + table.filledBuckets, 0) / carrier.nodes
    const perSecond = buckets / REFRESH_SECONDS / SAMPLED_REFRESHES
    const translated = this.#tables.filter((_, host) => carrier.terrain.isTranslated(host)).length
    const pingsPerSecond = (1000 / KEEP_ALIVE_MS) * (translated / carrier.nodes)
    return {
      packetsPerNodeSecond: perSecond * (traffic.totals.packets - before.packets) + 2 * pingsPerSecond,
      bytesPerNodeSecond:
        perSecond * (traffic.totals.bytes - before.bytes) + (PING_BYTES + ACK_BYTES) * pingsPerSecond,
    }
  }

  entries(): number[] {
    return this.#tables.map((table) => table.size)
  }

  more(sends: number): Record<string, number> {
    const depths = [...this.#found.values()]
    const total = depths.reduce((sum, depth) => sum + depth, 0)
    return { LookupSuccess: depths.length / sends, LookupHops: total / Math.max(1, depths.length) }
  }

  /** The message itself, and again where no answer comes in time. */
  #tell(request: Request, hops: number, triesLeft: number): void {
    const { from, to } = request
    let isAnswered = false
    this.#paths.call({ from, to, type: MESSAGE, bytes: MESSAGE_BYTES }, () =>
      this.carrier.datagram(to, from, ANSWER, ANSWER_BYTES, () => {
        isAnswered = true
        request.arrived(hops)
      }),
    )
    if (triesLeft <= 1) return
    this.carrier.after(RPC_TIMEOUT_MS, () => {
      if (!isAnswered) this.#tell(request, hops, triesLeft - 1)
    })
  }

  #lookup(
    from: number,
    target: number,
    wanted?: number,
    found: (depth: number) => void = () => undefined,
  ): KademliaLookup {
    return new KademliaLookup(
      {
        distanceOf: (host) => xorDistance(target, this.#ids[host]!),
        ask: (host, answered, silent) => this.#ask({ from, to: host, target }, answered, silent),
        found,
      },
      from,
      wanted,
    )
  }

  #ask(
    { from, to, target }: { from: number; to: number; target: number },
    answered: (contacts: readonly number[]) => void,
    silent: () => void,
  ): void {
    const table = this.#tables[from]!
    let isAnswered = false
    this.carrier.after(RPC_TIMEOUT_MS, () => {
      if (isAnswered) return
      table.silentWas(to)
      silent()
    })
    this.#paths.call({ from, to, type: FIND_NODE, bytes: FIND_NODE_BYTES }, () => {
      this.#tables[to]!.heardFrom(from)
      const contacts = this.#tables[to]!.closest(target)
      this.carrier.datagram(to, from, NODES, NODES_BYTES, () => {
        isAnswered = true
        table.heardFrom(to)
        answered(contacts)
      })
    })
  }
}
