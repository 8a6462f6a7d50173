import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { browserOptions } from '../drive/browser.ts'
import { HeadlessProcess } from '../drive/headless-process.ts'
import { type Actor } from './story.ts'
import { BanyanWindow } from './window.ts'

export function launchBrowser(): Promise<Browser> {
  return chromium.launch(browserOptions())
}

/** A person at a browser tab that a node of their own serves. */
export class WebActor implements Actor {
  window!: BanyanWindow
  readonly #browser: Browser
  readonly #data: string
  readonly #bootstrapEntry: string
  #process!: HeadlessProcess
  #context!: BrowserContext

  private constructor(browser: Browser, data: string, bootstrapEntry: string) {
    this.#browser = browser
    this.#data = data
    this.#bootstrapEntry = bootstrapEntry
  }

  static async start(browser: Browser, data: string, bootstrapEntry: string): Promise<WebActor> {
    const actor = new WebActor(browser, data, bootstrapEntry)
    await actor.#open()
    return actor
  }

  async leave(): Promise<void> {
    await this.#context.close()
    await this.#process.stop()
  }

  async comeBack(): Promise<void> {
    await this.#open()
    await this.window.unlock()
  }

  async #open(): Promise<void> {
    this.#process = new HeadlessProcess({ data: this.#data, bootstrap: [this.#bootstrapEntry], web: true })
    this.#context = await this.#browser.newContext()
    const page = await this.#context.newPage()
    await page.goto(await this.#process.url())
    this.window = new BanyanWindow(page)
  }
}
