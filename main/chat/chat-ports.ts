// Everything the chat is built from. The composition roots fill it in; nothing in chat/ reaches past it.

import { type Capabilities, type Emit } from '../../preload/contract.ts'
import { type Network } from '../overlay/network.ts'
import { type Clock } from '../overlay/ports/clock.ts'
import { type Crypto } from '../overlay/ports/crypto.ts'
import { type Log } from '../overlay/ports/log.ts'
import { type Random } from '../overlay/ports/random.ts'
import { type OverlayFactory } from './ports/overlay-factory.ts'
import { type Profile } from './ports/profile.ts'
import { type Ratchet } from './ports/ratchet.ts'
import { type Secrets } from './ports/secrets.ts'
import { type Shell } from './ports/shell.ts'

export interface ChatPorts {
  clock: Clock
  random: Random
  crypto: Crypto
  log: Log
  profile: Profile
  secrets: Secrets
  /** Loaded when first needed: start-up does not pay for it. */
  ratchet: () => Promise<Ratchet>
  /** Called as soon as the account's node keys are known, and again as long as it fails. */
  overlay: OverlayFactory
  network: Network
  shell: Shell
  emit: Emit
  capabilities: Capabilities
  version: string
}
