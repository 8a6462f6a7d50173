// What the person lets the node do towards the network around it. The settings and the command line turn the switches; the
// node hears of each turn.

import { type Shell } from './chat/ports/shell.ts'
import { type Options } from './options.ts'

export interface Switches {
  /** Ask the router to open the node's port. */
  readonly portMapping: boolean
  /** Announce the node on the local network, and look for others there. */
  readonly lan: boolean
}

export class NetworkSwitches {
  #current: Switches
  readonly #fixed: Partial<Switches>
  readonly #listeners = new Set<(switches: Switches) => void>()

  /** What the command line says holds, whatever the settings say. */
  constructor({ portMapping, lan }: Pick<Options, 'portMapping' | 'lan'>) {
    this.#fixed = {
      ...(portMapping !== undefined && { portMapping }),
      ...(lan !== undefined && { lan }),
    }
    this.#current = { portMapping: true, lan: true, ...this.#fixed }
  }

  get current(): Switches {
    return this.#current
  }

  set(wanted: Switches): void {
    this.#current = { ...wanted, ...this.#fixed }
    for (const listener of this.#listeners) listener(this.#current)
  }

  /** Until the returned function is called. */
  onTurn(listener: (switches: Switches) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

/** The shell with the switches beside it: both are handed the settings at start and after every change. */
export function turnedBySettings(shell: Shell, switches: NetworkSwitches): Shell {
  return {
    notify: (notice) => shell.notify(notice),
    setUnread: (count) => shell.setUnread(count),
    applySettings(settings) {
      switches.set({ portMapping: settings.openRouterPort, lan: settings.findOnLocalNetwork })
      shell.applySettings(settings)
    },
  }
}
