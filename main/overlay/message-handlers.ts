import { type Link } from './transport/links.ts'
import { type Reader } from './wire/codec.ts'

export type Handler = (link: Link, body: Reader) => void

interface Protocol {
  handlers(): readonly (readonly [type: number, handler: Handler])[]
}

/**
 * Which protocol a message is for, by its type. A handler is made when the first message of its type comes: a quiet node
 * hears few types, and each handler is an object.
 */
export class MessageHandlers {
  readonly #protocols: readonly (Protocol | undefined)[]
  /** undefined: nobody's. A type is one byte, so there are 256 at most. */
  readonly #known = new Map<number, Handler | undefined>()

  constructor(protocols: readonly (Protocol | undefined)[]) {
    this.#protocols = protocols
  }

  /** undefined: no protocol knows the type. */
  of(type: number): Handler | undefined {
    const known = this.#known.get(type)
    if (known || this.#known.has(type)) return known
    const found = this.#find(type)
    this.#known.set(type, found)
    return found
  }

  #find(type: number): Handler | undefined {
    for (const protocol of this.#protocols)
      for (const [each, handler] of protocol?.handlers() ?? []) if (each === type) return handler
    return undefined
  }
}
