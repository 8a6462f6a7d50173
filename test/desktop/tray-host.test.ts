import { describe, expect, it } from 'vitest'
import { TrayHost } from '../../main/desktop/tray-host.ts'

const REPLIES = {
  gdbus: { yes: '(<true>,)\n', no: '(<false>,)\n' },
  'dbus-send': { yes: '   variant       boolean true\n', no: '   variant       boolean false\n' },
}

describe('a tray on Linux', () => {
  it.each([
    ['the watcher knows a host', { gdbus: REPLIES.gdbus.yes }, true],
    ['the watcher knows none', { gdbus: REPLIES.gdbus.no }, false],
    ['there is no watcher', { gdbus: '' }, false],
    ['only dbus-send is here, and says yes', { 'dbus-send': REPLIES['dbus-send'].yes }, true],
    ['only dbus-send is here, and says no', { 'dbus-send': REPLIES['dbus-send'].no }, false],
    ['nobody can be asked', {}, false],
  ])('where %s: %s', async (_where, answers: Record<string, string>, isThere) => {
    const host = new TrayHost('linux', async ([program]) => answers[program!])
    expect(host.isThere).toBe(false)
    expect(await host.look()).toBe(isThere)
    expect(host.isThere).toBe(isThere)
  })

  it('may come after us, and go', async () => {
    let answer = REPLIES.gdbus.no
    const host = new TrayHost('linux', async () => answer)
    await host.look()
    answer = REPLIES.gdbus.yes
    expect(await host.look()).toBe(true)
    answer = ''
    expect(await host.look()).toBe(false)
  })

  it('is looked for with programs that may be missing', async () => {
    expect(typeof (await new TrayHost('linux').look())).toBe('boolean')
  })
})

it.each(['win32', 'darwin'] as const)('a tray on %s is always there', async (platform) => {
  const host = new TrayHost(platform, () => Promise.reject(new Error('asked')))
  expect([host.isThere, await host.look()]).toEqual([true, true])
})
