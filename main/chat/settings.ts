// The settings of this profile: kept with it, valid before there is an account, handed to the shell at every change.

import { type Settings } from '../../preload/contract.ts'
import { utf8 } from '../overlay/base/bytes.ts'
import { DEFAULT_REPLICA_BYTES } from '../overlay/api.ts'
import { DEFAULT_HELP, type HelpSettings } from '../overlay/ports/relays.ts'
import { type ChatPorts } from './chat-ports.ts'
import { type Journal } from './storage/journal.ts'
import { fromJson, toJson } from './storage/json.ts'
import { SETTINGS } from './storage/keys.ts'

export const DEFAULT_SETTINGS: Settings = {
  theme: 'system',
  autostart: false,
  closeToTray: true,
  notifications: true,
  notificationPreview: true,
  sendReadReceipts: true,
  helpOthers: false,
  helpBytesPerSecond: DEFAULT_HELP.bytesPerSecond,
  helpBytesPerMonth: DEFAULT_HELP.bytesPerMonth,
  helpCircuits: DEFAULT_HELP.circuits,
  replicaBytes: DEFAULT_REPLICA_BYTES,
  openRouterPort: true,
  findOnLocalNetwork: true,
}

export class SettingsKeeper {
  readonly #ports: ChatPorts
  readonly #journal: Journal
  #current: Settings = DEFAULT_SETTINGS
  #follower: (settings: Settings) => void = () => undefined

  private constructor(ports: ChatPorts, journal: Journal) {
    this.#ports = ports
    this.#journal = journal
  }

  /** Errors: store-damaged. */
  static async open(ports: ChatPorts, journal: Journal): Promise<SettingsKeeper> {
    const keeper = new SettingsKeeper(ports, journal)
    const bytes = await journal.store.get(utf8(SETTINGS))
    if (bytes) keeper.#current = { ...DEFAULT_SETTINGS, ...fromJson<Partial<Settings>>(bytes) }
    ports.shell.applySettings(keeper.#current)
    return keeper
  }

  get current(): Settings {
    return this.#current
  }

  /** Told now and after every change; one follower at a time. */
  follow(follower: (settings: Settings) => void): void {
    this.#follower = follower
    follower(this.#current)
  }

  async set(changes: Partial<Settings>): Promise<Settings> {
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
    const next: Settings = { ...this.#current, ...given }
    await this.#journal.run((tx) => tx.put(SETTINGS, toJson(next)))
    this.#current = next
    this.#ports.shell.applySettings(next)
    this.#ports.emit('settings', next)
    this.#follower(next)
    return next
  }
}

/** What of them the relay needs to know. */
export function helpOf(settings: Settings): HelpSettings {
  return {
    helpOthers: settings.helpOthers,
    bytesPerSecond: settings.helpBytesPerSecond,
    bytesPerMonth: settings.helpBytesPerMonth,
    circuits: settings.helpCircuits,
  }
}
