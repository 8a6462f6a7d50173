// The headless node, told what to do by lines of JSON on its input instead of by a person, and telling what happens to it
// the same way. It is composed by main/compose.ts like every other: same socket, same transport, same database, same
// options. Arguments are those of main/headless.ts. It stops when its input ends, so none outlives its lab.

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { type ComposeOptions, chosenNetwork, composeOverlay } from '../../main/compose.ts'
import { errorDescriber } from '../../main/describe-error.ts'
import { hostClock } from '../../main/host/clock.ts'
import { FolderProfile } from '../../main/host/folder-profile.ts'
import { lineLog } from '../../main/host/line-log.ts'
import { NodeKeyFile } from '../../main/host/node-key-file.ts'
import { parseOptions } from '../../main/options.ts'
import { type OverlayApi } from '../../main/overlay/api.ts'
import { type Bytes, EMPTY, fromBase64Url, toBase64Url } from '../../main/overlay/base/bytes.ts'
import { type NodeId } from '../../main/overlay/base/id.ts'
import { OverlayNode } from '../../main/overlay/node.ts'
import { type DialTarget } from '../../main/overlay/transport/links.ts'
import { watchDefects } from '../../main/watch-defects.ts'
import { type NodeCard, type NodeCommand, type NodeEvent } from './node-protocol.ts'

/** Nobody else uses it: far above those the overlay has given out (wire/message-types.ts). */
const HOP_COUNTER = 201
const HOP_LIMIT_MS = 8_000
/** The node's own status event comes once a second, too seldom to measure a join by; a look costs some 50 microseconds. */
const JOIN_LOOK_MS = 25

const say = (line: string) => void process.stderr.write(`${line}\n`)
const tell = (event: NodeEvent) => void process.stdout.write(`${JSON.stringify(event)}\n`)
const nowMs = () => performance.timeOrigin + performance.now()
const log = lineLog(say)

/** All that can be asked of it, and how to end it. */
interface LabNode {
  node: OverlayApi
  end(): Promise<void>
}

async function compose(parts: ComposeOptions): Promise<LabNode> {
  const store = await new FolderProfile(parts.profilePath, hostClock).open('overlay')
  const seeds = await new NodeKeyFile(parts.profilePath).loadOrCreate(chosenNetwork(parts.options), undefined)
  const node = await composeOverlay(parts, { seeds, store })
  node.on({
    message: (from, payload) =>
      tell({ event: 'message', from, text: Buffer.from(payload).toString(), atMs: nowMs() }),
    contactUp: (id) => tell({ event: 'contactUp', id, atMs: nowMs() }),
    contactDown: (id) => tell({ event: 'contactDown', id, atMs: nowMs() }),
  })
  node.setHelp(parts.options.help)
  routesOf(node).register(HOP_COUNTER, { deliver: () => EMPTY })
  tell({ event: 'ready', id: node.self.id, noiseKey: toBase64Url(node.self.noiseKey) })
  return {
    node,
    async end() {
      await node.stop()
      await store.close()
    },
  }
}

async function obey({ node }: LabNode, command: NodeCommand): Promise<void> {
  switch (command.do) {
    case 'addPeers':
      return node.addPeers(command.peers.map(targetOf))
    case 'keepInTouch':
      return node.keepInTouch(command.id as NodeId, command.card && targetOf(command.card))
    case 'forget':
      return node.forget(command.id as NodeId)
    case 'start':
      return start(node)
    case 'send': {
      const sent = await node.send(command.to as NodeId, Buffer.from(command.text))
      return tell({ event: 'answer', call: command.call, sent, atMs: nowMs() })
    }
    case 'status':
      return tell({ event: 'answer', call: command.call, status: node.status() })
    case 'countHops':
      return tell({ event: 'answer', call: command.call, hops: await countHops(node, command.to as NodeId) })
  }
}

async function start(node: OverlayApi): Promise<void> {
  tell({ event: 'started', atMs: nowMs() })
  await node.start()
  const timer = setInterval(() => {
    if (node.status().stage !== 'joined') return
    clearInterval(timer)
    tell({ event: 'joined', atMs: nowMs() })
  }, JOIN_LOOK_MS)
}

/** Undefined where no way was found, which is a result like any other. */
function countHops(node: OverlayApi, to: NodeId): Promise<number | undefined> {
  return routesOf(node)
    .request(to, HOP_COUNTER, EMPTY, { timeoutMs: HOP_LIMIT_MS, isExact: true })
    .then(
      ({ hops }) => hops,
      () => undefined,
    )
}

function routesOf(node: OverlayApi): OverlayNode['routes'] {
  if (!(node instanceof OverlayNode)) throw new Error('composeOverlay made another kind of node')
  return node.routes
}

function targetOf({ noiseKey, addresses }: NodeCard): DialTarget {
  const places = addresses.map((text) => {
    const at = text.lastIndexOf(':')
    return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) }
  })
  return { noiseKey: fromBase64Url(noiseKey) as Bytes, addresses: places }
}

function fail(error: unknown): never {
  say(`lab node: ${errorDescriber(log)(error).message}`)
  process.exit(1)
}

const parsed = parseOptions(process.argv.slice(2), 'headless')
if (parsed.kind !== 'options') fail(new Error(parsed.kind === 'problem' ? parsed.words : 'no help here'))
watchDefects(log)
const { options } = parsed
const profilePath = path.resolve(options.data ?? '.')
mkdirSync(profilePath, { recursive: true, mode: 0o700 })
const made = compose({ options, profilePath, log })
made.catch(fail)
const lines = createInterface(process.stdin)
lines.on('line', (line) => {
  made.then((labNode) => obey(labNode, JSON.parse(line) as NodeCommand)).catch(fail)
})
lines.on('close', () => {
  made
    .then((labNode) => labNode.end())
    .then(() => process.exit(0))
    .catch(fail)
})
