import { type NodeId } from '../base/id.ts'
import { PeerBudgets } from '../base/peer-budgets.ts'
import { type Clock } from '../ports/clock.ts'

/** Of one author: a lively room's burst, and what one person can type many times over (as of a publisher, topic-limits.ts). */
const AUTHOR = { burst: 300, perSecond: 20 }
const AUTHOR_BYTES = { burst: 2 * 1024 * 1024, perSecond: 256 * 1024 }
/** Over one link, of all authors together, asked before a signature is checked. */
const LINK = { burst: 4000, perSecond: 400 }
const LINK_BYTES = { burst: 16 * 1024 * 1024, perSecond: 1024 * 1024 }
/** A join into a room of 10,000 takes some 2,000 steps, each over another link: a flash crowd, seen from one link. */
const SUBSCRIPTIONS = { burst: 2000, perSecond: 100 }
/**
 * Of these, walks to a contact, each of which may become a whole join. 500 joins a second into a room of 10,000 take some
 * eleven steps each: over one of its 900,000 directions of links one leads in three minutes. A hundred newcomers a second through
 * one contact are three to each of its thirty neighbours. The burst is for rooms of a few, whose links carry a walk more than once.
 */
const WALKS = { burst: 256, perSecond: 4 }
/** Each subscription taken up as its contact becomes fifty of others, and each one kept a dial. */
const CONTACTED = { burst: 64, perSecond: 4 }
const KEPT = { burst: 512, perSecond: 8 }
/** A graft is a short message with a long answer. */
const GRAFTED_BYTES = { burst: 8 * 1024 * 1024, perSecond: 256 * 1024 }
/** Chosen: ten rounds of announcements in a second, and every neighbour in alarm now and then. What one is told counts, too. */
const ANNOUNCED = { burst: 8192, perSecond: 1000 }
/** Hellos, drops, leaves, prunes, heartbeats. */
const CONTROL = { burst: 1000, perSecond: 50 }

/** What one neighbour, and one author, may ask of this node's meshes. */
export class MeshLimits {
  readonly #author: PeerBudgets
  readonly #authorBytes: PeerBudgets
  readonly #link: PeerBudgets
  readonly #linkBytes: PeerBudgets
  readonly #subscriptions: PeerBudgets
  readonly #walks: PeerBudgets
  readonly #contacted: PeerBudgets
  readonly #kept: PeerBudgets
  readonly #graftedBytes: PeerBudgets
  readonly #announced: PeerBudgets
  readonly #control: PeerBudgets

  constructor(clock: Clock) {
    const budgets = ({ burst, perSecond }: { burst: number; perSecond: number }): PeerBudgets =>
      new PeerBudgets(clock, burst, perSecond)
    this.#author = budgets(AUTHOR)
    this.#authorBytes = budgets(AUTHOR_BYTES)
    this.#link = budgets(LINK)
    this.#linkBytes = budgets(LINK_BYTES)
    this.#subscriptions = budgets(SUBSCRIPTIONS)
    this.#walks = budgets(WALKS)
    this.#contacted = budgets(CONTACTED)
    this.#kept = budgets(KEPT)
    this.#graftedBytes = budgets(GRAFTED_BYTES)
    this.#announced = budgets(ANNOUNCED)
    this.#control = budgets(CONTROL)
  }

  admitsOver(link: NodeId, bytes: number): boolean {
    return this.#link.admits(link) && this.#linkBytes.admits(link, bytes)
  }

  admitsOf(author: NodeId, bytes: number): boolean {
    return this.#author.admits(author) && this.#authorBytes.admits(author, bytes)
  }

  admitsSubscription(from: NodeId): boolean {
    return this.#subscriptions.admits(from)
  }

  admitsWalk(from: NodeId): boolean {
    return this.#walks.admits(from)
  }

  admitsContact(from: NodeId): boolean {
    return this.#contacted.admits(from)
  }

  admitsKeeping(from: NodeId): boolean {
    return this.#kept.admits(from)
  }

  admitsGraft(to: NodeId, bytes: number): boolean {
    return this.#graftedBytes.admits(to, bytes)
  }

  admitsAnnounced(from: NodeId, ids: number): boolean {
    return this.#announced.admits(from, ids)
  }

  admitsControl(from: NodeId): boolean {
    return this.#control.admits(from)
  }
}
