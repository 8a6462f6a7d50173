// One's own invitation: the token that opens the door now, and the link around it.

import { type Invitation as InvitationView } from '../../../preload/contract.ts'
import { fromHex, toHex, utf8 } from '../../overlay/base/bytes.ts'
import { type ChatCore } from '../core.ts'
import { fromJson, toJson } from '../storage/json.ts'
import { INVITATION } from '../storage/keys.ts'
import { TOKEN_BYTES, encodeInvitation } from './invitation-link.ts'

interface InvitationRow {
  /** Hex. */
  token: string
  createdAtMs: number
}

export class Invitation {
  readonly #core: ChatCore
  #row: InvitationRow | undefined

  constructor(core: ChatCore) {
    this.#core = core
  }

  async load(): Promise<void> {
    const bytes = await this.#core.journal.store.get(utf8(INVITATION))
    if (bytes) this.#row = fromJson<InvitationRow>(bytes)
  }

  isCurrent(token: string): boolean {
    return this.#row?.token === token
  }

  async get(): Promise<InvitationView> {
    await this.#core.door.settled // so that the link has addresses
    return this.#view(this.#row ?? (await this.#create()))
  }

  async renew(): Promise<InvitationView> {
    await this.#core.door.settled
    return this.#view(await this.#create())
  }

  async #create(): Promise<InvitationRow> {
    const token = toHex(this.#core.ports.random.bytes(TOKEN_BYTES))
    const row: InvitationRow = { token, createdAtMs: this.#core.wallMs() }
    await this.#core.journal.run((tx) => tx.put(INVITATION, toJson(row)))
    this.#row = row
    return row
  }

  #view(row: InvitationRow): InvitationView {
    const { crypto, network } = this.#core.ports
    const link = encodeInvitation(crypto, network, {
      certificate: this.#core.own.certificate.bytes,
      token: fromHex(row.token)!,
      name: this.#core.own.name,
      addresses: this.#core.door.addresses,
    })
    return { link, createdAtMs: row.createdAtMs }
  }
}
