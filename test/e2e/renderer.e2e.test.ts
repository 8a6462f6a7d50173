// Every view of the window in a real browser, before an in-memory node: what a keyboard does, what a screen reader is
// told (axe-core), and what it looks like (pictures in test-results/screens).

import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkOf } from '../renderer/fake-content.ts'
import { type RendererStage, onNode, setRendererStage } from './renderer-page.ts'

const SCREENS = 'test-results/screens'
let stage: RendererStage
let axe: string

beforeAll(async () => {
  await mkdir(SCREENS, { recursive: true })
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  stage = await setRendererStage()
})
afterAll(async () => await stage?.close())

async function violations(page: Page): Promise<string[]> {
  // Colours in the middle of a fade belong to no theme.
  await page.evaluate(() => {
    for (const animation of document.getAnimations())
      if (animation.effect?.getTiming().iterations !== Infinity) animation.finish()
  })
  await page.evaluate(axe)
  return await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>
      }
    }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    )
  })
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${SCREENS}/${name}.png` })
}

const composer = (page: Page) => page.getByRole('textbox', { name: /Message to|Publish to/ })
const openConversation = (page: Page, name: string): Promise<void> =>
  page.getByRole('navigation', { name: 'Conversations' }).getByRole('button', { name }).click()

/** Every view: how to get there. */
const views: [name: string, query: string, go: (page: Page) => Promise<unknown>][] = [
  ['first-run', 'stage=first-run', async (page) => await page.getByText('Welcome to Banyan').waitFor()],
  ['create', 'stage=first-run', async (page) => await page.getByText('Create an account').click()],
  [
    'create-passphrase',
    'stage=first-run&secretStorage=file',
    async (page) => {
      await page.getByText('Create an account').click()
      await page.getByLabel('Your name').fill('Ada Lindqvist')
      await page.keyboard.press('Enter')
      await page.getByLabel('Passphrase', { exact: true }).fill('river stone lamp moss')
    },
  ],
  [
    'restore',
    'stage=first-run',
    async (page) => {
      await page.getByText('I have my 24 words').click()
      await page.getByLabel('Your 24 words').fill('legal winner thank yeer wave')
      await page.getByText('Did you mean').waitFor()
    },
  ],
  ['phrase', 'stage=phrase', async (page) => await page.getByText('sausage').first().waitFor()],
  [
    'phrase-confirm',
    'stage=phrase',
    async (page) => await page.getByRole('button', { name: 'Continue' }).click(),
  ],
  [
    'locked',
    'stage=locked&secretStorage=file',
    async (page) => await page.getByText('Welcome back').waitFor(),
  ],
  ['damaged', 'stage=damaged', async (page) => await page.getByText('Keep a copy').waitFor()],
  [
    'keys-missing',
    'stage=keys-missing',
    async (page) => await page.getByText('keychain does not answer').waitFor(),
  ],
  ['home-new', 'content=none', async (page) => await page.getByText('Bring someone in').waitFor()],
  ['home', '', async (page) => await page.getByText('Choose a conversation').waitFor({ state: 'attached' })],
  ['conversation', '', async (page) => await openConversation(page, 'Mira Sato')],
  ['conversation-offline', 'network=alone', async (page) => await openConversation(page, 'Jonas Weber')],
  ['conversation-failed', '', async (page) => await openConversation(page, 'Noor')],
  ['conversation-request', '', async (page) => await openConversation(page, 'Sam Okafor')],
  ['conversation-waiting', '', async (page) => await openConversation(page, 'Lena')],
  ['conversation-long', '', async (page) => await openConversation(page, 'Book club')],
  ['topic', '', async (page) => await openConversation(page, 'gardening')],
  [
    'details',
    '',
    async (page) => {
      await openConversation(page, 'Mira Sato')
      await page.getByRole('button', { name: 'Details' }).click()
      await page.getByText('39180').waitFor()
    },
  ],
  [
    'topic-details',
    '',
    async (page) => {
      await openConversation(page, 'gardening')
      await page.getByRole('button', { name: 'Details' }).click()
      await page.getByText('Leave topic').waitFor()
    },
  ],
  [
    'confirm-remove',
    '',
    async (page) => {
      await openConversation(page, 'Mira Sato')
      await page.getByRole('button', { name: 'Details' }).click()
      await page.getByText('Remove contact').click()
      await page.getByText('Remove Mira Sato?').waitFor()
    },
  ],
  [
    'add-contact',
    '',
    async (page) => {
      await page.keyboard.press('Control+n')
      await page.getByLabel('Their invitation').fill(`Add me! ${linkOf('Ines')}`)
      await page.getByLabel('Name them').waitFor()
    },
  ],
  [
    'add-contact-qr',
    '',
    async (page) => {
      await page.keyboard.press('Control+n')
      await page.getByLabel('Their invitation').fill('banyan:something-else')
      await page.getByRole('button', { name: 'QR code' }).click()
      await page.getByRole('img', { name: 'QR code' }).waitFor()
      await page.getByText('This is a Banyan link, but no invitation.').waitFor()
    },
  ],
  [
    'join-topic',
    '',
    async (page) => await page.getByRole('button', { name: 'Join a topic' }).first().click(),
  ],
  ...[
    'Profile',
    'Appearance',
    'Startup and tray',
    'Notifications',
    'Privacy',
    'Help others',
    'Your node',
    'About',
  ].map((section): (typeof views)[number] => [
    `settings-${section.toLowerCase().replaceAll(' ', '-')}`,
    section === 'Startup and tray' ? 'surface=web' : '',
    async (page) => {
      await page.keyboard.press('Control+,')
      await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: section }).click()
      await page.getByRole('heading', { name: section }).waitFor()
      if (section === 'Your node') {
        await page.getByText('5 computers connected').waitFor()
        await page.getByRole('button', { name: 'Details of Mira Sato' }).click()
        await page.getByText('Congestion control').waitFor()
        await page.waitForTimeout(2_500) // until the small graph has something to draw
      }
    },
  ]),
  [
    'settings-your-node-topics',
    '',
    async (page) => {
      await page.keyboard.press('Control+,')
      await page
        .getByRole('navigation', { name: 'Settings' })
        .getByRole('button', { name: 'Your node' })
        .click()
      await page.getByText('2 steps from the root').scrollIntoViewIfNeeded()
    },
  ],
]

describe.each(['light', 'dark'])('in the %s theme', (theme) => {
  it.each(views)('%s has no violation', async (name, query, go) => {
    const page = await stage.open(`theme=${theme}&${query}`)
    const complaints: string[] = []
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    page.on('pageerror', (error) => void complaints.push(error.message))
    await page.locator('h1, nav, main').first().waitFor({ state: 'attached' })
    await go(page)
    const found = await violations(page)
    await shoot(page, `${name}-${theme}-1280`)
    for (const width of [900, 480]) {
      await page.setViewportSize({ width, height: width === 480 ? 780 : 700 })
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth),
        `${name} at ${width}`,
      ).toBeLessThanOrEqual(width)
      await shoot(page, `${name}-${theme}-${width}`)
    }
    await page.close()
    expect(found).toEqual([])
    expect(complaints).toEqual([])
  })
})

describe('writing', () => {
  it('sends with Enter, breaks with Shift+Enter, and shows a message when it is stored', async () => {
    const page = await stage.open()
    await openConversation(page, 'Mira Sato')
    await composer(page).pressSequentially('First')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('Second')
    expect(await composer(page).inputValue()).toBe('First\nSecond')
    await onNode(
      page,
      (node) =>
        node.holds.set(
          'messages.send',
          new Promise((resolve) => Object.assign(window, { release: resolve })),
        ),
      null,
    )
    await page.keyboard.press('Enter')
    await page.getByText('Storing…').waitFor()
    expect(await page.getByRole('log').getByText('Second').count()).toBe(0)
    await page.evaluate(() => (window as unknown as { release(): void }).release())
    await page.getByRole('log').getByText('Second').waitFor()
    expect(await composer(page).inputValue()).toBe('')
    await page.getByText('On its way to Mira Sato').waitFor()
    await page.close()
  })

  it('does not send while an input method chooses a word', async () => {
    const page = await stage.open()
    await openConversation(page, 'Mira Sato')
    await composer(page).fill('にほん')
    await composer(page).dispatchEvent('keydown', { key: 'Enter', isComposing: true })
    expect(await composer(page).inputValue()).toBe('にほん')
    await page.close()
  })

  it('keeps the text where sending fails or it is too long, and says why', async () => {
    const page = await stage.open()
    await openConversation(page, 'Mira Sato')
    await onNode(page, (node) => node.failures.set('messages.send', 'store-full'), null)
    await composer(page).fill('Keep this')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('The disk is full').waitFor()
    expect(await composer(page).inputValue()).toBe('Keep this')
    await composer(page).fill('x'.repeat(64 * 1024 - 10))
    await page.getByText('10 bytes left').waitFor()
    await composer(page).fill('x'.repeat(64 * 1024 + 5))
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('5 bytes too long').waitFor()
    await shoot(page, 'composer-too-long')
    expect((await composer(page).inputValue()).length).toBe(64 * 1024 + 5)
    await page.close()
  })

  it('keeps a draft per conversation and marks it in the list', async () => {
    const page = await stage.open()
    await openConversation(page, 'Jonas Weber')
    expect(await composer(page).inputValue()).toBe('And tell her to bring')
    await page.keyboard.type(' apples')
    await openConversation(page, 'Mira Sato')
    expect(await composer(page).inputValue()).toBe('')
    await page.getByText('And tell her to bring apples').waitFor()
    const stored = await onNode(page, (node) => node.conversations.get(node.idOf('Jonas Weber'))?.draft, null)
    expect(stored).toBe('And tell her to bring apples')
    await openConversation(page, 'Jonas Weber')
    expect(await composer(page).inputValue()).toBe('And tell her to bring apples')
    await page.close()
  })

  it('links only to the web', async () => {
    const page = await stage.open()
    await openConversation(page, 'Mira Sato')
    await onNode(
      page,
      (node) =>
        node.receive('Mira Sato', '<img src=x onerror=alert(1)> javascript:alert(1) https://example.org/x'),
      null,
    )
    await page.getByRole('log').getByText('<img src=x').waitFor()
    const link = page.getByRole('log').getByRole('link').last()
    expect(await link.evaluate((a: HTMLAnchorElement) => [a.href, a.target, a.rel])).toEqual([
      'https://example.org/x',
      '_blank',
      'noopener noreferrer',
    ])
    await page.close()
  })
})

describe('reading', () => {
  it('stays in place while older pages come, and jumps to the latest', async () => {
    const page = await stage.open()
    await openConversation(page, 'Book club')
    await page.getByText('New messages').waitFor()
    const log = page.getByRole('log')
    const moved = await log.evaluate(async (list) => {
      let most = 0
      let drawn = 0
      const frame = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 60))
      for (let turn = 0; turn < 400 && !list.textContent?.includes('Page 1.'); turn += 1) {
        const row = [...list.querySelectorAll('[data-position]')].find(
          (r) => r.getBoundingClientRect().bottom > 200,
        )
        const before = row?.getBoundingClientRect().top ?? 0
        const step = Math.min(300, list.scrollTop)
        list.scrollTop -= step
        await frame()
        if (row?.isConnected) most = Math.max(most, Math.abs(row.getBoundingClientRect().top - before - step))
        drawn = Math.max(drawn, list.querySelectorAll('[data-position]').length)
      }
      return { most, drawn }
    })
    expect(moved.most).toBeLessThanOrEqual(2)
    expect(moved.drawn).toBeLessThanOrEqual(180)
    await log.getByText('Page 1.', { exact: false }).first().waitFor()
    await shoot(page, 'jump-to-latest')
    await page.getByRole('button', { name: /Jump to the latest/ }).click()
    await log.getByText('Page 500.').waitFor()
    expect(await log.evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight)).toBeLessThan(
      30,
    )
    await page.close()
  })

  it('follows new messages at the bottom, counts unread in the title, and marks what was seen', async () => {
    const page = await stage.open()
    await page.waitForFunction(() => document.title === '(7) Banyan')
    await openConversation(page, 'gardening')
    await page.waitForFunction(() => document.title === '(5) Banyan')
    for (const text of ['One more', 'And another', 'Last'])
      await onNode(page, (node, said) => node.receive('gardening', said as string, 'Tomás'), text)
    await page.getByRole('log').getByText('Last', { exact: true }).waitFor()
    await page.waitForFunction(() => document.title === '(5) Banyan')
    await onNode(page, (node) => node.receive('Mira Sato', 'Psst'), null)
    await page.waitForFunction(() => document.title === '(6) Banyan')
    await page.getByText('New message from Mira Sato').waitFor({ state: 'attached' })
    await page.close()
  })

  it('moves marks on and answers requests', async () => {
    const page = await stage.open()
    await openConversation(page, 'Mira Sato')
    await composer(page).fill('Seen?')
    await page.keyboard.press('Enter')
    const log = page.getByRole('log')
    await log.getByText('Seen?').waitFor()
    for (const [state, words] of [
      ['delivered', 'Delivered'],
      ['read', 'Read'],
    ] as const) {
      await onNode(
        page,
        (node, next) =>
          node.moveOn(
            'Mira Sato',
            node.messages.get(node.idOf('Mira Sato'))?.at(-1)?.id ?? '',
            next as 'read',
          ),
        state,
      )
      await log.locator('.row', { hasText: 'Seen?' }).getByRole('img', { name: words, exact: true }).waitFor()
    }
    await openConversation(page, 'Sam Okafor')
    expect(await composer(page).count()).toBe(0)
    await page.getByRole('button', { name: 'Accept' }).click()
    await composer(page).waitFor()
    await page.close()
  })
})

describe('the keyboard alone', () => {
  it('walks the list, opens, leaves, and gives focus back', async () => {
    const page = await stage.open()
    const list = page.getByRole('navigation', { name: 'Conversations' })
    await list.getByRole('button').first().focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Mira Sato' }).waitFor()
    expect(await composer(page).evaluate((field) => field === document.activeElement)).toBe(true)
    await page.keyboard.press('Alt+ArrowDown')
    await page.getByRole('heading', { name: 'gardening' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('Choose a conversation').waitFor()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('gardening')
    await page.keyboard.press('Control+n')
    expect(
      await page.getByLabel('Their invitation').evaluate((field) => field === document.activeElement),
    ).toBe(true)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('gardening')
    await page.close()
  })

  it('shows one pane with a way back at 480 px', async () => {
    const page = await stage.open('', 480, 780)
    await openConversation(page, 'Mira Sato')
    expect(await page.getByRole('navigation', { name: 'Conversations' }).isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Back to the list' }).click()
    expect(await page.getByRole('navigation', { name: 'Conversations' }).isVisible()).toBe(true)
    await page.close()
  })
})
