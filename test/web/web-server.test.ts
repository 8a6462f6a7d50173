import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectTcp, createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { FrontDoor } from '../../main/front-door.ts'
import { PageFiles } from '../../main/page-files.ts'
import { WebServer } from '../../main/web/web-server.ts'
import { type Log } from '../../main/overlay/ports/log.ts'
import { type AppState, type Handlers } from '../../preload/contract.ts'

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

let folder: string
let door: FrontDoor
let server: WebServer
let urls: string[]
let files: PageFiles
let log: Log
let defects: string[]
const sockets: WebSocket[] = []

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'banyan-page-'))
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>the page</title>')
  writeFileSync(path.join(folder, 'notes.txt'), 'not part of the page')
  door = new FrontDoor(() => ({ code: 'internal', message: 'no' }), { stage: 'starting' } as AppState)
  door.open({
    'profile.rename': async ({ name }: { name: string }) => ({ name, accountId: 'aa' }),
  } as unknown as Handlers)
  urls = []
  defects = []
  log = { log: (_level, _room, message) => void defects.push(message) }
  files = new PageFiles(folder)
  server = new WebServer({ port: 0, door, files, log, announce: (url) => urls.push(url) })
  await server.start()
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A request as it stands: unlike fetch, this one may lie about its Host. */
function ask(target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: server.port, path: target, headers, method },
      (response) => {
        let body = ''
        response.on('data', (chunk) => (body += chunk))
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

const tokenPath = () => urls.at(-1)!.replace(/^http:\/\/[^/]+/, '')
const cookieOf = (answer: Answer) => answer.headers['set-cookie']![0]!.split(';')[0]!
const enter = async () => cookieOf(await ask(tokenPath()))
const own = () => `http://127.0.0.1:${server.port}`

type Outcome = { kind: 'open'; socket: WebSocket } | { kind: 'refused'; status: number }

function connect(headers: Record<string, string>, target = '/bridge'): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${target}`, { headers })
    sockets.push(socket)
    socket.on('error', () => undefined) // the refusal is told by the response
    socket.on('unexpected-response', (_request, response) =>
      resolve({ kind: 'refused', status: response.statusCode! }),
    )
    socket.on('open', () => resolve({ kind: 'open', socket }))
  })
}

async function openTab(): Promise<WebSocket> {
  const outcome = await connect({ cookie: await enter(), origin: own() })
  if (outcome.kind !== 'open') throw new Error(`refused: ${outcome.status}`)
  return outcome.socket
}

const nextMessage = (socket: WebSocket) =>
  new Promise<unknown>((resolve) => socket.once('message', (data) => resolve(JSON.parse(String(data)))))
const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve))

describe('the way in', () => {
  it('is the printed address, once; then a cookie that no script sees', async () => {
    const first = tokenPath()
    const answer = await ask(first)
    expect(answer.status).toBe(200)
    expect(answer.headers['set-cookie']![0]).toMatch(
      /^banyan-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/,
    )
    expect((await ask(first)).status).toBe(401)
    const page = await ask('/', { cookie: cookieOf(answer) })
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining('the page') })
  })

  it('prints the next address when one was used, and not when one was guessed', async () => {
    await ask('/?token=guess')
    expect(urls).toHaveLength(1)
    await enter()
    expect(urls).toHaveLength(2)
    expect(urls[0]).not.toBe(urls[1])
  })

  it('is shut for everybody else, with a word on how to get in', async () => {
    for (const target of ['/', '/index.html', '/session', '/bridge'])
      expect(await ask(target)).toMatchObject({
        status: 401,
        body: expect.stringContaining('Open the address'),
      })
    expect((await ask('/', { cookie: `banyan-${server.port}=${'A'.repeat(43)}` })).status).toBe(401)
  })

  it('is shut for a minute after ten guesses', async () => {
    for (let i = 0; i < 10; i++) expect((await ask(`/?token=${i}`)).status).toBe(401)
    expect((await ask(tokenPath())).status).toBe(429)
  })
})

describe('a request that no browser sends', () => {
  const targets = [
    '//',
    '//x',
    '///',
    '/\\\\',
    '*',
    '?token=x',
    'http://[',
    'http://127.0.0.1/',
    '/%',
    '/%ff',
    '/:0',
    '/a b',
  ]
  const hosts = ['127.0.0.1', '127.0.0.1:99999', 'localhost:1', '127.0.0.1:', '[::1]', '']

  /** The bytes as they are; resolves with the first line of the answer, or with nothing where none came. */
  function tell(bytes: string): Promise<string> {
    return new Promise((resolve) => {
      let heard = ''
      const socket = connectTcp(server.port, '127.0.0.1')
      socket.setEncoding('latin1').on('data', (text) => (heard += text))
      socket.on('error', () => undefined) // closed in the middle of what we say: an answer too
      socket.on('close', () => resolve(heard.split('\r\n')[0]!))
      socket.end(bytes, 'latin1')
    })
  }

  it('is answered with 400, as `curl --path-as-is` asks for //', async () => {
    expect(await tell('GET // HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')).toContain(' 400 ')
    expect(await ask('/')).toMatchObject({ status: 401 })
  })

  it('never reaches a defect, whatever its first line and its headers are', async () => {
    const byte = fc.string({
      unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    })
    const target = fc.oneof(
      fc.constantFrom(...targets),
      byte,
      byte.map((text) => `/${text}`),
    )
    const name = fc.constantFrom(
      'Cookie',
      'Origin',
      'Sec-Fetch-Site',
      'Upgrade',
      'Connection',
      'Sec-WebSocket-Key',
      'X',
    )
    const header = fc.tuple(
      name,
      fc.oneof(byte, fc.constantFrom('websocket', 'Upgrade', ';;=', '=', 'a=b;c')),
    )
    const any = fc.record({
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'CONNECT', 'OPTIONS', 'PRI'),
      target,
      host: fc.oneof(fc.constantFrom(...hosts), byte),
      headers: fc.array(header, { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(any, async ({ method, target, host, headers }) => {
        const lines = [['Host', host], ...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')
        await tell(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`)
        expect(defects).toEqual([])
      }),
      { numRuns: 300 },
    )
    expect((await ask('/')).status).toBe(401)
  })

  it('that meets a defect of ours is answered, logged, and the last one of nobody', async () => {
    const cookie = await enter()
    files.get = () => Promise.reject(new Error('planted'))
    expect(await ask('/', { cookie })).toMatchObject({ status: 500 })
    expect(defects).toEqual([expect.stringContaining('planted')])
    expect((await ask('/session', { cookie })).status).toBe(204)
  })
})

