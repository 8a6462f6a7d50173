// What the desktop app does around the chat: one copy per profile, links from outside, the tray, autostart, closed doors.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ElectronApplication, type Page, _electron } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appArguments, electronBinary } from '../../scripts/electron-binary.mjs'
import { HeadlessProcess, TEST_NETWORK } from '../drive/headless-process.ts'
import { Person } from '../drive/person.ts'
import { scratchFolder } from '../drive/scratch-folder.ts'
import { BanyanWindow } from './window.ts'

const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))

function electronPath(): string {
  const electron = electronBinary()
  if (!('path' in electron)) throw new Error(`no Electron: ${electron.problem}`)
  return electron.path
}

interface Ended {
  code: number | null
  output: string
}

function ended(child: ChildProcess): Promise<Ended> {
  let output = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text) => (output += text))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}

describe('the desktop app', () => {
  let scratch: ReturnType<typeof scratchFolder>
  let app: ElectronApplication | undefined

  beforeEach(() => {
    scratch = scratchFolder('desktop')
  })
  afterEach(async () => {
    await app?.close()
    app = undefined
    scratch.remove()
  })

  function argumentsFor(data: string, more: string[] = []): string[] {
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const node = ['--data', data, '--host', '127.0.0.1', '--network', TEST_NETWORK, '--secrets', 'file']
    return [...sandbox, ...appArguments(ROOT), ...node, ...more]
  }

  async function open(more: string[] = []): Promise<Page> {
    const page = await launch(more)
    await page.getByRole('button', { name: 'Create an account' }).waitFor()
    return page
  }

  async function launch(more: string[]): Promise<Page> {
    if (!existsSync(scratch.at('bin'))) desktopShowsTray(true)
    const env = {
      ...process.env,
      XDG_CONFIG_HOME: scratch.at('config'),
      PATH: `${scratch.at('bin')}:${process.env['PATH']}`,
    }
    app = await _electron.launch({
      executablePath: electronPath(),
      args: argumentsFor(scratch.at('profile'), more),
      env,
    })
    return app.firstWindow()
  }

  /** The session bus of these tests: what it says of the tray. */
  function desktopShowsTray(shows: boolean): void {
    mkdirSync(scratch.at('bin'), { recursive: true })
    writeFileSync(scratch.at('bin', 'gdbus'), `#!/bin/sh\necho "(<${shows}>,)"\n`, { mode: 0o755 })
  }

  /** What can be asked of the window only after a moment. */
  const becomes = (seen: () => Promise<unknown>, value: unknown) =>
    expect.poll(seen, { timeout: 10_000 }).toEqual(value)
  const isVisible = () =>
    app!.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.isVisible()))

  function startAgain(more: string[] = []): Promise<Ended> {
    return ended(
      spawn(electronPath(), argumentsFor(scratch.at('profile'), more), { stdio: ['ignore', 'pipe', 'pipe'] }),
    )
  }

  it('has one copy per profile: the second brings the first to the front, hands its link over and goes', async () => {
    await open()
    await app!.evaluate((electron) => {
      electron.BrowserWindow.getAllWindows()[0]!.hide()
      electron.app.once('second-instance', (_event, _argv, _folder, handed) =>
        Object.assign(globalThis, { handed }),
      )
    })
    const second = await startAgain(['banyan:hello'])
    expect(second).toMatchObject({ code: 0, output: expect.stringContaining('comes to the front') })
    expect(await app!.evaluate(() => (globalThis as { handed?: unknown }).handed)).toEqual({
      link: 'banyan:hello',
    })
    expect(await isVisible()).toEqual([true])
  })

  it('says so and ends where a node without a window holds the profile', async () => {
    const node = new HeadlessProcess({ data: scratch.at('profile'), web: true })
    await node.url()
    // The message waits for a click, which no one makes here; the line on the terminal is what a test can read.
    const child = spawn(electronPath(), argumentsFor(scratch.at('profile')), {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const gone = ended(child)
    const output = await new Promise<string>((resolve) =>
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('banyan:')) resolve(text)
      }),
    )
    expect(output).toContain('another running copy')
    child.kill('SIGKILL')
    await gone // with the helpers, which hold its pipes and write to the profile
    await node.stop()
  })

  it('stays in the tray when its window is closed, and comes back', async () => {
    const page = await open()
    await page.evaluate(`window.banyan.call('settings.set', { closeToTray: true })`)
    await app!.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close())
    await becomes(isVisible, [false])
    expect(await startAgain()).toMatchObject({ code: 0 })
    expect(await isVisible()).toEqual([true])
  })

  it.runIf(process.platform === 'linux')(
    'is minimised and never hidden where the desktop shows no tray, and says so in its settings',
    async () => {
      desktopShowsTray(false)
      const page = await open()
      const told = await app!.evaluate(({ BrowserWindow }) => {
        const [window] = BrowserWindow.getAllWindows()
        const done: string[] = []
        window!.hide = () => void done.push('hide')
        window!.minimize = () => void done.push('minimize')
        window!.close()
        return new Promise<string[]>((resolve) => setTimeout(() => resolve(done), 1_000))
      })
      expect(told).toEqual(['minimize'])
      const tray = () =>
        page.evaluate(`window.banyan.call('app.state').then(({ value }) => value.capabilities.tray)`)
      expect(await tray()).toBe(false)
      desktopShowsTray(true)
      await app!.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close())
      await becomes(tray, true)
    },
  )

  it('starts hidden where autostart asks for it', async () => {
    await open(['--hidden'])
    expect(await isVisible()).toEqual([false])
  })

  it.runIf(process.platform === 'linux')('starts with the computer where its settings say so', async () => {
    const window = new BanyanWindow(await open())
    await window.createAccount('Ada')
    await window.openSettings('Startup and tray')
    const folder = scratch.at('config', 'autostart')
    const entries = () => (existsSync(folder) ? readdirSync(folder) : [])
    await window.switch('Start with the computer', true)
    const [entry] = entries()
    expect(readFileSync(path.join(folder, entry!), 'utf8')).toMatch(/^Exec=.* --hidden --data .*profile$/m)
    await window.switch('Start with the computer', false)
    expect(entries()).toEqual([])
  })

  it('notifies of what arrives while nobody looks, as the settings say, and a click opens it', async () => {
    const window = new BanyanWindow(await open())
    await window.createAccount('Ada')
    const bob = await Person.firstRun('Bob', { data: scratch.at('bob') })
    try {
      const { id: conversationId } = await bob.add(await window.invitation())
      await bob.accepted(conversationId)
      await app!.evaluate(({ BrowserWindow, Notification }) => {
        BrowserWindow.getAllWindows()[0]!.hide()
        const shown: Electron.Notification[] = []
        Object.assign(globalThis, { shown })
        Notification.isSupported = () => true
        Notification.prototype.show = function (this: Electron.Notification) {
          shown.push(this)
        }
      })
      const texts = () =>
        app!.evaluate(() =>
          (globalThis as unknown as { shown: Electron.Notification[] }).shown.map(({ title, body }) => [
            title,
            body,
          ]),
        )
      const say = (text: string) => bob.api.call('messages.send', { conversationId, text })
      await say('The figs are ripe')
      await becomes(texts, [['Bob', 'The figs are ripe']])
      await window.page.evaluate(`window.banyan.call('settings.set', { notificationPreview: false })`)
      await say('and sweet')
      await expect.poll(async () => (await texts()).length, { timeout: 10_000 }).toBe(2)
      expect((await texts())[1]![0]).toBe('Bob')
      expect((await texts())[1]![1]).not.toContain('sweet')
      await window.page.evaluate(`window.banyan.call('settings.set', { notifications: false })`)
      await say('never mind')
      await window.page.getByText('never mind').first().waitFor({ state: 'attached' })
      expect(await texts()).toHaveLength(2)
      await app!.evaluate(() =>
        (globalThis as unknown as { shown: Electron.Notification[] }).shown[1]!.emit('click'),
      )
      await window.sees('and sweet')
      expect(await isVisible()).toEqual([true])
    } finally {
      await bob.stop()
    }
  })

  it('opens a link it was started with as soon as the account is open, and a later one at once', async () => {
    const bob = await Person.firstRun('Bob', { data: scratch.at('bob') })
    const link = await bob.invitation()
    await bob.stop()
    await new BanyanWindow(await open()).createAccount('Ada')
    await app!.close()
    const window = new BanyanWindow(await launch([link]))
    await window.unlock()
    const dialog = window.page.getByRole('dialog', { name: 'Add someone' })
    await dialog.getByRole('button', { name: 'Add Bob' }).waitFor()
    expect(await dialog.getByLabel('Their invitation').inputValue()).toBe(link)
    await window.page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await startAgain([link])).toMatchObject({ code: 0 })
    await dialog.getByRole('button', { name: 'Add Bob' }).waitFor()
  })

  it('keeps its page where it is and what it may do small', async () => {
    const page = await open()
    const tried = await page.evaluate(`(async () => {
      const opened = window.open('file:///etc/passwd')
      location.href = 'file:///etc/passwd'
      const fetched = await fetch('http://127.0.0.1:1/').then(() => 'reached', () => 'refused')
      const located = await new Promise((resolve) => navigator.geolocation.getCurrentPosition(() => resolve('told'), () => resolve('refused')))
      return { opened, fetched, located, url: location.href, node: typeof require + typeof process }
    })()`)
    expect(tried).toEqual({
      opened: null,
      fetched: 'refused',
      located: 'refused',
      url: 'app://banyan/',
      node: 'undefinedundefined',
    })
  })

  it('loads its page again when it dies', async () => {
    await open()
    const shown = await app!.evaluate(async ({ BrowserWindow, dialog }) => {
      const told: string[] = []
      dialog.showMessageBox = async (...given: unknown[]) => {
        told.push((given.at(-1) as { message: string }).message)
        return { response: 0, checkboxChecked: false }
      }
      const { webContents } = BrowserWindow.getAllWindows()[0]!
      const isBack = new Promise<void>((resolve) => webContents.once('did-finish-load', () => resolve()))
      webContents.forcefullyCrashRenderer()
      await isBack
      return { told, state: await webContents.executeJavaScript(`window.banyan.call('app.state')`) }
    })
    expect(shown.told).toEqual(['The window had stopped working and was opened again.'])
    expect(shown.state).toMatchObject({ ok: true, value: { stage: 'first-run' } })
  })

  it('opens where it was closed, in the colours it had', async () => {
    const page = await open()
    await page.evaluate(`window.banyan.call('settings.set', { theme: 'dark' })`)
    await app!.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.setBounds({ x: 30, y: 40, width: 900, height: 650 }),
    )
    await app!.close()
    await open()
    const seen = await app!.evaluate(({ BrowserWindow, nativeTheme }) => {
      const [window] = BrowserWindow.getAllWindows()
      return { ...window!.getBounds(), theme: nativeTheme.themeSource, colour: window!.getBackgroundColor() }
    })
    expect(seen).toEqual({ x: 30, y: 40, width: 900, height: 650, theme: 'dark', colour: '#101513' })
  })
})
