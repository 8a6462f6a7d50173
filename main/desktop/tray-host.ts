// Whether a tray icon is shown anywhere. Windows and macOS always have a place for it; a Linux desktop has one only
// where a host of the StatusNotifierItem specification runs, which its watcher on the session bus tells. Without one a
// hidden window would have no way back. The bus is asked through the program that desktops bring along (gdbus of GLib,
// else dbus-send): a library for one question would be more code than the tray. No answer counts as no tray, for then
// the window is only minimised, which is never wrong. Old trays that take X11 windows (XEmbed) are not looked for.

import { execFile } from 'node:child_process'

/** A bus that works answers in a few milliseconds. */
const ANSWER_LIMIT_MS = 1_000
const WATCHER = 'org.kde.StatusNotifierWatcher'
const WATCHER_PATH = '/StatusNotifierWatcher'
const GET = 'org.freedesktop.DBus.Properties.Get'
const PROPERTY = 'IsStatusNotifierHostRegistered'

const ASKS: readonly (readonly string[])[] = [
  [
    'gdbus',
    'call',
    '--session',
    '--dest',
    WATCHER,
    '--object-path',
    WATCHER_PATH,
    '--method',
    GET,
    WATCHER,
    PROPERTY,
  ],
  [
    'dbus-send',
    '--session',
    '--print-reply=literal',
    `--dest=${WATCHER}`,
    WATCHER_PATH,
    GET,
    `string:${WATCHER}`,
    `string:${PROPERTY}`,
  ],
]

/** What a program printed; undefined where it is not here; empty where it failed. */
export type Ask = (command: readonly string[]) => Promise<string | undefined>

export class TrayHost {
  readonly #platform: NodeJS.Platform
  readonly #ask: Ask
  #isThere: boolean

  constructor(platform: NodeJS.Platform = process.platform, ask: Ask = run) {
    this.#platform = platform
    this.#ask = ask
    this.#isThere = platform !== 'linux'
  }

  /** As far as is known. */
  get isThere(): boolean {
    return this.#isThere
  }

  /** Looks again: at login the panel may come later than we do. */
  async look(): Promise<boolean> {
    if (this.#platform !== 'linux') return true
    for (const command of ASKS) {
      const answer = await this.#ask(command)
      if (answer === undefined) continue
      return (this.#isThere = /\btrue\b/.test(answer))
    }
    return (this.#isThere = false)
  }
}

function run([program, ...args]: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program!, args, { timeout: ANSWER_LIMIT_MS }, (error, output) => {
      resolve(error ? (error.code === 'ENOENT' ? undefined : '') : output)
    })
  })
}
