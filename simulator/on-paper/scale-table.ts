// What 10^4 to 10^9 online users cost each volunteer and each node, from the measured sizes and the assumptions. Everything a
// volunteer does is a user's share divided by the volunteers per user, so the number of users enters by its logarithm alone: by the
// links of a node, and by the hops of a message.

import { ASSUMPTIONS as A } from './assumptions.ts'
import { type MeasuredSizes, measureSizes } from './measured-sizes.ts'

const USERS = [4, 5, 6, 7, 8, 9].map((exponent) => 10 ** exponent)
const DAY_SECONDS = 86_400
const MONTH_SECONDS = 30 * DAY_SECONDS
/** Digits of an id are hexadecimal (b = 4), so a hop settles one; measured: 4.0 at 100,000 (DESIGN §4). */
const hopsAt = (users: number): number => Math.log2(users) / 4
const LEAF_SET = 16
/** Fifteen places in a row, of which a node has links to about half (most cannot be reached for long). */
const linksAt = (users: number): number => LEAF_SET + 7.5 * hopsAt(users) + A.contacts.value

export interface ScaleRow {
  users: number
  hops: number
  links: number
  /** Per volunteer. */
  handshakesPerSecond: number
  handshakeBytesPerSecond: number
  circuits: number
  relayBytesPerSecond: number
  /** Per node, volunteer or not. */
  recordBytes: number
  recordBytesPerSecond: number
  keepAliveBytesPerSecond: number
  forwardedBytesPerSecond: number
  /** Of a volunteer, in and out. */
  volunteerBytesPerSecond: number
}

export function scaleRow(users: number, sizes: MeasuredSizes): ScaleRow {
  const hops = hopsAt(users)
  const links = linksAt(users)
  const usersPerVolunteer = 1 / A.volunteers.value
  const sessionSeconds = 3600 * A.sessionHours.value
  const punchedShare = A.behindNat.value ** 2
  const { hardNats: hard, portRestricted: restricted } = A
  const relayedShare = punchedShare * (hard.value ** 2 + 2 * hard.value * restricted.value)

  // A link is made anew when either end goes, and made once for both; where both are behind NATs, a server passes two signals on.
  const handshakesPerSecond = (usersPerVolunteer * punchedShare * links) / sessionSeconds
  const handshakeBytesPerSecond = handshakesPerSecond * 4 * sizes.signalBytes

  // What contacts say to each other where no direct path is to be had; a relay receives and sends each byte.
  const circuits = (usersPerVolunteer * relayedShare * A.contacts.value) / 2
  const texts = A.textsPerDay.value * (sizes.textBytes + A.carriedBytes.value * sizes.textDatagrams)
  const bulkRatio = sizes.bulkRatio + (A.carriedBytes.value * sizes.bulkDatagramsPerMegabyte) / 1e6
  const saidPerSecond = (texts + A.attachmentsPerDay.value * 1e6 * bulkRatio) / DAY_SECONDS
  const idlePerSecond = (sizes.keepAliveBytes + 2 * A.carriedBytes.value) / A.keepAliveSeconds.value
  const relayBytesPerSecond =
    2 * (usersPerVolunteer * relayedShare * saidPerSecond + circuits * idlePerSecond)

  // As many records as users, so each node keeps its own number of them, times the copies; and gets them at each start.
  const recordBytes = A.replicas.value * (sizes.addressRecordBytes + A.prekeyBytes.value)
  const putsPerSecond = 2 / (3600 * A.addressHours.value) // to two roots
  const recordBytesPerSecond =
    2 * (recordBytes / sessionSeconds + putsPerSecond * (hops + A.replicas.value / 2) * sizes.putHopBytes)

  const keepAliveBytesPerSecond = (links * sizes.keepAliveBytes) / A.keepAliveSeconds.value
  const forwardedBytesPerSecond = (2 * 3 * hops * sizes.probeHopBytes) / A.probeSeconds.value
  const asNode =
    recordBytesPerSecond +
    keepAliveBytesPerSecond +
    forwardedBytesPerSecond +
    (links * sizes.handshakeBytes) / sessionSeconds
  return {
    users,
    hops,
    links,
    handshakesPerSecond,
    handshakeBytesPerSecond,
    circuits,
    relayBytesPerSecond,
    recordBytes,
    recordBytesPerSecond,
    keepAliveBytesPerSecond,
    forwardedBytesPerSecond,
    volunteerBytesPerSecond: asNode + handshakeBytesPerSecond + relayBytesPerSecond,
  }
}

