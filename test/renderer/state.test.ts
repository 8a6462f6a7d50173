import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApi } from '../../preload/dispatch.ts'
import { AppModel } from '../../renderer/state/app-model.svelte.ts'
import { type Messages } from '../../renderer/state/messages.svelte.ts'
import { FakeNode, type FakeOptions } from './fake-bridge.ts'
import { contactOf, conversationOf, type Line } from './fake-content.ts'

const NOON = new Date(2026, 2, 18, 12).getTime()

async function start(options: FakeOptions = {}): Promise<{ node: FakeNode; app: AppModel }> {
  const node = new FakeNode({ nowMs: NOON, ...options })
  const app = new AppModel(createApi(node.bridge))
  await app.start()
  return { node, app }
}

const texts = (messages: Messages): string[] => messages.visible.map(({ text }) => text)
const titles = (app: AppModel): string[] => app.conversations.list.map(({ title }) => title)
const asked = (node: FakeNode, name: string): unknown[] =>
  node.asked.filter((call) => call.name === name).map(({ argument }) => argument)

/** A conversation of `count` messages between Bob and oneself. */
function withBob(node: FakeNode, count: number, unread = 0): string {
  const lines = Array.from({ length: count }, (_, index): Line => [count - index, 'Bob', `${index + 1}`])
  const conversation = conversationOf(contactOf('Bob'), NOON)
  node.addConversation(conversation, lines, unread)
  return conversation.id
}

beforeEach(() => void vi.useFakeTimers({ now: NOON }))
afterEach(() => void vi.useRealTimers())

describe('the window follows the stage', () => {
  it('goes from first run over the words to home', async () => {
    const { node, app } = await start({ stage: 'first-run', hasContent: false })
    expect(app.state?.stage).toBe('first-run')
    expect(asked(node, 'conversations.list')).toHaveLength(0)
    await app.api.call('account.create', { name: 'Ada' })
    expect(app.state?.stage).toBe('phrase')
    await app.api.call('account.confirmPhrase')
    await app.refreshStage()
    expect(app.state?.stage).toBe('ready')
    await vi.waitFor(() => expect(app.profile.name).toBe('Ada'))
    expect(asked(node, 'conversations.list')).toHaveLength(1)
  })

  it('says why where the node does not answer', async () => {
    const node = new FakeNode()
    node.failures.set('app.state', 'store-locked')
    const app = new AppModel(createApi(node.bridge))
    await app.start()
    expect(app.startProblem).toBe('Banyan is already running with this profile.')
  })
})

describe('the list of conversations', () => {
  it('puts requests first, then the newest', async () => {
    const { node, app } = await start()
    expect(titles(app).slice(0, 2)).toEqual(['Sam Okafor', 'Mira Sato'])
    node.receive('Noor', 'Back again')
    expect(titles(app).slice(0, 2)).toEqual(['Sam Okafor', 'Noor'])
    await app.api.call('contacts.accept', { conversationId: node.idOf('Sam Okafor') })
    expect(titles(app)[0]).toBe('Noor')
  })

  it('counts what is unread, and nothing from the blocked', async () => {
    const { node, app } = await start()
    const before = app.conversations.unreadTotal
    node.receive('Noor', 'One')
    node.receive('Noor', 'Two')
    expect(app.conversations.unreadTotal).toBe(before + 2)
    await app.api.call('contacts.block', { conversationId: node.idOf('Noor'), blocked: true })
    expect(app.conversations.unreadTotal).toBe(before)
  })

  it('keeps what an event brought while the list was on its way', async () => {
    const node = new FakeNode({ nowMs: NOON })
    let release = (): void => undefined
    node.holds.set('conversations.list', new Promise((resolve) => (release = resolve)))
    const app = new AppModel(createApi(node.bridge))
    const started = app.start()
    await vi.waitFor(() => expect(asked(node, 'conversations.list')).toHaveLength(1))
    node.receive('Noor', 'Quick')
    release()
    await started
    expect(app.conversations.get(node.idOf('Noor'))?.lastLine).toBe('Quick')
    expect(titles(app)).toHaveLength(node.conversations.size)
  })

  it('forgets a removed conversation and leaves it', async () => {
    const { node, app } = await start()
    const id = node.idOf('Noor')
    app.navigation.openConversation(id)
    await app.api.call('contacts.remove', { conversationId: id })
    expect(app.conversations.get(id)).toBeNull()
    expect(app.navigation.conversationId).toBeNull()
  })
})

