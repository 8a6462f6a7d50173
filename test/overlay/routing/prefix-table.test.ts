import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedPrefixLength, type Id } from '../../../main/overlay/base/id.ts'
import { DropCounts } from '../../../main/overlay/base/drop-counts.ts'
import { TimerGroup } from '../../../main/overlay/base/timer-group.ts'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { networkOf } from '../../../main/overlay/network.ts'
import { Membership } from '../../../main/overlay/routing/membership.ts'
import { DIGITS, PrefixTable } from '../../../main/overlay/routing/prefix-table.ts'
import { type Link, type Links } from '../../../main/overlay/transport/links.ts'
import { type PeerRecord } from '../../../main/overlay/wire/peer-record.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { SeededRandom } from '../../../simulator/kernel/seeded-random.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const SELF = '0'.repeat(64) as Id
const ROW_SHARE = 2
const TABLE_SHARE = 10

/** With `row` digits as this node's, and then this one. */
function idIn(row: number, digit: number): Id {
  return ('0'.repeat(row) + digit.toString(16)).padEnd(64, '7') as Id
}

const record = (id: Id): PeerRecord => ({ id }) as PeerRecord

describe('a table', () => {
  it('gives no range more than two places in a row and ten in all, whatever comes and goes', () => {
    const step = fc.record({
      row: fc.nat(9),
      digit: fc.integer({ min: 1, max: 15 }),
      range: fc.constantFrom('', 'a', 'b'),
      rttMs: fc.integer({ min: 1, max: 50 }),
      isGoing: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const table = new PrefixTable(SELF)
        const ranges = new Map<Id, string>()
        for (const { row, digit, range, rttMs, isGoing } of steps) {
          const id = idIn(row, digit)
          const before = table.has(id)
          if (isGoing) table.remove(id)
          else if (table.add(record(id), rttMs, range) || !before) ranges.set(id, range)
          const entries = table.records().map((each) => each.id)
          for (const owner of ['a', 'b']) {
            const own = entries.filter((each) => ranges.get(each) === owner)
            expect(own.length).toBeLessThanOrEqual(TABLE_SHARE)
            for (let at = 0; at < 10; at++)
              expect(own.filter((each) => sharedPrefixLength(SELF, each) === at).length).toBeLessThanOrEqual(
                ROW_SHARE,
              )
          }
        }
      }),
    )
  })

  it('takes a nearer one of the same range in the place of the other, and anybody who has no range', () => {
    const table = new PrefixTable(SELF)
    expect(table.add(record(idIn(0, 1)), 40, 'a')).toBe(true)
    expect(table.add(record(idIn(0, 2)), 40, 'a')).toBe(true)
    expect(table.add(record(idIn(0, 3)), 1, 'a')).toBe(false)
    const nearer = idIn(0, 1).replace(/7$/, '8') as Id
    expect(table.add(record(nearer), 10, 'a')).toBe(true)
    expect(table.has(idIn(0, 1))).toBe(false)
    for (let digit = 3; digit < DIGITS; digit++) expect(table.add(record(idIn(0, digit)), 40)).toBe(true)
    expect(table.size).toBe(15)
  })
})

describe('a node that hundreds of one address range dial', () => {
  const queue = new EventQueue()
  const clock = new VirtualClock(queue)
  const around = {
    ...{ clock, crypto, random: new SeededRandom(1), log: { log: () => undefined } },
    ...{ network: networkOf(crypto, 'simulated', 0), drops: new DropCounts(), timers: new TimerGroup(clock) },
  }
  /** Its links are to these many in every row, at addresses as given. */
  function dialledBy(hostOf: (number: number) => string): Membership {
    const links = { self: record(SELF), get: () => undefined, all: () => [] } as unknown as Links
    const membership = new Membership(around, links)
    for (let row = 0; row < 20; row++)
      for (let digit = 1; digit < DIGITS; digit++) {
        const address = { host: hostOf(row * DIGITS + digit), port: 4000 }
        const peer = { ...record(idIn(row, digit)), addresses: [address] }
        membership.linkUp({ peer, address, rttMs: 10, isOpen: true } as unknown as Link)
      }
    return membership
  }

  it('has ten of them in its table, where they come over the Internet', () => {
    expect(dialledBy((number) => `93.184.216.${number % 250}`).table.size).toBe(TABLE_SHARE)
    expect(dialledBy((number) => `2001:4860:4860:${number}::1`).table.size).toBe(TABLE_SHARE)
    expect(dialledBy((number) => `93.184.${number % 250}.7`).table.size).toBe(300)
  })

  it('has them all where they are on its own LAN', () => {
    expect(dialledBy((number) => `192.168.1.${number % 250}`).table.size).toBe(300)
  })

  it('dials no more that say that they are there', () => {
    const membership = dialledBy((number) => `93.184.216.${number % 250}`)
    const at = (host: string, id: Id) => {
      membership.directory.met({ ...record(id), addresses: [{ host, port: 1 }] })
      return membership.table.wants(id) && membership.hasUseFor(id)
    }
    // Far from every place in the leaf set: only the table could want it.
    expect(at('93.184.216.9', idIn(6, 9))).toBe(false)
    expect(at('93.184.217.9', idIn(6, 9))).toBe(true)
  })
})
