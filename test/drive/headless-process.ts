// The headless program as an operator starts it: a process of its own, on loopback, with a profile folder of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { BridgeClient } from './bridge-client.ts'

const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))
/** A network of its own with a puzzle that costs nothing, so that no test waits for an id. */
export const TEST_NETWORK = 'test:2'
export const TEST_PASSPHRASE = 'correct horse battery staple'

export interface HeadlessOptions {
  data: string
  bootstrap?: string[]
  /** Serve the interface to a browser. */
  web?: boolean
  port?: number
  /** The address to bind; loopback where it is left out. */
  host?: string
  /** The network namespace to run in (Linux, root). */
  namespace?: string
  args?: string[]
}

export class HeadlessProcess {
  readonly data: string
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly #waiting = new Set<() => void>()
  #exit: { code: number | null; signal: string | null } | undefined

  constructor(options: HeadlessOptions) {
    this.data = options.data
    const inside = options.namespace === undefined ? [] : ['ip', 'netns', 'exec', options.namespace]
    const node = [process.execPath, path.join(ROOT, 'out/main/headless.js'), ...commandLine(options)]
    const [command, ...args] = [...inside, ...node] as [string, ...string[]]
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#heard(text))
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#heard(text))
    this.#child.on('exit', (code, signal) => {
      this.#exit = { code, signal }
      this.#wake()
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  get output(): string {
    return this.#lines.join('')
  }

  /** The first match in what the process has printed or will print. */
  async says(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    const until = Date.now() + timeoutMs
    for (;;) {
      const match = pattern.exec(this.output)
      if (match) return match
      if (this.#exit) throw new Error(`the process ended before it said ${pattern}:\n${this.output}`)
      const leftMs = until - Date.now()
      if (leftMs <= 0) throw new Error(`${pattern} not said in ${timeoutMs} ms:\n${this.output}`)
      await this.#somethingHappens(leftMs)
    }
  }

  /** HOST:PORT#KEY */
  async bootstrapEntry(): Promise<string> {
    return (await this.says(/127\.0\.0\.1:\d+#[\w-]{43}/))[0]
  }

  async url(): Promise<string> {
    return (await this.says(/http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/))[0]
  }

  async connect(): Promise<BridgeClient> {
    return BridgeClient.connect(await this.url())
  }

  /** Ends the process by a signal and returns its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', timeoutMs = 15_000): Promise<number | null> {
    if (!this.#exit) this.#child.kill(signal)
    return this.ended(timeoutMs)
  }

  /** The exit code, once the process has ended of itself. */
  async ended(timeoutMs = 15_000): Promise<number | null> {
    const until = Date.now() + timeoutMs
    while (!this.#exit) {
      if (Date.now() > until) throw new Error(`the process did not end in ${timeoutMs} ms:\n${this.output}`)
      await this.#somethingHappens(until - Date.now())
    }
    return this.#exit.code
  }

  #heard(text: string): void {
    this.#lines.push(text)
    this.#wake()
  }

  #wake(): void {
    for (const resume of this.#waiting) resume()
    this.#waiting.clear()
  }

  #somethingHappens(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs)
      this.#waiting.add(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

function commandLine(options: HeadlessOptions): string[] {
  const port = options.port === undefined ? [] : ['--port', String(options.port)]
  const web = options.web ? ['--web', '0', '--secrets', 'file'] : []
  const bootstrap = (options.bootstrap ?? []).flatMap((entry) => ['--bootstrap', entry])
  return [
    ...['--data', options.data, '--host', options.host ?? '127.0.0.1', '--network', TEST_NETWORK],
    ...port,
    ...web,
    ...bootstrap,
    ...(options.args ?? []),
  ]
}