describe('messages', () => {
  it('shows a message only when it is stored', async () => {
    const { node, app } = await start()
    const messages = app.messagesOf(node.idOf('Mira Sato'))
    await messages.open(0)
    const before = messages.all.length
    let release = (): void => undefined
    node.holds.set('messages.send', new Promise((resolve) => (release = resolve)))
    const sent = messages.send('On my way')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(messages.all).toHaveLength(before)
    release()
    await sent
    expect(texts(messages).at(-1)).toBe('On my way')
    expect(messages.all).toHaveLength(before + 1) // the event and the reply are one message
  })

  it('shows nothing where storing failed', async () => {
    const { node, app } = await start()
    const messages = app.messagesOf(node.idOf('Mira Sato'))
    await messages.open(0)
    const before = messages.all.length
    node.failures.set('messages.send', 'store-full')
    await expect(messages.send('Lost?')).rejects.toMatchObject({ code: 'store-full' })
    expect(messages.all).toHaveLength(before)
  })

  it('moves a state mark on in place', async () => {
    const { node, app } = await start()
    const messages = app.messagesOf(node.idOf('Mira Sato'))
    await messages.open(0)
    const last = messages.all.at(-1)
    node.moveOn('Mira Sato', last?.id ?? '', 'read')
    expect(messages.all.at(-1)).toMatchObject({ id: last?.id, state: 'read' })
  })

  it('draws a bounded stretch of 10,000 and reaches both ends', async () => {
    const { node, app } = await start({ hasContent: false })
    const messages = app.messagesOf(withBob(node, 10_000))
    await messages.open(0)
    expect(texts(messages).at(-1)).toBe('10000')
    let most = 0
    while (messages.hasOlder || messages.from > 0) {
      const first = Number(texts(messages)[0])
      await messages.revealOlder()
      expect(Number(texts(messages)[0])).toBeLessThan(first || 2)
      most = Math.max(most, messages.visible.length)
    }
    expect(texts(messages)[0]).toBe('1')
    expect(most).toBeLessThanOrEqual(180)
    while (!messages.isAtNewest) messages.revealNewer()
    expect(texts(messages).at(-1)).toBe('10000')
    expect(messages.all.map(({ position }) => position)).toEqual(
      Array.from({ length: 10_000 }, (_, i) => i + 1),
    )
  })

  it('does not move what is read when something new arrives below', async () => {
    const { node, app } = await start({ hasContent: false })
    const messages = app.messagesOf(withBob(node, 400))
    await app.conversations.load()
    await messages.open(0)
    for (let step = 0; step < 5; step += 1) await messages.revealOlder()
    const seen = texts(messages)
    node.receive('Bob', 'news')
    expect(texts(messages)).toEqual(seen)
    messages.jumpToNewest()
    expect(texts(messages).at(-1)).toBe('news')
  })

  it.each([
    [3, 100, 98],
    [250, 400, 151],
    [5, 5, 1],
  ])('begins the %i unread of %i at position %i', async (unread, count, position) => {
    const { node, app } = await start({ hasContent: false })
    const messages = app.messagesOf(withBob(node, count, unread))
    await messages.open(unread)
    expect(messages.unreadFrom).toBe(position)
    expect(messages.visible.some((message) => message.position === position)).toBe(true)
    messages.leave()
    expect(messages.unreadFrom).toBeNull()
  })

  it('keeps what arrives while the first page is on its way', async () => {
    const { node, app } = await start({ hasContent: false })
    const messages = app.messagesOf(withBob(node, 3))
    let release = (): void => undefined
    const page = new Promise<void>((resolve) => (release = resolve))
    const { call } = node.bridge
    // The node has read its answer, and the message comes before the answer does.
    node.bridge.call = async (name, argument) => {
      const reply = await call(name, argument)
      if (name === 'messages.page') await page
      return reply
    }
    const opened = messages.open(0)
    await vi.advanceTimersByTimeAsync(1)
    node.receive('Bob', 'quick')
    release()
    await opened
    expect(texts(messages)).toEqual(['1', '2', '3', 'quick'])
  })

  it('leaves no gap when an old message changes before the conversation was opened', async () => {
    const { node, app } = await start({ hasContent: false })
    const messages = app.messagesOf(withBob(node, 200))
    const first = node.messages.get(node.idOf('Bob'))?.[0]
    node.moveOn('Bob', first?.id ?? '', 'received')
    await messages.open(0)
    while (messages.hasOlder) await messages.revealOlder()
    expect(messages.all).toHaveLength(200)
  })

  it('tells what was seen once, and again where telling failed', async () => {
    const { node, app } = await start()
    const messages = app.messagesOf(node.idOf('gardening'))
    node.failures.set('conversations.markRead', 'closed')
    await messages.markSeen(7)
    await messages.markSeen(7)
    await messages.markSeen(7)
    await messages.markSeen(5)
    expect(asked(node, 'conversations.markRead')).toHaveLength(2)
    expect(app.conversations.get(node.idOf('gardening'))?.unread).toBe(0)
  })

  it('announces what arrives, not what one wrote', async () => {
    const { node, app } = await start()
    app.navigation.openConversation(node.idOf('Mira Sato'))
    node.receive('Mira Sato', 'See you')
    expect(app.announcement).toBe('Mira Sato: See you')
    node.receive('Noor', 'Hello')
    expect(app.announcement).toBe('New message from Noor')
    await app.messagesOf(node.idOf('Mira Sato')).send('Yes')
    expect(app.announcement).toBe('New message from Noor')
  })
})

