// Where the account's secrets are kept: the operating system's keychain, or a file sealed with a passphrase.

import { type Bytes } from '../../overlay/base/bytes.ts'

export type SecretStorage = 'keychain' | 'file'

export interface Secrets {
  /** Where this profile's secrets are, told from its files alone: start-up never waits for a keychain. */
  find(): Promise<SecretStorage | undefined>
  /** Where new secrets would be kept: at once from what is known of this machine, before anything was tried. */
  guess(): SecretStorage
  /** The same, after the keychain was tried (once; at most about 1.5 s). */
  probe(): Promise<SecretStorage>
  /** Errors: no-account, wrong-passphrase (nothing is lost), store-damaged (the file is cut), unsupported (no keychain now). */
  load(passphrase?: string): Promise<Bytes>
  /**
   * Replaces what was kept, as a whole or not at all. A file needs a passphrase the first time; later saves use the
   * one it was opened with. Errors: passphrase-needed, store-full, unsupported.
   */
  save(secrets: Bytes, passphrase?: string): Promise<void>
}
