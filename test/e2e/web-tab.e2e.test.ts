// The browser tab around the chat: the way in, what the page may do, and what it says when its node goes away.

import { type Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HeadlessProcess } from '../drive/headless-process.ts'
import { scratchFolder } from '../drive/scratch-folder.ts'
import { launchBrowser } from './web-actor.ts'

describe('a browser tab', () => {
  let browser: Browser
  let scratch: ReturnType<typeof scratchFolder>
  let node: HeadlessProcess | undefined

  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(() => {
    scratch = scratchFolder('tab')
  })
  afterEach(async () => {
    await node?.stop()
    scratch.remove()
  })

  async function open() {
    node = new HeadlessProcess({ data: scratch.at('profile'), web: true })
    const url = await node.url()
    const page = await (await browser.newContext()).newPage()
    await page.goto(url)
    await page.getByRole('button', { name: 'Create an account' }).waitFor()
    return { page, url, port: new URL(url).port }
  }

  it('gets in by the printed address, which leaves no trace and works for nobody else', async () => {
    const { page, url } = await open()
    expect(new URL(page.url()).search).toBe('')
    const other = await (await browser.newContext()).newPage()
    expect((await other.goto(url))!.status()).toBe(401)
    await page.reload()
    await page.getByRole('button', { name: 'Create an account' }).waitFor()
  })

  it('shows its cookie to no script and runs none that is not its own', async () => {
    const { page } = await open()
    const found = await page.evaluate(`(async () => {
      const script = document.createElement('script')
      script.textContent = 'window.ran = true'
      document.head.append(script)
      const elsewhere = await fetch('http://127.0.0.1:1/').then(() => 'reached', () => 'refused')
      return { cookie: document.cookie, ran: window.ran === true, elsewhere }
    })()`)
    expect(found).toEqual({ cookie: '', ran: false, elsewhere: 'refused' })
  })

  it('says when its node is gone, and when another start asks for a new way in', async () => {
    const { page, port } = await open()
    await node!.stop()
    await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor()
    node = new HeadlessProcess({ data: scratch.at('profile'), web: true, args: ['--web', port] })
    await page.getByRole('alert').filter({ hasText: 'Open the new address' }).waitFor()
    await page.goto(await node.url())
    await page.getByRole('button', { name: 'Create an account' }).waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })
})
