// From the first page to the conversations, and back to them when the account is locked or its keys are out of reach.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkOf, WORDS } from '../renderer/fake-content.ts'
import { type RendererStage, onNode, setRendererStage } from './renderer-page.ts'

let stage: RendererStage

beforeAll(async () => {
  stage = await setRendererStage()
})
afterAll(async () => await stage?.close())

describe('the first steps', () => {
  it('creates an account, asks for two words, and arrives at the invitation', async () => {
    const page = await stage.open('stage=first-run&content=none')
    await page.getByRole('button', { name: 'Create an account' }).click()
    await page.keyboard.type('Ada')
    await page.keyboard.press('Enter')
    await page.getByText('Write down these 24 words').waitFor()
    await page.getByRole('button', { name: 'Continue' }).click()
    for (const label of await page.getByLabel(/^Word \d+$/).all()) {
      const place = Number(
        (await label.evaluate((field: HTMLInputElement) => field.labels?.[0]?.textContent))?.slice(5),
      )
      await label.fill(WORDS[place - 1] ?? '')
    }
    await page.getByLabel('I have written them down').check()
    await page.getByRole('button', { name: 'Open Banyan' }).click()
    await page.getByText('Bring someone in').waitFor()
    await page.getByRole('button', { name: 'Copy link' }).click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(linkOf('Ada'))
    await page.getByLabel('Their invitation').fill(linkOf('Ines'))
    await page.getByLabel('Name them').fill('Aunt Ines')
    await page.getByRole('button', { name: 'Add Aunt Ines' }).click()
    await page.getByText('Waiting for Aunt Ines to accept').waitFor()
    await page.close()
  })

  it('makes a new invitation when asked twice', async () => {
    const page = await stage.open('content=none')
    const card = page.getByRole('region', { name: 'Your invitation' })
    const before = await card.locator('.link').textContent()
    await card.getByRole('button', { name: 'New link' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    expect(await card.locator('.link').textContent()).toBe(before)
    await card.getByRole('button', { name: 'New link' }).click()
    await page.getByRole('button', { name: 'Make a new link' }).click()
    await page.getByText('You have a new invitation link').first().waitFor()
    expect(await card.locator('.link').textContent()).not.toBe(before)
    await page.close()
  })

  it('restores, and says what is wrong with words that do not belong together', async () => {
    const page = await stage.open('stage=first-run')
    await page.getByRole('button', { name: 'I have my 24 words' }).click()
    await page.getByLabel('Your 24 words').fill(WORDS.toReversed().join(' '))
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Your name').fill('Ada')
    await page.getByRole('button', { name: 'Restore my account' }).click()
    await page.getByText('Check their order').waitFor()
    await page.getByLabel('Your 24 words').fill(WORDS.join(' '))
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Restore my account' }).click()
    await page.getByRole('navigation', { name: 'Conversations' }).waitFor()
    await page.close()
  })

  it('tries again where the keys are out of reach', async () => {
    const page = await stage.open('stage=keys-missing')
    await onNode(page, (node) => node.failures.set('account.unlock', 'keychain-silent'), null)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('alert').getByText('Unlock it and try again').waitFor()
    await page.getByRole('button', { name: 'Use my 24 words' }).click()
    await page.getByRole('button', { name: 'Back' }).click()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('navigation', { name: 'Conversations' }).getByText('Mira Sato').waitFor()
    await page.close()
  })

  it.each(['keychain', 'file'])('brings keys that are lost back from the 24 words (%s)', async (storage) => {
    const page = await stage.open(`stage=keys-missing&secretStorage=${storage}`)
    await page.getByRole('button', { name: 'Use my 24 words' }).click()
    await page.getByLabel('Your 24 words').fill(WORDS.join(' '))
    if (storage === 'file') {
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByLabel('Passphrase', { exact: true }).fill('river stone lamp moss')
      await page.getByLabel('The same again', { exact: true }).fill('river stone lamp moss')
    }
    await page.getByRole('button', { name: 'Restore my account' }).click()
    await page.getByRole('navigation', { name: 'Conversations' }).getByText('Mira Sato').waitFor()
    expect(await onNode(page, (node) => node.state.stage, null)).toBe('ready')
    await page.close()
  })

  it('unlocks with the right passphrase only', async () => {
    const page = await stage.open('stage=locked&secretStorage=file')
    await page.getByLabel('Passphrase', { exact: true }).fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('does not open this profile').waitFor()
    await page.getByLabel('Passphrase', { exact: true }).fill('correct horse')
    await page.keyboard.press('Enter')
    await page.getByRole('navigation', { name: 'Conversations' }).waitFor()
    await page.close()
  })
})
