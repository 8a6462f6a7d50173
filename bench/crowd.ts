// Some other nodes of the network, in one process of their own beside the measured ones: the headless program, several
// times over, as `out/bench/crowd-process.js` starts them.

import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export class Crowd {
  readonly bootstrapEntry: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, bootstrapEntry: string) {
    this.#child = child
    this.bootstrapEntry = bootstrapEntry
  }

  /** Resolves when all have joined. */
  static async start(folder: string, count: number): Promise<Crowd> {
    const file = path.join(path.dirname(fileURLToPath(import.meta.url)), 'crowd-process.js')
    const child = fork(file, [folder, String(count)])
    const entry = await new Promise<string>((resolve, reject) => {
      child.once('message', (message) => resolve(String(message)))
      child.once('exit', (code) => reject(new Error(`the crowd ended with ${code}`)))
    })
    return new Crowd(child, entry)
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.send('stop')
    await gone
  }
}
