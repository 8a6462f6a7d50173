import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest'
import { type Browser } from 'playwright-core'
import { HeadlessProcess } from '../drive/headless-process.ts'
import { scratchFolder } from '../drive/scratch-folder.ts'
import { DesktopActor } from './desktop-actor.ts'
import { type Actor, playStory } from './story.ts'
import { WebActor, launchBrowser } from './web-actor.ts'

const LIMIT_MS = 120_000

describe('two people', () => {
  let scratch: ReturnType<typeof scratchFolder>
  let bootstrap: HeadlessProcess
  let actors: Actor[] = []

  beforeEach(() => {
    scratch = scratchFolder('story')
    bootstrap = new HeadlessProcess({ data: scratch.at('bootstrap') })
  })

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await lastSight(actors)
    await Promise.all(actors.map((actor) => actor.leave()))
    actors = []
    await bootstrap.stop()
    scratch.remove()
  }, LIMIT_MS)

  it('meet, talk, go away and come back in two desktop windows', { timeout: LIMIT_MS }, async () => {
    const entry = await bootstrap.bootstrapEntry()
    const alice = await DesktopActor.start(scratch.at('alice'), entry)
    actors.push(alice)
    const bob = await DesktopActor.start(scratch.at('bob'), entry)
    actors.push(bob)
    await playStory(alice, bob)
  })

  describe('with browsers', () => {
    let browser: Browser

    beforeAll(async () => {
      browser = await launchBrowser()
    })
    afterAll(() => browser.close())

    it('meet, talk, go away and come back in two browser tabs', { timeout: LIMIT_MS }, async () => {
      const entry = await bootstrap.bootstrapEntry()
      const alice = await WebActor.start(browser, scratch.at('alice'), entry)
      actors.push(alice)
      const bob = await WebActor.start(browser, scratch.at('bob'), entry)
      actors.push(bob)
      await playStory(alice, bob)
    })
  })
})

/** What was on the screens when it went wrong. */
async function lastSight(actors: Actor[]): Promise<void> {
  for (const [index, { window }] of actors.entries())
    await window.page.screenshot({ path: `test-results/story-${index}.png` }).catch(() => undefined) // the window may be gone
}
