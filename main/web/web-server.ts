// The same interface for a browser on this computer: the page over HTTP and the bridge over a WebSocket, on 127.0.0.1
// only. A visit begins with the address printed in the terminal, whose token is good once:
//
//   GET /?token=T   right token: a session cookie, then the page. Wrong: 401, and after ten a minute's pause.
//   GET /...        with the cookie: the page's files. Without: 401 and a word on how to get in.
//   GET /session    204 with the cookie, 401 without: how a page that lost its socket learns whether to try again.
//   GET /bridge     upgraded to the WebSocket; cookie, Host and Origin must be right.

import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { BanyanError } from '../overlay/base/errors.ts'
import { type Log } from '../overlay/ports/log.ts'
import { securityHeaders } from '../content-policy.ts'
import { type FrontDoor } from '../front-door.ts'
import { type PageFiles } from '../page-files.ts'
import { cookieOf, guardRequest, guardSocket } from './request-guard.ts'
import { Sessions } from './sessions.ts'
import { Tab } from './tab.ts'

const LOOPBACK = '127.0.0.1'
/** The longest text that the contract lets in, every character escaped in JSON (\u0000: six for one), and its envelope. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024
const MAX_TABS = 32
/** Notices a tab that vanished without closing, behind a tunnel that is gone. */
const PING_INTERVAL_MS = 30_000
const BRIDGE_PATH = '/bridge'
const WAY_IN =
  'Open the address that Banyan printed when it started. It works once; every start prints a new one.'

export interface WebServerOptions {
  port: number
  door: FrontDoor
  files: PageFiles
  log: Log
  /** Called with a fresh address at the start and whenever the last one was used. */
  announce(url: string): void
}

export class WebServer {
  readonly #options: WebServerOptions
  readonly #sessions = new Sessions(() => performance.now())
  readonly #http = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => this.#failed(error, response))
  })
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  })
  #pinging: NodeJS.Timeout | undefined

  constructor(options: WebServerOptions) {
    this.#options = options
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#http.headersTimeout = 10_000
    this.#http.requestTimeout = 10_000
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  /** Errors: port-in-use. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (cause: NodeJS.ErrnoException) =>
        reject(startProblem(cause, this.#options.port)),
      )
      this.#http.listen(this.#options.port, LOOPBACK, resolve)
    })
    this.#pinging = setInterval(() => this.#ping(), PING_INTERVAL_MS).unref()
    this.#announce()
  }

  async stop(): Promise<void> {
    clearInterval(this.#pinging)
    for (const socket of this.#sockets.clients) socket.close(1001, 'Banyan is stopping')
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
    for (const socket of this.#sockets.clients) socket.terminate()
  }

  #announce(): void {
    this.#options.announce(`http://${LOOPBACK}:${this.port}/?token=${this.#sessions.token}`)
  }

  /** Per port, so that two profiles in one browser do not take each other's place: cookies know no ports. */
  get #cookieName(): string {
    return `banyan-${this.port}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verdict = guardRequest(request.headers)
    if (verdict.kind === 'refused') return say(response, verdict.status, verdict.words)
    const url = parseTarget(request.url)
    if (!url) return say(response, 400, 'This is no address of Banyan.')
    for (const [name, value] of Object.entries(securityHeaders([`ws://${verdict.host}`])))
      response.setHeader(name, value)
    if (request.method !== 'GET') return say(response, 405, 'Only GET is answered here.')
    const token = url.searchParams.get('token')
    if (url.pathname === '/' && token !== null) return this.#exchange(token, response)
    if (!this.#isKnown(request)) return say(response, 401, WAY_IN)
    if (url.pathname === '/session')
      return void response.writeHead(204, { 'Cache-Control': 'no-store' }).end()
    await this.#serve(url.pathname, response)
  }

  /** A defect of ours: the visitor waits for nothing, and the node goes on. */
  #failed(error: unknown, response: ServerResponse): void {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#options.log.log('error', 'web', words)
    if (response.headersSent) response.destroy()
    else say(response, 500, 'Something went wrong inside Banyan. The log says more.')
  }

  #exchange(token: string, response: ServerResponse): void {
    const exchange = this.#sessions.exchange(token)
    if (exchange.kind === 'too-many')
      return say(response, 429, 'Too many wrong tokens. Try again in a minute.')
    if (exchange.kind === 'wrong') return say(response, 401, WAY_IN)
    // A page that sends itself on, not a redirect: where the address was clicked on another page, a browser would not
    // show a strict cookie to what it was redirected to.
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Set-Cookie': `${this.#cookieName}=${exchange.cookie}; HttpOnly; SameSite=Strict; Path=/`,
    })
    response.end('<!doctype html><title>Banyan</title><meta http-equiv="refresh" content="0;url=/">')
    this.#announce()
  }

  async #serve(urlPath: string, response: ServerResponse): Promise<void> {
    const file = await this.#options.files.get(urlPath)
    if (!file) return say(response, 404, 'There is nothing here.')
    response.writeHead(200, {
      'Content-Type': file.type,
      'Cache-Control': file.isImmutable ? 'private, max-age=31536000, immutable' : 'no-cache',
    })
    response.end(file.bytes)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const verdict = guardSocket(request.headers)
    if (verdict.kind === 'refused') return refuse(socket, verdict.status)
    if (!this.#isKnown(request)) return refuse(socket, 401)
    if (request.url !== BRIDGE_PATH) return refuse(socket, 404)
    if (this.#sockets.clients.size >= MAX_TABS) return refuse(socket, 503)
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      alive.add(webSocket)
      webSocket.on('pong', () => alive.add(webSocket))
      new Tab(webSocket, this.#options.door)
    })
  }

  #isKnown(request: IncomingMessage): boolean {
    return this.#sessions.isValid(cookieOf(request.headers, this.#cookieName))
  }

  #ping(): void {
    for (const socket of this.#sockets.clients) {
      if (!alive.delete(socket)) socket.terminate()
      else socket.ping()
    }
  }
}

/** Those that have answered since the last ping. */
const alive = new WeakSet<object>()

/**
 * The origin form of RFC 9112 §3.2.1 and no other. Joined to a fixed origin rather than resolved against one: to a
 * resolver `//` begins the name of a host, and a browser's own pages never ask so.
 */
function parseTarget(target = ''): URL | undefined {
  if (!/^\/(?!\/)/.test(target)) return undefined
  try {
    return new URL(`http://${LOOPBACK}${target}`)
  } catch {
    return undefined // whatever it is, none of our addresses
  }
}

function say(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(`${words}\n`)
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function startProblem(cause: NodeJS.ErrnoException, port: number): Error {
  if (cause.code === 'EADDRINUSE')
    return new BanyanError('port-in-use', `port ${port} for the browser is in use by another program`, {
      cause,
    })
  if (cause.code === 'EACCES')
    return new BanyanError('port-in-use', `port ${port} for the browser may not be used here`, { cause })
  return cause
}
