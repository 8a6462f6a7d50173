// Who may be shown under which name. A contact goes by the name given to them here; whoever else calls themselves like a
// contact, or like the owner of this profile, is told apart by the front of their account's id.

import { BoundedMap } from '../../overlay/base/bounded-map.ts'
import { nameSkeleton } from '../contacts/name-skeleton.ts'
import { type ChatCore } from '../core.ts'
import { type ContactRow } from './rows.ts'

export const UNKNOWN_NAME = 'Somebody'
const TELLING_CHARACTERS = 4
/** Skeletons of the names on screen, so that a page of messages does not make them anew. */
const MAX_SKELETONS = 2_048

export class KnownNames {
  readonly #core: ChatCore
  readonly #skeletons = new BoundedMap<string, string>(MAX_SKELETONS)

  constructor(core: ChatCore) {
    this.#core = core
  }

  /** Of somebody whose name is only what they say. */
  ofStranger(accountId: string, name: string): string {
    const claimed = name || UNKNOWN_NAME
    return this.#isTaken(accountId, claimed)
      ? `${claimed} · ${accountId.slice(0, TELLING_CHARACTERS)}`
      : claimed
  }

  /** The title of a contact, and their name in a topic. */
  of(contact: ContactRow): string {
    const isStranger = contact.relation === 'request' && contact.name === ''
    return isStranger ? this.ofStranger(contact.accountId, contact.ownName) : nameOf(contact)
  }

  #isTaken(accountId: string, name: string): boolean {
    const skeleton = this.#skeleton(name)
    if (skeleton === this.#skeleton(this.#core.own.name)) return true
    for (const contact of this.#core.contacts.values()) {
      if (contact.accountId === accountId || (contact.relation === 'request' && contact.name === '')) continue
      if ([contact.name, contact.ownName].some((one) => one !== '' && this.#skeleton(one) === skeleton))
        return true
    }
    return false
  }

  #skeleton(name: string): string {
    const known = this.#skeletons.get(name)
    if (known !== undefined) return known
    const skeleton = nameSkeleton(name)
    this.#skeletons.set(name, skeleton)
    return skeleton
  }
}

/** As they are known here; a request as it calls itself. */
export function nameOf(contact: ContactRow): string {
  return contact.name || contact.ownName || UNKNOWN_NAME
}
