// What a person does with a Banyan window, in the words that stand on it. The desktop window and the browser tab are the
// same page, so one set of gestures serves both.

import { type Page } from 'playwright-core'
import { TEST_PASSPHRASE } from '../drive/headless-process.ts'

const PATIENCE_MS = 20_000

export class BanyanWindow {
  readonly page: Page

  constructor(page: Page) {
    page.setDefaultTimeout(PATIENCE_MS)
    this.page = page
  }

  /** From the first page to the list of conversations; returns the 24 words. */
  async createAccount(name: string): Promise<string[]> {
    const { page } = this
    await page.getByRole('button', { name: 'Create an account' }).click()
    await page.getByLabel('Your name').fill(name)
    await page.getByRole('button', { name: /Continue|Create my account/ }).click()
    await page.getByLabel('Passphrase', { exact: true }).fill(TEST_PASSPHRASE)
    await page.getByLabel('The same again', { exact: true }).fill(TEST_PASSPHRASE)
    await page.getByRole('button', { name: 'Create my account' }).click()
    await page.getByRole('heading', { name: 'Write down these 24 words' }).waitFor()
    const words = await page.getByRole('list', { name: 'Your words' }).locator('.word').allTextContents()
    await page.getByRole('button', { name: 'Continue' }).click()
    await this.#answerQuiz(words)
    await this.home()
    return words
  }

  async unlock(): Promise<void> {
    await this.page.getByLabel('Passphrase', { exact: true }).fill(TEST_PASSPHRASE)
    await this.page.getByRole('button', { name: 'Unlock' }).click()
    await this.home()
  }

  async home(): Promise<void> {
    await this.page.getByRole('button', { name: 'Settings' }).waitFor()
  }

  async openSettings(section: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Settings' }).click()
    await this.page
      .getByRole('navigation', { name: 'Settings' })
      .getByRole('button', { name: section })
      .click()
  }

  /** Resolves when the setting is stored. */
  async switch(setting: string, on: boolean): Promise<void> {
    const control = this.page.getByRole('switch', { name: setting })
    await control.click()
    await this.page.getByRole('switch', { name: setting, checked: on }).waitFor()
  }

  async invitation(): Promise<string> {
    const card = this.page.getByRole('region', { name: 'Your invitation' }).first()
    return (await card.locator('.link').textContent())!.trim()
  }

  async addContact(link: string, name: string): Promise<void> {
    const { page } = this
    await page.getByLabel('Their invitation').fill(link)
    await page.getByLabel('Name them').fill(name)
    await page.getByRole('button', { name: `Add ${name}` }).click()
    await page.getByLabel(`Message to ${name}`).waitFor()
  }

  async open(title: string): Promise<void> {
    await this.page
      .locator('nav')
      .getByRole('button', { name: new RegExp(title) })
      .click()
  }

  /** Types into the open conversation's text box; `lines` are parted by Shift+Enter. */
  async say(...lines: string[]): Promise<void> {
    const box = this.page.getByRole('textbox', { name: /^(Message|Publish) to/ })
    for (const [index, line] of lines.entries()) {
      if (index > 0) await box.press('Shift+Enter')
      await box.pressSequentially(line)
    }
    await box.press('Enter')
  }

  async sees(text: string): Promise<void> {
    await this.page.getByRole('log').getByText(text, { exact: true }).waitFor()
  }

  /** Waits until the mark beside one's own message says so. */
  async isMarked(text: string, words: RegExp): Promise<void> {
    const bubble = this.page.locator('[data-position]', { hasText: text })
    await bubble.getByRole('img', { name: words }).waitFor()
  }

  async count(text: string): Promise<number> {
    return this.page.getByRole('log').getByText(text, { exact: true }).count()
  }

  async joinTopic(name: string): Promise<void> {
    const { page } = this
    await page.getByRole('button', { name: 'Join a topic' }).first().click()
    await page.getByLabel('Name of the topic').fill(name)
    await page.getByRole('button', { name: 'Join', exact: true }).click()
    await page.getByLabel(`Publish to ${name}`).waitFor()
  }

  async #answerQuiz(words: string[]): Promise<void> {
    const { page } = this
    for (const field of await page.getByLabel(/^Word \d+$/).all()) {
      const label = await field.evaluate(
        (input) => (input as HTMLInputElement).labels?.[0]?.textContent ?? '',
      )
      await field.fill(words[Number(/\d+/.exec(label)![0]) - 1]!)
    }
    await page.getByRole('checkbox', { name: 'I have written them down' }).check()
    await page.getByRole('button', { name: 'Open Banyan' }).click()
  }
}
