// What every scenario begins with: three public volunteers, and people in places of chosen kinds who talk to each other. It
// also keeps the account of what was said and what arrived.

import { Internet } from './internet.ts'
import { type Lab } from './lab.ts'
import { KINDS, type KindName } from './nat-kinds.ts'
import { type NodeCard } from './node-protocol.ts'
import { NodeProcess } from './node-process.ts'
import { type PathKind, isDirect, pathBetween } from './path-kind.ts'
import { type Site, publicSite } from './site.ts'

/** As in the measurement of pairs: one that the strictest places reach, another such, and one that they do not. */
export const VOLUNTEER_PORTS = [443, 3478, 40_000]
/** Far above every goal: what takes longer counts as lost, and what takes shorter is printed. */
const MESSAGE_LIMIT_MS = 45_000
const JOIN_LIMIT_MS = 30_000
const RESERVED_LIMIT_MS = 30_000
/** A dial takes 5 s, and the first attempts to find a better path come within 10 s. */
const SETTLE_LIMIT_MS = 20_000
const LOOK_MS = 50

export interface Inhabitant {
  readonly node: NodeProcess
  readonly site: Site
}

export type WantedPath = 'direct' | 'relayed'

export class ScenarioStage {
  readonly lab: Lab
  readonly internet: Internet
  readonly volunteers: Inhabitant[] = []
  readonly #cards: NodeCard[] = []
  readonly #said: Promise<unknown>[] = []
  #profiles = 0

  private constructor(lab: Lab) {
    this.lab = lab
    this.internet = new Internet(lab)
  }

  static async build(lab: Lab): Promise<ScenarioStage> {
    const stage = new ScenarioStage(lab)
    for (const port of VOLUNTEER_PORTS) await stage.#addVolunteer(port)
    return stage
  }

  /** A place of the kind, with nobody in it yet. */
  place(kind: KindName, name: string): Site {
    return KINDS[kind].build(this.internet, name)
  }

  /** Somebody in the place who has not started yet, and knows the volunteers. */
  async guest(site: Site): Promise<Inhabitant> {
    return { site, node: await this.#launch(site) }
  }

  /** Somebody in the place who has joined. */
  async caller(site: Site): Promise<Inhabitant> {
    const guest = await this.guest(site)
    await guest.node.start()
    if ((await guest.node.joined(JOIN_LIMIT_MS)) === undefined)
      throw new Error(`${site.publicAddress} never joined`)
    return guest
  }

  /** Somebody who has been in the place for a while: volunteers expect calls for them. */
  async resident(site: Site): Promise<Inhabitant> {
    const person = await this.caller(site)
    const isReserved = async (): Promise<boolean> => ((await person.node.status()).relay?.helpedBy ?? 0) > 0
    if (!(await comesTrue(isReserved, RESERVED_LIMIT_MS)))
      throw new Error(`nobody helps ${site.publicAddress}`)
    return person
  }

  /** Each wants to stay in touch with the other; the one was invited by the other. */
  async introduce(one: Inhabitant, other: Inhabitant): Promise<void> {
    one.node.keepInTouch(other.node.id, await other.node.presentCard())
    other.node.keepInTouch(one.node.id)
  }

  /** They are introduced, one message each way arrives, and the path becomes what it can be. Throws where not. */
  async converse(one: Inhabitant, other: Inhabitant, wanted: WantedPath): Promise<void> {
    await this.introduce(one, other)
    if ((await this.say(one, other)) === null || (await this.say(other, one)) === null)
      throw new Error('the conversation did not begin')
    let path: PathKind = 'none'
    const isWanted = async (): Promise<boolean> => {
      path = await pathOf(one, other)
      return wanted === 'direct' ? isDirect(path) : path === wanted
    }
    if (!(await comesTrue(isWanted, SETTLE_LIMIT_MS))) throw new Error(`the path is ${path}, not ${wanted}`)
  }

  /** Says something until it arrives. The milliseconds from now until then; null where it is lost. */
  async say(from: Inhabitant, to: Inhabitant, leastBytes = 0): Promise<number | null> {
    const startMs = performance.timeOrigin + performance.now()
    const arrival = from.node.say(to.node, MESSAGE_LIMIT_MS, { leastBytes })
    this.#said.push(arrival)
    const arrived = await arrival
    return arrived ? Math.round(arrived.atMs - startMs) : null
  }

  /** How many of all that was said never arrived. */
  async countLost(): Promise<number> {
    const arrivals = await Promise.all(this.#said)
    return arrivals.filter((arrival) => arrival === undefined).length
  }

  async #addVolunteer(port: number): Promise<void> {
    const site = publicSite(this.internet, `volunteer-${port}`)
    const node = await this.#launch(site, port)
    this.#cards.push(node.cardAt(site.publicAddress))
    this.volunteers.push({ site, node })
    await node.start()
  }

  #launch({ host }: Site, port?: number): Promise<NodeProcess> {
    return NodeProcess.launch({
      namespace: host.namespace,
      profile: `${this.lab.folder}/profile-${++this.#profiles}`,
      ...(port !== undefined && { port, isVolunteer: true }),
      bootstrap: this.#cards,
    })
  }
}

export async function pathOf(one: Inhabitant, other: Inhabitant): Promise<PathKind> {
  return pathBetween(await one.node.status(), await other.node.status())
}

/** Where the one's session with the other leads; empty where there is none. */
export async function sessionAddress(one: Inhabitant, other: Inhabitant): Promise<string> {
  const { sessions } = await one.node.status()
  return sessions.find(({ id }) => id === other.node.id)?.address ?? ''
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Looks again and again. */
export async function comesTrue(isSo: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const untilMs = performance.now() + limitMs
  while (!(await isSo())) {
    if (performance.now() > untilMs) return false
    await pause(LOOK_MS)
  }
  return true
}
