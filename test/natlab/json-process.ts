// A process that is told things as lines of JSON and answers as lines of JSON. Events are kept, so that one that has come
// before somebody asks for it is not missed.

import { type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

const KEPT_WORDS = 4_000

export class JsonProcess<Command extends object, Event extends object> {
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  readonly #listeners = new Set<(event: Event) => void>()
  readonly #events: Event[] = []
  #words = ''
  #isOver = false

  constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = new Promise((resolve) =>
      child.once('close', (code, signal) => {
        this.#note(`ended with ${code ?? signal}\n`)
        resolve()
      }),
    )
    void this.#ended.then(() => (this.#isOver = true))
    createInterface(child.stdout!).on('line', (line) => this.#heard(line))
    child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#note(text))
    child.stdin!.on('error', () => {}) // it ended; whoever waits for an answer hears of that
  }

  get processId(): number {
    return this.#child.pid!
  }

  /** What it said that was no event, for the words of a failure. */
  get words(): string {
    return this.#words
  }

  tell(command: Command): void {
    this.#child.stdin!.write(`${JSON.stringify(command)}\n`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Each event from now on; the result takes the listener off. */
  onEvent(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The first event that fits, of those that have come or will come in time. Undefined where none does. */
  find<Wanted extends Event>(
    isWanted: (event: Event) => event is Wanted,
    timeoutMs: number,
  ): Promise<Wanted | undefined> {
    const past = this.#events.find(isWanted)
    if (past || this.#isOver) return Promise.resolve(past)
    return new Promise((resolve) => {
      const settle = (event: Wanted | undefined): void => {
        clearTimeout(timer)
        stopListening()
        resolve(event)
      }
      const timer = setTimeout(() => settle(undefined), timeoutMs)
      const stopListening = this.onEvent((event) => isWanted(event) && settle(event))
      void this.#ended.then(() => settle(undefined))
    })
  }

  /** As `find`, but throws with what the process said. */
  async need<Wanted extends Event>(
    isWanted: (event: Event) => event is Wanted,
    timeoutMs: number,
    what: string,
  ): Promise<Wanted> {
    const found = await this.find(isWanted, timeoutMs)
    if (found) return found
    const state = this.#isOver ? 'the process ended' : `nothing for ${timeoutMs} ms`
    throw new Error(`${what}: ${state}\n${this.#words}`)
  }

  /** Closes its input, which ends it; by force where it does not. */
  async stop(limitMs = 5_000): Promise<void> {
    this.#child.stdin!.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), limitMs)
    await this.#ended
    clearTimeout(timer)
  }

  #heard(line: string): void {
    if (!line.startsWith('{')) return this.#note(`${line}\n`)
    const event = JSON.parse(line) as Event
    this.#events.push(event)
    for (const listener of [...this.#listeners]) listener(event)
  }

  #note(text: string): void {
    this.#words = (this.#words + text).slice(-KEPT_WORDS)
  }
}
