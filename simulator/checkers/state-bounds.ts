// What a node may keep at most. Looked at now and then during any experiment.

import { type OverlayNode } from '../../main/overlay/node.ts'

/** main/overlay/routing: 8 leaves a side; a row of the table has 15 places, and beyond row 8 nobody has company. */
const MAX_LEAVES = 16
const MAX_TABLE = 15 * 8

export interface BoundFindings {
  looked: number
  violations: string[]
  mostLinks: number
}

/** What it looks at of a simulated host. */
export interface Bounded {
  readonly number: number
  readonly node: Pick<OverlayNode, 'status' | 'unicastRecords'>
  readonly links: { readonly size: number }
}

const MAX_KEPT = 20

export class StateBounds {
  readonly #mostRecords: number
  readonly #violations: string[] = []
  #looked = 0
  #mostLinks = 0

  /** `mostRecords`: next-hop records, of as many origins, that a node of this network may have. */
  constructor(mostRecords: number) {
    this.#mostRecords = mostRecords
  }

  get findings(): BoundFindings {
    return { looked: this.#looked, violations: this.#violations, mostLinks: this.#mostLinks }
  }

  look(hosts: readonly Bounded[]): void {
    for (const { node, number, links } of hosts) {
      this.#looked++
      this.#mostLinks = Math.max(this.#mostLinks, links.size)
      const { leafSetSize, tableSize } = node.status()
      if (leafSetSize > MAX_LEAVES) this.#tell(`node ${number} has ${leafSetSize} leaves`)
      if (tableSize > MAX_TABLE) this.#tell(`node ${number} has ${tableSize} table entries`)
      if (node.unicastRecords > this.#mostRecords)
        this.#tell(`node ${number} has ${node.unicastRecords} next-hop records`)
    }
  }

  #tell(violation: string): void {
    if (this.#violations.length < MAX_KEPT) this.#violations.push(violation)
  }
}
