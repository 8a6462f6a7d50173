// Two nodes without a window, and a Prometheus server that asks one of them.

import { afterAll, describe, expect, it } from 'vitest'
import { HeadlessProcess } from '../drive/headless-process.ts'
import { scratchFolder } from '../drive/scratch-folder.ts'

describe('--metrics', () => {
  const scratch = scratchFolder('metrics')
  const nodes: HeadlessProcess[] = []
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    scratch.remove()
  })

  it("serves a running node's figures on 127.0.0.1, and nothing else", async () => {
    const first = new HeadlessProcess({ data: scratch.at('1'), args: ['--metrics', '0'] })
    nodes.push(first)
    const [, url = ''] = await first.says(/(http:\/\/127\.0\.0\.1:\d+\/metrics)/)
    nodes.push(new HeadlessProcess({ data: scratch.at('2'), bootstrap: [await first.bootstrapEntry()] }))
    await first.says(/part of the network: 1 peer/)
    const response = await fetch(url)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await response.text()
    expect(text).toMatch(/^banyan_stage\{stage="joined"\} 1$/m)
    expect(text).toMatch(/^banyan_sessions 1$/m)
    expect(text).toMatch(/^banyan_sent_bytes_total [1-9]\d+$/m)
    expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404)
    expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  })

  it('says so where the port is taken, and ends', async () => {
    const [, port = ''] = await nodes[0]!.says(/127\.0\.0\.1:(\d+)\/metrics/)
    const second = new HeadlessProcess({ data: scratch.at('3'), args: ['--metrics', port] })
    await second.says(/no metrics on 127\.0\.0\.1 port/)
    expect(await second.ended()).toBe(1)
  })
})
