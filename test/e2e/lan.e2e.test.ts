// Three computers on one cable, without the Internet, without a bootstrap entry: they find each other.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HeadlessProcess } from '../drive/headless-process.ts'
import { LanOfNamespaces } from '../drive/lan-of-namespaces.ts'
import { scratchFolder } from '../drive/scratch-folder.ts'

const obstacle = LanOfNamespaces.obstacle()
if (obstacle !== '') console.log(`lan.e2e: skipped, ${obstacle}`)

describe.skipIf(obstacle !== '')('a local network without the Internet', () => {
  let lan: LanOfNamespaces
  const nodes: HeadlessProcess[] = []
  const scratch = scratchFolder('lan')

  beforeAll(() => {
    lan = LanOfNamespaces.create(3)
  })
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    lan.remove()
    scratch.remove()
  })

  const start = (computer: number, args: string[] = []): HeadlessProcess => {
    const node = new HeadlessProcess({
      data: scratch.at(`computer-${computer}-${nodes.length}`),
      namespace: lan.name(computer),
      host: '0.0.0.0',
      args,
    })
    nodes.push(node)
    return node
  }

  it('is enough for three nodes to become one network, and for the newcomers of later', async () => {
    const [first, second] = [start(1), start(2)]
    await Promise.all([
      first.says(/part of the network: 1 peer\b/),
      second.says(/part of the network: 1 peer\b/),
    ])
    const third = start(3)
    await third.says(/part of the network: 2 peers/)
    await first.says(/part of the network: 2 peers/)
  })

  it('is left alone by a node that was told to', async () => {
    const silent = start(3, ['--lan', 'off'])
    await silent.says(/nobody answers yet/)
    await expect(silent.says(/part of the network/, 3_000)).rejects.toThrow()
  })
})
