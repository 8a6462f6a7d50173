// A process of its own for each side of a measurement, so that neither takes the other's time. Both ends speak in single
// values, in order: what one posts the other takes next.

import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const FILE = path.join(path.dirname(fileURLToPath(import.meta.url)), 'transport-process.js')
/** Chosen: the longest measurement takes a tenth of it; whatever hangs is reported rather than waited for. */
const SILENCE_MS = 180_000

/** Values that came, or will. */
class Inbox {
  readonly #values: unknown[] = []
  #waiting: { resolve(value: unknown): void; reject(error: Error): void } | undefined
  #failure: Error | undefined

  put(value: unknown): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) waiting.resolve(value)
    else this.#values.push(value)
  }

  fail(error: Error): void {
    this.#failure = error
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }

  next<T>(): Promise<T> {
    if (this.#values.length > 0) return Promise.resolve(this.#values.shift() as T)
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => (this.#waiting = { resolve: resolve as never, reject }))
  }
}

export class MeasuredProcess {
  readonly #child: ChildProcess
  readonly #inbox = new Inbox()
  readonly #role: string

  private constructor(child: ChildProcess, role: string) {
    this.#child = child
    this.#role = role
    child.on('message', (value) => this.#inbox.put(value))
    child.once('exit', (code) => this.#inbox.fail(new Error(`${role} ended with ${code}`)))
  }

  /** The roles are listed in transport-process.ts; `flags` are Node's own. */
  static start(role: string, args: unknown = {}, flags: readonly string[] = []): MeasuredProcess {
    const execArgv = [...process.execArgv, ...flags]
    return new MeasuredProcess(fork(FILE, [role, JSON.stringify(args)], { execArgv }), role)
  }

  /** What the process posts next. Errors: where it ends or stays silent instead. */
  async next<T>(): Promise<T> {
    const timer = setTimeout(
      () => this.#inbox.fail(new Error(`${this.#role} said nothing for ${SILENCE_MS} ms`)),
      SILENCE_MS,
    )
    try {
      return await this.#inbox.next<T>()
    } finally {
      clearTimeout(timer)
    }
  }

  post(value: unknown): void {
    this.#child.send(value as never)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.disconnect()
    await gone
  }
}

/** The other end, inside the process. It ends when its starter lets go of it. */
export class Starter {
  readonly #inbox = new Inbox()

  constructor() {
    process.on('message', (value) => this.#inbox.put(value))
    process.once('disconnect', () => process.exit(0))
  }

  post(value: unknown): void {
    process.send!(value)
  }

  next<T>(): Promise<T> {
    return this.#inbox.next<T>()
  }
}

/** User and system time of this process since `since`, in seconds. */
export function cpuSecondsSince(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}