/** Sizes, assumptions and the table, as they stand in docs/scale.md. */
export async function scaleText(): Promise<string> {
  const sizes = await measureSizes()
  const rows = USERS.map((users) => scaleRow(users, sizes))
  return [sizesText(sizes), assumptionsText(), tableText(rows)].join('\n\n')
}

function sizesText(sizes: MeasuredSizes): string {
  const lines: [number, string][] = [
    [sizes.handshakeBytes, 'a handshake, both ways'],
    [sizes.keepAliveBytes, 'a sign of life and its acknowledgement'],
    [sizes.textBytes, 'a message of 200 bytes and its acknowledgement'],
    [Math.round(sizes.bulkRatio * 1e6), 'a megabyte in bulk, both ways'],
    [sizes.signalBytes, 'a signal passed on, and its acknowledgement'],
    [sizes.probeHopBytes, 'a hop of a probe and of its answer'],
    [sizes.putHopBytes, 'a hop of an address on its way to its root, and of the answer'],
    [sizes.addressRecordBytes, 'an address record as it is kept'],
  ]
  const words = lines.map(([bytes, what]) => `${String(bytes).padStart(9)}  ${what}`)
  return ['Measured, bytes of IPv4 packets:', ...words].join('\n')
}

function assumptionsText(): string {
  const words = Object.values(A).map(({ value, unit, what, source }) =>
    [`${value} ${unit}`.padStart(9), `${what} (${source})`].join('  '),
  )
  return ['Assumed:', ...words].join('\n')
}

const COLUMNS: [string, (row: ScaleRow) => string][] = [
  ['users', ({ users }) => `10^${Math.round(Math.log10(users))}`],
  ['volunteers', ({ users }) => (users * A.volunteers.value).toLocaleString('en')],
  ['hops', ({ hops }) => hops.toFixed(1)],
  ['links', ({ links }) => links.toFixed(0)],
  ['handsh./s', ({ handshakesPerSecond }) => handshakesPerSecond.toFixed(2)],
  ['B/s', ({ handshakeBytesPerSecond }) => handshakeBytesPerSecond.toFixed(0)],
  ['circuits', ({ circuits }) => circuits.toFixed(0)],
  ['relayed B/s', ({ relayBytesPerSecond }) => relayBytesPerSecond.toFixed(0)],
  ['records kB', ({ recordBytes }) => (recordBytes / 1000).toFixed(1)],
  ['B/s', ({ recordBytesPerSecond }) => recordBytesPerSecond.toFixed(0)],
  ['keep-alive B/s', ({ keepAliveBytesPerSecond }) => keepAliveBytesPerSecond.toFixed(0)],
  ['forwarded B/s', ({ forwardedBytesPerSecond }) => forwardedBytesPerSecond.toFixed(0)],
  ['kbit/s', ({ volunteerBytesPerSecond }) => ((volunteerBytesPerSecond * 8) / 1000).toFixed(0)],
  ['GB/month', ({ volunteerBytesPerSecond }) => ((volunteerBytesPerSecond * MONTH_SECONDS) / 1e9).toFixed(0)],
  [
    'one server Gbit/s',
    ({ users, handshakeBytesPerSecond, relayBytesPerSecond }) =>
      ((users * A.volunteers.value * (handshakeBytesPerSecond + relayBytesPerSecond) * 8) / 1e9).toFixed(3),
  ],
]

function tableText(rows: readonly ScaleRow[]): string {
  const cells = [COLUMNS.map(([head]) => head), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))]
  const widths = COLUMNS.map((_column, at) => Math.max(...cells.map((line) => line[at]!.length)))
  const lines = cells.map((line) => line.map((cell, at) => cell.padStart(widths[at]!)).join('  '))
  return [
    'Per volunteer: handshakes, circuits and what they relay, and all of it. Per node: records, keep-alive, forwarding.',
    ...lines,
  ].join('\n')
}