describe('drafts', () => {
  it('are written when typing pauses, once', async () => {
    const { node, app } = await start()
    const id = node.idOf('Mira Sato')
    const { drafts } = app.conversations
    for (const text of ['H', 'He', 'Hel']) drafts.set(id, text)
    expect(asked(node, 'conversations.setDraft')).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(600)
    expect(asked(node, 'conversations.setDraft')).toEqual([{ conversationId: id, draft: 'Hel' }])
    await drafts.flush(id)
    expect(asked(node, 'conversations.setDraft')).toHaveLength(1)
  })

  it('are written at once when the conversation is left, and survive a failure', async () => {
    const { node, app } = await start()
    const id = node.idOf('Mira Sato')
    app.conversations.drafts.set(id, 'Half a')
    node.failures.set('conversations.setDraft', 'closed')
    await app.conversations.drafts.flushAll()
    const conversation = app.conversations.get(id)
    expect(conversation && app.conversations.draftOf(conversation)).toBe('Half a')
  })

  it('come from the node where nothing was typed here', async () => {
    const { node, app } = await start()
    const jonas = app.conversations.get(node.idOf('Jonas Weber'))
    expect(jonas && app.conversations.draftOf(jonas)).toBe('And tell her to bring')
  })
})

describe('settings, health and links', () => {
  it('shows a setting when it is stored', async () => {
    const { node, app } = await start()
    node.failures.set('settings.set', 'store-full')
    expect(await app.attempt(() => app.settings.change({ theme: 'dark' }))).toBe(false)
    expect(app.settings.current?.theme).toBe('system')
    expect(app.toasts.shown.at(-1)).toMatchObject({ tone: 'problem' })
    await app.settings.change({ theme: 'dark' })
    expect(app.settings.current?.theme).toBe('dark')
  })

  it('watches health while somebody looks, and remembers a minute', async () => {
    const { node, app } = await start()
    const stop = app.health.watch()
    await vi.advanceTimersByTimeAsync(90_000)
    expect(app.health.current?.leafSetSize).toBe(16)
    expect(app.health.rates).toHaveLength(60)
    stop()
    await vi.advanceTimersByTimeAsync(10)
    const { uptimeMs } = app.health.current ?? { uptimeMs: 0 }
    await vi.advanceTimersByTimeAsync(5_000)
    expect(app.health.current?.uptimeMs).toBe(uptimeMs)
    expect(asked(node, 'health.watch')).toEqual([{ on: true }, { on: false }])
  })

  it('offers to add the sender of a link that was opened outside', async () => {
    const { node, app } = await start()
    node.emit('open.link', { link: 'banyan:x' })
    expect(app.navigation.dialog).toEqual({ kind: 'add-contact', link: 'banyan:x' })
    node.emit('open.conversation', { conversationId: node.idOf('Noor') })
    expect(app.navigation).toMatchObject({ conversationId: node.idOf('Noor'), dialog: { kind: 'none' } })
  })

  it('lets toasts go by themselves', async () => {
    const { app } = await start()
    app.toasts.say('Copied')
    app.toasts.say('Copied')
    expect(app.toasts.shown).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(4_100)
    expect(app.toasts.shown).toHaveLength(0)
  })
})
