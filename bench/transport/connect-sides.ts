// Session set-up with whoever is known by public key alone. One process is a network of nodes; another joins it with one
// node after another, each of which calls a few that it has no session with, one at a time, and then leaves.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Id } from '../../main/overlay/base/id.ts'
import { LocalNode } from '../../test/drive/local-node.ts'
import { eventually, startCrowd } from '../../test/drive/node-crowd.ts'
import { scratchFolder } from '../../test/drive/scratch-folder.ts'
import { hyperNetwork, hyperNode } from './hyperdht-stream.ts'
import { type EndAddress, addressOf, targetOf } from '../../test/drive/loopback-end.ts'
import { type Starter } from './measured-process.ts'

export interface ConnectTask {
  nodes: number
  callers: number
  callsEach: number
}

/** What the callers are told: how to join, and the names of those who can be called. */
export interface CalledNetwork<Join> {
  join: Join
  names: string[]
}

/** After joining, so that the newcomer's own work does not count as set-up. */
const SETTLE_MS = 1_500

export async function banyanNetwork({ nodes }: ConnectTask, starter: Starter): Promise<void> {
  const scratch = scratchFolder('bench-network')
  process.once('exit', () => scratch.remove())
  const crowd = await startCrowd(scratch.at('crowd'), nodes)
  await sleep(SETTLE_MS)
  const names = crowd.nodes.map(({ endpoint }) => endpoint.self.id)
  starter.post({ join: addressOf(crowd.nodes[0]!.endpoint), names } satisfies CalledNetwork<EndAddress>)
}

/** A Banyan node's name is the hash of its public key, and no more than that is used here. */
export async function banyanCallers(task: ConnectTask, starter: Starter): Promise<void> {
  const { join, names } = await starter.next<CalledNetwork<EndAddress>>()
  const scratch = scratchFolder('bench-callers')
  const times: number[] = []
  for (let i = 0; i < task.callers; i++) {
    const caller = await LocalNode.start(scratch.at(`caller-${i}`), [targetOf(join)])
    await eventually(() => caller.node.status().stage === 'joined', 20_000, 'a caller did not join')
    await sleep(SETTLE_MS)
    for (let call = 0; call < task.callsEach; call++) {
      const strangers = names.filter((name) => !caller.endpoint.get(name as Id))
      const stranger = strangers[Math.floor(Math.random() * strangers.length)]
      if (stranger) times.push(await timeToReach(caller, stranger as Id))
    }
    await caller.stop()
  }
  scratch.remove()
  starter.post(times)
}

function timeToReach(caller: LocalNode, id: Id): Promise<number> {
  const startMs = performance.now()
  return new Promise((resolve) => {
    caller.node.on({ contactUp: (up) => up === id && resolve(performance.now() - startMs) })
    caller.node.keepInTouch(id)
  })
}

type Bootstrap = Awaited<ReturnType<typeof hyperNetwork>>['bootstrap']

export async function hyperdhtNetwork({ nodes }: ConnectTask, starter: Starter): Promise<void> {
  const { bootstrap, nodes: members } = await hyperNetwork(nodes)
  const names: string[] = []
  for (const member of members) {
    const server = member.createServer((stream) => stream.on('error', endOfCall))
    await server.listen()
    names.push(Buffer.from(server.publicKey).toString('hex'))
  }
  await sleep(SETTLE_MS)
  starter.post({ join: bootstrap, names } satisfies CalledNetwork<Bootstrap>)
}

export async function hyperdhtCallers(task: ConnectTask, starter: Starter): Promise<void> {
  const { join, names } = await starter.next<CalledNetwork<Bootstrap>>()
  const times: number[] = []
  for (let i = 0; i < task.callers; i++) {
    const caller = await hyperNode(join)
    await sleep(SETTLE_MS)
    const strangers = new Set(names)
    for (let call = 0; call < task.callsEach; call++) {
      const stranger = [...strangers][Math.floor(Math.random() * strangers.size)]!
      strangers.delete(stranger)
      const startMs = performance.now()
      const stream = caller.connect(Buffer.from(stranger, 'hex'))
      stream.on('error', endOfCall)
      if (await stream.opened) times.push(performance.now() - startMs)
    }
    await caller.destroy()
  }
  starter.post(times)
}

/** A caller leaves, and both ends of its streams say so by an error. */
function endOfCall(): void {}
