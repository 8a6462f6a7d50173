import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalNode } from './local-node.ts'

/** Several nodes of one network in this process; resolves when each knows all the others it should. */
export async function startCrowd(
  folder: string,
  count: number,
): Promise<{ nodes: LocalNode[]; bootstrapEntry: string; stop(): Promise<void> }> {
  const nodes: LocalNode[] = []
  for (let i = 0; i < count; i++) {
    const bootstrap = i === 0 ? [] : [nodes[0]!.target]
    nodes.push(await LocalNode.start(path.join(folder, `node-${i}`), bootstrap))
  }
  const neighbours = Math.min(count - 1, 16)
  await eventually(
    () => nodes.every(({ node }) => node.status().leafSetSize >= neighbours),
    20_000,
    'the crowd did not join',
  )
  return {
    nodes,
    bootstrapEntry: nodes[0]!.bootstrapEntry,
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  }
}

/** Waits for something that real time brings. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  withinMs: number,
  otherwise: string,
): Promise<void> {
  const until = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`${otherwise} within ${withinMs} ms`)
    await sleep(50)
  }
}
