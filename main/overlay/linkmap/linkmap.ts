// The map of links as one protocol: the map itself, what keeps it true, and the ways that routing may choose from.
// Read first: announcing (who tells whom what), silent-links (what is left out), link-map (which ways follow), known-ways (what
// routing sees).

import { type NodeId } from '../base/id.ts'
import { type Surroundings } from '../base/surroundings.ts'
import { type Paths } from '../ports/paths.ts'
import { type Link } from '../transport/links.ts'
import { type Reader } from '../wire/codec.ts'
import { Announcing, type AnnouncingParts } from './announcing.ts'
import { KnownWays } from './known-ways.ts'
import { LinkMap } from './link-map.ts'

export class MappedLinks {
  readonly ways: Paths
  readonly #announcing: Announcing

  /** `records`: what else there is, where the map ends. */
  constructor(around: Surroundings, records: Paths, parts: Omit<AnnouncingParts, 'map'>) {
    const map = new LinkMap(parts.links.self.id)
    this.#announcing = new Announcing(around, { ...parts, map })
    this.ways = new KnownWays(around.clock, map, records, this.#announcing)
  }

  start(): void {
    this.#announcing.start()
  }

  linkUp(id: NodeId): void {
    this.#announcing.linkUp(id)
  }

  linkDown(id: NodeId): void {
    this.#announcing.linkDown(id)
  }

  handlers(): [number, (link: Link, body: Reader) => void][] {
    return this.#announcing.handlers()
  }
}
