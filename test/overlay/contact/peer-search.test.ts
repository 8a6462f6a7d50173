import { expect, it } from 'vitest'
import { hostClock } from '../../../main/host/clock.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { BanyanError } from '../../../main/overlay/base/errors.ts'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { type Surroundings } from '../../../main/overlay/base/surroundings.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { type BookEntry } from '../../../main/overlay/contact/address-book.ts'
import { PeerSearch } from '../../../main/overlay/contact/peer-search.ts'
import { type DialTarget, type Link, type Links } from '../../../main/overlay/transport/links.ts'

const ID = 'ab'.repeat(32) as NodeId
const LINK = { isOpen: true } as Link

function recordAt(port: number): BookEntry {
  const addresses = [{ host: '127.0.0.1', port }]
  return { noiseKey: new Uint8Array(32), addresses, servers: [] } as unknown as BookEntry
}

/** A book whose answers come when the test says so, and links that open at one port alone. */
function searchWithBook(openPort: number) {
  const dialled: number[] = []
  const answers: { found(entry: BookEntry): void; end(): void }[] = []
  const links = {
    get: () => undefined,
    dial({ addresses }: DialTarget): Promise<Link> {
      dialled.push(addresses[0]!.port)
      if (addresses[0]!.port === openPort) return Promise.resolve(LINK)
      return Promise.reject(new BanyanError('unreachable', 'nobody there'))
    },
  } as unknown as Links
  const book = {
    find: (_: NodeId, found: (entry: BookEntry) => void) =>
      new Promise<void>((end) => answers.push({ found, end })),
  }
  const around = { drops: new DropCounts(), timers: new TimerGroup(hostClock) } as unknown as Surroundings
  return { search: new PeerSearch(around, { links, known: () => undefined, book }), dialled, answers }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

it('the first answer is dialled before the other root has said anything', async () => {
  const { search, answers } = searchWithBook(1)
  const link = search.link(ID)
  await settle()
  answers[0]!.found(recordAt(1))
  expect(await link).toBe(LINK)
})

it('a newer answer is dialled as well, one with the same addresses is not, and in the end nothing more is waited for', async () => {
  const { search, dialled, answers } = searchWithBook(9)
  const link = search.link(ID)
  await settle()
  for (const port of [1, 1, 2]) answers[0]!.found(recordAt(port))
  answers[0]!.end()
  expect(await link).toBeUndefined()
  expect(dialled).toEqual([1, 2])
})

it('who is known well enough is dialled there, and the book is not read', async () => {
  const { search, dialled, answers } = searchWithBook(9)
  expect(await search.link(ID, recordAt(3), false)).toBeUndefined()
  expect([dialled, answers]).toEqual([[3], []])
})
