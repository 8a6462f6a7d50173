import { codeOf } from '../../main/overlay/base/errors.ts'
import { DropCounts } from '../../main/overlay/base/drop-counts.ts'
import { Endpoint } from '../../main/overlay/transport/endpoint.ts'
import { type DialTarget, type StreamLink } from '../../main/overlay/transport/links.ts'

/** The transport's endpoint, with a tally of the dials that everything above it asks of its one door. */
export class CountingEndpoint extends Endpoint {
  /** How dials ended: "linked" (that somebody was linked already, too), or the error's code. */
  readonly dials = new DropCounts()

  /** Sessions that are up. */
  get size(): number {
    return this.tableSizes.sessions
  }

  override async dial(target: DialTarget): Promise<StreamLink> {
    try {
      const link = await super.dial(target)
      this.dials.count('linked')
      return link
    } catch (error) {
      this.dials.count(codeOf(error))
      throw error
    }
  }
}