describe('the page', () => {
  it('comes with the policy that lets it reach nothing but its own server', async () => {
    const { headers } = await ask('/', { cookie: await enter() })
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['content-security-policy']).toContain(`connect-src 'self' ws://127.0.0.1:${server.port}`)
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBe('no-referrer')
  })

  it.each([
    '/../package.json',
    '/%2e%2e/package.json',
    '/notes.txt',
    '/missing.js',
    '/.hidden',
    '/a//b.js',
    '/index.html/',
  ])('holds no %s', async (target) => {
    expect((await ask(target, { cookie: await enter() })).status).toBe(404)
  })

  it('can only be read', async () => {
    const cookie = await enter()
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await ask('/', { cookie }, method)).status).toBe(405)
  })
})

describe('another site in the same browser', () => {
  it.each([
    ['its own name pointed at 127.0.0.1', { host: 'evil.example' }, 421],
    ['a name that only begins like ours', { host: '127.0.0.1.evil.example' }, 421],
    ['a request from its own page', { origin: 'https://evil.example' }, 403],
    ['a request from another port here', { origin: 'http://127.0.0.1:1' }, 403],
    ['a page without an origin', { origin: 'null' }, 403],
  ])('gets nowhere with %s', async (_what, headers: Record<string, string>, status) => {
    const cookie = await enter()
    expect((await ask('/', { cookie, ...headers })).status).toBe(status)
    expect(await connect({ cookie, origin: own(), ...headers })).toEqual({ kind: 'refused', status })
  })

  it('cannot use up the guesses with pictures and frames', async () => {
    for (const dest of ['image', 'iframe', 'empty', 'script'])
      for (const site of ['cross-site', 'same-site'])
        for (let i = 0; i < 3; i++)
          expect(await ask(`/?token=${i}`, { 'sec-fetch-site': site, 'sec-fetch-dest': dest })).toMatchObject(
            { status: 403 },
          )
    const opened = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }
    expect((await ask(tokenPath(), opened)).status).toBe(200) // a link in a web mailer
  })

  it('gets no socket without an origin, without the cookie, or elsewhere', async () => {
    const cookie = await enter()
    expect(await connect({ cookie })).toEqual({ kind: 'refused', status: 403 })
    expect(await connect({ origin: own() })).toEqual({ kind: 'refused', status: 401 })
    expect(await connect({ cookie, origin: own() }, '/other')).toEqual({ kind: 'refused', status: 404 })
  })
})

