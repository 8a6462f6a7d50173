import { type ElectronApplication, _electron } from 'playwright-core'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { appArguments, electronBinary } from '../../scripts/electron-binary.mjs'
import { TEST_NETWORK } from '../drive/headless-process.ts'
import { type Actor } from './story.ts'
import { BanyanWindow } from './window.ts'

const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))

/** A person at a real desktop window, on a profile of their own. */
export class DesktopActor implements Actor {
  window!: BanyanWindow
  #app!: ElectronApplication
  readonly #args: string[]

  private constructor(data: string, bootstrapEntry: string) {
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const node = ['--data', data, '--host', '127.0.0.1', '--network', TEST_NETWORK, '--secrets', 'file']
    this.#args = [...sandbox, ...appArguments(ROOT), ...node, '--bootstrap', bootstrapEntry]
  }

  static async start(data: string, bootstrapEntry: string): Promise<DesktopActor> {
    const actor = new DesktopActor(data, bootstrapEntry)
    await actor.#launch()
    return actor
  }

  get app(): ElectronApplication {
    return this.#app
  }

  async leave(): Promise<void> {
    await this.#app.close()
  }

  async comeBack(): Promise<void> {
    await this.#launch()
    await this.window.unlock()
  }

  async #launch(): Promise<void> {
    const electron = electronBinary()
    if (!('path' in electron)) throw new Error(`no Electron: ${electron.problem}`)
    this.#app = await _electron.launch({ executablePath: electron.path, args: this.#args })
    this.window = new BanyanWindow(await this.#app.firstWindow())
  }
}
