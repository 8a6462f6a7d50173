// One's own invitation: the token that opens the door now, and the link around it.
//
// A link may be passed on, so its token opens the door for so many accounts only; who comes later asks. Whoever used it
// and was removed must not come in by it again, under this name or another: removing them makes a new token.

import { type Invitation as InvitationView } from '../../../preload/contract.ts'
import { fromHex, toHex } from '../../overlay/base/bytes.ts'
import { type ChatCore } from '../core.ts'
import { type Transaction } from '../storage/journal.ts'
import { fromJson, toJson } from '../storage/json.ts'
import { INVITATION } from '../storage/keys.ts'
import { TOKEN_BYTES, encodeInvitation } from './invitation-link.ts'

interface InvitationRow {
  /** Hex. */
  token: string
  createdAtMs: number
  /** Accounts that were accepted by this token without being asked; absent: none. */
  admitted?: number
}

/** Friends and family; a link that has found its way into a public place is used up before it does harm. */
export const MAX_ADMITTED = 20

export class Invitation {
  readonly #core: ChatCore

  constructor(core: ChatCore) {
    this.#core = core
  }

  /** Whether this is the token of the present link, whoever shows it. */
  async isCurrent(tx: Transaction, token: string): Promise<boolean> {
    return (await this.#row(tx))?.token === token
  }

  /** Part of a transaction: true where the token lets one more account in, which is then counted. */
  async admit(tx: Transaction, token: string): Promise<boolean> {
    const row = await this.#row(tx)
    const admitted = row?.admitted ?? 0
    if (row?.token !== token || admitted >= MAX_ADMITTED) return false
    tx.put(INVITATION, toJson({ ...row, admitted: admitted + 1 }))
    return true
  }

  /** Part of a transaction. */
  create(tx: Transaction): InvitationRow {
    const token = toHex(this.#core.ports.random.bytes(TOKEN_BYTES))
    const row: InvitationRow = { token, createdAtMs: this.#core.wallMs() }
    tx.put(INVITATION, toJson(row))
    return row
  }

  async get(): Promise<InvitationView> {
    await this.#core.door.settled // so that the link has addresses
    return this.#view(await this.#core.journal.run(async (tx) => (await this.#row(tx)) ?? this.create(tx)))
  }

  async renew(): Promise<InvitationView> {
    await this.#core.door.settled
    return this.#view(await this.#core.journal.run((tx) => this.create(tx)))
  }

  async #row(tx: Transaction): Promise<InvitationRow | undefined> {
    const bytes = await tx.get(INVITATION)
    return bytes && fromJson<InvitationRow>(bytes)
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