describe('a tab', () => {
  it('calls the node and hears its events, and several do so at once', async () => {
    const [first, second] = [await openTab(), await openTab()]
    first.send(JSON.stringify({ id: 1, name: 'profile.rename', argument: { name: 'Ada' } }))
    expect(await nextMessage(first)).toEqual({
      id: 1,
      reply: { ok: true, value: { name: 'Ada', accountId: 'aa' } },
    })
    const heard = Promise.all([nextMessage(first), nextMessage(second)])
    door.emit('profile', { name: 'Ada', accountId: 'aa' })
    expect(await heard).toEqual(
      Array(2).fill({ event: 'profile', payload: { name: 'Ada', accountId: 'aa' } }),
    )
  })

  it('is told what is wrong with its call and stays', async () => {
    const tab = await openTab()
    tab.send(JSON.stringify({ id: 1, name: 'profile.rename', argument: { name: '' } }))
    expect(await nextMessage(tab)).toMatchObject({
      id: 1,
      reply: { ok: false, error: { code: 'malformed' } },
    })
  })

  it.each([
    ['no JSON', '{', 1008],
    ['no call', '7', 1008],
    ['an id that is no number', '{"id":"1"}', 1008],
    ['bytes', Buffer.from([1, 2, 3]), 1003],
    ['more than any call needs', 'x'.repeat(2 * 1024 * 1024 + 1), 1006],
  ])('is closed for sending %s', async (_what, message, code) => {
    const tab = await openTab()
    const code_ = closed(tab)
    tab.send(message)
    expect([code, 1009]).toContain(await code_) // 1009: the library says it in the protocol's own words
    expect(door.guests).toBe(0)
  })

  it('may call faster than the node answers: it is read no further until it does', async () => {
    const tab = await openTab()
    const answered = new Promise<number>((resolve) => {
      let count = 0
      tab.on('message', () => ++count === 1_000 && resolve(count))
    })
    for (let id = 0; id < 1_000; id++)
      tab.send(JSON.stringify({ id, name: 'profile.rename', argument: { name: 'Ada' } }))
    expect(await answered).toBe(1_000)
  })

  it('carries the longest text with every character escaped', async () => {
    const tab = await openTab()
    const text = '\u0001'.repeat(64 * 1024)
    tab.send(
      JSON.stringify({
        id: 1,
        name: 'messages.send',
        argument: { conversationId: `contact:${'a'.repeat(64)}`, text },
      }),
    )
    expect(await nextMessage(tab)).toMatchObject({ id: 1, reply: { error: { code: 'internal' } } }) // it reached the node
  })
})

describe('the port', () => {
  it('is named in the error when another program has it', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    const second = new WebServer({ port, door, files, log, announce: () => undefined })
    await expect(second.start()).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining(String(port)),
    })
    other.close()
  })

  it('is bound on 127.0.0.1 and nowhere else', () => {
    expect(urls[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/)
  })
})
