import { describe, expect, it } from 'vitest'
import { FrontDoor, type Sink } from '../main/front-door.ts'
import { type AppState, type Handlers } from '../preload/contract.ts'

const STARTING = { stage: 'starting' } as AppState
const nobody: Sink = () => undefined

/** A node that answers what the test asks and notes whether its health is watched. */
function node() {
  const watched: boolean[] = []
  const handlers = {
    'app.state': async () => ({ ...STARTING, stage: 'ready' }),
    'profile.get': async () => ({ name: 'Ada', accountId: 'aa' }),
    'health.watch': async ({ on }: { on: boolean }) => {
      watched.push(on)
      return undefined
    },
  }
  return { watched, handlers: handlers as unknown as Handlers }
}

const open = () => new FrontDoor(() => ({ code: 'internal', message: 'no' }), STARTING)

describe('the front door', () => {
  it('tells an early window that Banyan is starting, and lets its other calls wait', async () => {
    const door = open()
    const window = door.enter(nobody)
    expect(await window.call('app.state', undefined)).toEqual({ ok: true, value: STARTING })
    const early = window.call('profile.get', undefined)
    door.open(node().handlers)
    expect(await early).toMatchObject({ ok: true, value: { name: 'Ada' } })
    expect(await window.call('app.state', undefined)).toMatchObject({ value: { stage: 'ready' } })
  })

  it('tells everybody who waits why there will be no node', async () => {
    const door = open()
    const early = door.enter(nobody).call('profile.get', undefined)
    door.fail(new Error('the disk is gone'))
    expect(await early).toEqual({ ok: false, error: { code: 'internal', message: 'no' } })
    expect(await door.enter(nobody).call('profile.get', undefined)).toMatchObject({ ok: false })
  })

  it.each([
    ['an unknown call', 'toString', undefined],
    ['a call that is no text', 7, undefined],
    ['an argument of the wrong form', 'profile.rename', { name: 7 }],
    ['an argument where there is none', 'profile.get', {}],
  ])('refuses %s before the node sees it', async (_what, name, argument) => {
    const door = open()
    door.open(node().handlers)
    expect(await door.enter(nobody).call(name, argument)).toMatchObject({
      ok: false,
      error: { code: 'malformed' },
    })
  })

  it('has the node watch its health as long as any tab does, and tells only those', async () => {
    const door = open()
    const { handlers, watched } = node()
    door.open(handlers)
    const heard = { first: 0, second: 0 }
    const first = door.enter((name) => void (heard.first += name === 'health' ? 1 : 0))
    const second = door.enter((name) => void (heard.second += name === 'health' ? 1 : 0))
    await first.call('health.watch', { on: true })
    door.emit('health', {} as never)
    await second.call('health.watch', { on: true })
    door.emit('health', {} as never)
    first.leave()
    await second.call('health.watch', { on: false })
    door.emit('health', {} as never)
    expect(heard).toEqual({ first: 2, second: 1 })
    expect(watched).toEqual([true, false])
  })

  it('stops watching when the only watcher leaves without a word', async () => {
    const door = open()
    const { handlers, watched } = node()
    door.open(handlers)
    const tab = door.enter(nobody)
    await tab.call('health.watch', { on: true })
    tab.leave()
    await Promise.resolve()
    expect(watched).toEqual([true, false])
  })
})
