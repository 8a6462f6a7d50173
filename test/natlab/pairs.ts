// Every kind of place with every other: does somebody here reach somebody there, how, and how soon does the first message
// arrive. One node of each kind is up all the time and waits; for each pair a new one starts in another place of the first
// kind, joins through the public nodes, and says something to it. So no pair profits from what another has found out.

import { isDirectExpected } from './expected-paths.ts'
import { Internet } from './internet.ts'
import { type Lab } from './lab.ts'
import { KINDS, type KindName } from './nat-kinds.ts'
import { type NodeCard } from './node-protocol.ts'
import { NodeProcess } from './node-process.ts'
import { type PathKind, isDirect, pathBetween } from './path-kind.ts'
import { type Site, publicSite } from './site.ts'

/** One that even the strictest kind reaches, another such, and one that it does not. */
const BOOTSTRAP_PORTS = [443, 3478, 40_000]
/** The node gives up a dial after 5 s; the goal for the slowest message is 5 s. */
const MESSAGE_LIMIT_MS = 6_000
const JOIN_LIMIT_MS = 10_000
/** A relayed conversation may find a direct path later; it is given this long before its path is read. */
const SETTLE_LIMIT_MS = 3_000
const LOOK_MS = 100
const RESERVED_LIMIT_MS = 15_000

export interface PairResult {
  from: KindName
  to: KindName
  how: PathKind
  /** From the moment it is to be said, the node having joined, to its arrival; null where it did not arrive. */
  firstMessageMs: number | null
  /** The same from the moment the node was started. */
  sinceStartMs: number | null
  /** An answer came back, too. */
  isAnswered: boolean
}

interface Pair {
  from: KindName
  to: KindName
}

export class PairsLab {
  readonly #lab: Lab
  readonly #internet: Internet
  readonly #bootstrap: NodeCard[] = []
  readonly #callers = new Map<KindName, Site>()
  readonly #waiting = new Map<KindName, NodeProcess>()
  #profiles = 0

  private constructor(lab: Lab) {
    this.#lab = lab
    this.#internet = new Internet(lab)
  }

  /** Sites for all kinds, and a node that waits in each. */
  static async build(lab: Lab, kinds: readonly KindName[]): Promise<PairsLab> {
    const made = new PairsLab(lab)
    for (const port of BOOTSTRAP_PORTS) await made.#addBootstrap(port)
    const addKind = async (kind: KindName): Promise<void> => {
      made.#callers.set(kind, KINDS[kind].build(made.#internet, `${kind}-from`))
      const node = await made.#launch(KINDS[kind].build(made.#internet, `${kind}-to`))
      made.#waiting.set(kind, node)
      await startAndJoin(node)
      if (kind !== 'public') await isExpectedSomewhere(node)
    }
    await Promise.all(kinds.map(addKind))
    return made
  }

  /** One after another: on two cores, pairs measured at the same time would be measured waiting for each other. */
  async measure(pairs: readonly Pair[], onResult: (result: PairResult) => void): Promise<void> {
    for (const pair of pairs) {
      const caller = await this.#launch(this.#callers.get(pair.from)!)
      onResult(await measurePair(pair, caller, this.#waiting.get(pair.to)!))
      await caller.stop()
    }
  }

  async #addBootstrap(port: number): Promise<void> {
    const site = publicSite(this.#internet, `bootstrap-${port}`)
    const node = await this.#launch(site, port)
    this.#bootstrap.push(node.cardAt(site.publicAddress))
    await node.start()
  }

  #launch({ host }: Site, port?: number): Promise<NodeProcess> {
    return NodeProcess.launch({
      namespace: host.namespace,
      profile: `${this.#lab.folder}/profile-${++this.#profiles}`,
      ...(port !== undefined && { port, isVolunteer: true }),
      bootstrap: this.#bootstrap,
    })
  }
}

async function measurePair(
  { from, to }: Pair,
  caller: NodeProcess,
  callee: NodeProcess,
): Promise<PairResult> {
  const card = await callee.presentCard()
  const startedMs = await startAndJoin(caller)
  const saidMs = performance.timeOrigin + performance.now()
  caller.keepInTouch(callee.id, card)
  callee.keepInTouch(caller.id)
  const arrival = await caller.say(callee, MESSAGE_LIMIT_MS)
  const answer = arrival && (await callee.say(caller, MESSAGE_LIMIT_MS))
  const how = await settledPath(caller, callee, isDirectExpected(from, to))
  callee.forget(caller.id)
  return {
    from,
    to,
    how,
    firstMessageMs: arrival ? rounded(arrival.atMs - saidMs) : null,
    sinceStartMs: arrival ? rounded(arrival.atMs - startedMs) : null,
    isAnswered: answer !== undefined,
  }
}

async function settledPath(caller: NodeProcess, callee: NodeProcess, isHoped: boolean): Promise<PathKind> {
  const untilMs = performance.now() + SETTLE_LIMIT_MS
  for (;;) {
    const path = pathBetween(await caller.status(), await callee.status())
    const isSettled = isDirect(path) || (path === 'relayed' && !isHoped)
    if (isSettled || performance.now() > untilMs) return path
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** When it was started. One that finds nobody is measured all the same: its messages will not arrive. */
async function startAndJoin(node: NodeProcess): Promise<number> {
  const startedMs = await node.start()
  await node.joined(JOIN_LIMIT_MS)
  return startedMs
}

/** Somebody who waits for calls has been there for a while: volunteers know of it, and the network of them. */
async function isExpectedSomewhere(node: NodeProcess): Promise<void> {
  const untilMs = performance.now() + RESERVED_LIMIT_MS
  while (performance.now() < untilMs) {
    const { relay } = await node.status()
    if (relay && relay.helpedBy > 0) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
