// Serves the built window with the in-memory node behind it on loopback, and opens pages of it in Chromium.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { browserOptions } from '../drive/browser.ts'
import { type FakeNode } from '../renderer/fake-bridge.ts'
import { build } from 'vite'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

export interface RendererStage {
  open(query?: string, width?: number, height?: number): Promise<Page>
  close(): Promise<void>
}

/** Builds window and node anew into a folder of their own, so that the test never meets an old build. */
export async function setRendererStage(): Promise<RendererStage> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-renderer-'))
  await buildWindow(join(folder, 'window'))
  const node = await buildFakeNode()
  const server = await serve(join(folder, 'window'), node)
  const { port } = server.address() as AddressInfo
  const context = await openChromium(join(folder, 'chromium'))
  return {
    async open(query = '', width = 1280, height = 820) {
      const page = await context.newPage()
      await page.setViewportSize({ width, height })
      await page.goto(`http://127.0.0.1:${port}/?${query}`)
      return page
    },
    async close() {
      await context.close()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

type PageWithNode = Window & { fakeNode: FakeNode }

/** Runs something on the page's node. */
export function onNode<A>(
  page: Page,
  work: (node: FakeNode, argument: A) => unknown,
  argument: A,
): Promise<unknown> {
  return page.evaluate(
    ([source, value]) => {
      const node = (window as unknown as PageWithNode).fakeNode
      return (new Function(`return (${source})`)() as (node: FakeNode, argument: unknown) => unknown)(
        node,
        value,
      )
    },
    [work.toString(), argument] as const,
  )
}

async function buildWindow(outDir: string): Promise<void> {
  await build({
    configFile: join(ROOT, 'vite.renderer.config.ts'),
    root: join(ROOT, 'renderer'),
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
  })
}

async function buildFakeNode(): Promise<string> {
  const result = await build({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    plugins: [svelte({ configFile: false })],
    build: {
      write: false,
      lib: { entry: join(ROOT, 'test/renderer/fake-bridge-page.ts'), formats: ['iife'], name: 'fakeBridge' },
    },
  })
  const [first] = Array.isArray(result) ? result : [result]
  if (first === undefined || !('output' in first)) throw new Error('the build gave nothing')
  return first.output[0].code
}

async function serve(folder: string, bridge: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    const name = path === '/' ? '/index.html' : path
    const body = name === '/bridge.js' ? Promise.resolve(bridge) : readFile(join(folder, name))
    body.then(
      (content) => response.setHeader('content-type', TYPES[extname(name)] ?? 'text/plain').end(content),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function openChromium(userDataDir: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(userDataDir, {
    ...browserOptions(),
    headless: true,
    locale: 'en-GB',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
}
