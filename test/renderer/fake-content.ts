// Scripted people, topics and figures for the in-memory node.

import {
  type Contact,
  type Conversation,
  type Health,
  type Message,
  type MessageState,
  type Presence,
} from '../../preload/contract.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export const WORDS =
  'legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title'.split(
    ' ',
  )
export const SELF_ID = hexOf('self')
export const SAFETY_NUMBER = '39180 20461 77302 81945 60217 33984 12750 98463 55019 70326 41188 06972'

/** 32 bytes in hex that stand for a name: always the same, and different for different names. */
export function hexOf(name: string, length = 64): string {
  let state = 0x811c9dc5
  for (const character of name) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193)
  let hex = ''
  for (let index = 0; hex.length < length; index += 1) {
    state = Math.imul(state ^ (state >>> 15) ^ name.length, 0x01000193) + index
    hex += (state >>> 0).toString(16).padStart(8, '0')
  }
  return hex.slice(0, length)
}

export function linkOf(name: string): string {
  return `banyan:${name}/${hexOf(name)}${hexOf(`${name} node`)}${hexOf(`${name} addresses`)}`
}

export function contactOf(name: string, change: Partial<Contact> = {}): Contact {
  const accountId = hexOf(name)
  return {
    conversationId: `contact:${accountId}`,
    accountId,
    name,
    ownName: name,
    relation: 'accepted',
    isVerified: false,
    presence: 'offline' as Presence,
    lastSeenMs: 0,
    ...change,
  }
}

export function conversationOf(contact: Contact, atMs: number): Conversation {
  const { conversationId: id, name: title } = contact
  return { ...emptyConversation(id, title, atMs), kind: 'contact', contact }
}

export function topicOf(title: string, atMs: number): Conversation {
  return { ...emptyConversation(`topic:${hexOf(`topic ${title}`)}`, title, atMs), kind: 'topic' }
}

function emptyConversation(id: string, title: string, lastAtMs: number): Conversation {
  return {
    id,
    kind: 'contact',
    title,
    lastLine: '',
    lastFromSelf: false,
    lastState: null,
    lastAtMs,
    unread: 0,
    draft: '',
    contact: null,
  }
}

/** [minutes ago, author ('' is oneself), text, state, reason]. */
export type Line = [number, string, string, MessageState?, string?]

export function messagesOf(conversation: Conversation, lines: readonly Line[], nowMs: number): Message[] {
  return lines.map(([minutesAgo, author, text, state, stateReason = ''], index) => ({
    id: hexOf(`${conversation.id} ${index}`, 32),
    conversationId: conversation.id,
    position: index + 1,
    fromSelf: author === '',
    authorId: author === '' ? '' : hexOf(author),
    authorName: author,
    text,
    sentAtMs: Math.max(0, nowMs - minutesAgo * MINUTE_MS),
    state: state ?? (author === '' ? 'read' : 'received'),
    stateReason,
  }))
}

export const MIRA: Line[] = [
  [
    3 * 1440 + 40,
    'Mira Sato',
    'I walked past the old botanical garden today. They have opened the glasshouse again!',
  ],
  [
    3 * 1440 + 39,
    'Mira Sato',
    'Photos and opening hours: https://example.org/glasshouse?season=winter (closed on Mondays).',
  ],
  [3 * 1440 + 12, '', 'Oh, finally. I have wanted to see the banyan there since I was a child.'],
  [1440 + 95, '', 'Saturday at eleven?'],
  [1440 + 90, 'Mira Sato', 'Saturday is good. Shall we ask Jonas too?'],
  [
    1440 + 88,
    '',
    'I wrote to him, but he is on the train until tomorrow. It will reach him when he is back.',
  ],
  [64, 'Mira Sato', 'Good morning 🌿'],
  [
    63,
    'Mira Sato',
    'I found out why it looks like a small forest: each branch sends roots down, they reach the ground, become trunks, and carry the next branch. One tree, hundreds of trunks, and you can take any one of them away.',
  ],
  [40, '', 'So that is what this program is named after.'],
  [39, '', 'Shall I bring the thermos?'],
  [8, 'Mira Sato', 'Please do! And the good biscuits.'],
  [6, '', 'Deal.', 'read'],
  [2, '', 'I will be at the east gate a little before eleven.', 'delivered'],
]

export const JONAS: Line[] = [
  [2 * 1440, 'Jonas Weber', 'Off to the mountains. No reception up there, so do not wait for me.'],
  [
    1440 + 87,
    '',
    'Mira and I go to the glasshouse on Saturday. Will you come?',
    'queued',
    'Waits for Jonas Weber to come online',
  ],
  [1440 + 86, '', 'You can bring Ida as well.', 'queued', 'Waits for Jonas Weber to come online'],
]

export const GARDENING: Line[] = [
  [310, 'Tomás', 'Has anyone grown okra on a balcony? Mine sulk.'],
  [305, 'priya.k', 'They want heat. Put a dark stone behind the pot, it gives the warmth back at night.'],
  [304, 'priya.k', 'And never let the water stand.'],
  [240, '', 'Thank you, trying that with the chillies.', 'published'],
  [55, 'Old Oak', 'Seed swap in two weeks. I bring beans: https://example.org/swap'],
  [30, 'Tomás', 'Count me in'],
  [29, 'Tomás', 'I have far too many tomatoes again.'],
]

function figuresOf(index: number, tick: number): Health['sessions'][number]['figures'] {
  return {
    law: 'bbr',
    rttVariationMs: 0.3 + 4 * index,
    leastRttMs: [0.4, 22.9, 58, 110.2][index] ?? 0,
    windowBytes: 14_720 * (index + 1),
    bytesInFlight: 1_200 * index,
    pacingBytesPerSecond: index === 3 ? null : 1_310_000,
    packetBytes: index === 0 ? 65_507 : 1_472,
    sentPackets: 2_410 + tick,
    receivedPackets: 3_116 + tick,
    lostPackets: [0, 1, 31, 402][index] ?? 0,
    resentPackets: [0, 1, 29, 377][index] ?? 0,
    resentBytes: [0, 912, 31_204, 402_110][index] ?? 0,
  }
}

export function healthOf(tick: number): Health {
  const wave = (phase: number): number => 0.5 + 0.5 * Math.sin(tick / 5 + phase)
  return {
    network: { kind: 'online', peers: 5, words: 'Connected to 5 computers' },
    networkName: 'main',
    nodeId: hexOf('node'),
    addresses: ['127.0.0.1:47110', '[::1]:47110'],
    bootstrapEntry: `127.0.0.1:47110#${hexOf('node key')}`,
    sessions: ['Mira Sato', '', '', '', ''].map((contactName, index) => ({
      nodeId: hexOf(`peer ${index}`),
      contactName,
      address: `127.0.0.1:${47120 + index}`,
      rttMs: [0.8, 24.2, 61, 118.6, 3.4][index] ?? 0,
      sentBytes: 48_211 * (index + 1) + tick * 90,
      receivedBytes: 1_204_511 / (index + 1) + tick * 120,
      figures: index === 4 ? null : figuresOf(index, tick),
    })),
    leafSetSize: 16,
    tableSize: 41,
    replicas: { count: 212, bytes: 1_340_000, quotaBytes: 256e6 },
    topics: [
      {
        ...{ id: 'a1', name: 'gardening', isMember: true, isRoot: false, hasParent: true },
        ...{ children: 6, members: 1237, depth: 2, height: 1, shortcuts: 3 },
      },
      {
        ...{ id: 'b2', name: 'chess', isMember: true, isRoot: true, hasParent: false },
        ...{ children: 0, members: 1, depth: 0, height: 0, shortcuts: 0 },
      },
    ],
    traffic: {
      sentPackets: 18_204 + tick,
      sentBytes: 4_120_000 + tick * 700,
      receivedPackets: 20_117 + tick,
      receivedBytes: 6_003_000 + tick * 900,
    },
    rate: {
      sentBytesPerSecond: Math.round(120 + 900 * wave(0)),
      receivedBytesPerSecond: Math.round(180 + 1400 * wave(1.4)),
      packetsPerSecond: 1.4 + wave(0.5),
    },
    help: {
      wantsToHelp: true,
      isHelping: true,
      circuits: 11,
      maxCircuits: 64,
      waiting: 37,
      bytesThisMonth: 8_420_000_000,
      maxBytesPerMonth: 50e9,
      peopleThisMonth: 214,
      refused: { 'peer-limit': 2, 'too-fast': 19 },
      helpedBy: 0,
    },
    dropped: { malformed: 3, replayed: 12, 'wrong network': 0 },
    uptimeMs: 3 * HOUR_MS + tick * 1000,
    reach: {
      ipv4: {
        kind: 'hard',
        isMeasuring: false,
        findings: {
          outside: '203.0.113.77:50222',
          isTranslated: true,
          mapping: 'address-and-port-dependent',
          filtering: 'address-and-port-dependent',
          ports: 'random',
          portStep: 0,
          sightings: [
            { observer: '198.51.100.4:47110', address: '203.0.113.77:50222' },
            { observer: '192.0.2.61:40004', address: '203.0.113.77:31907' },
            { observer: '198.51.100.200:4100', address: '203.0.113.77:61004' },
          ],
          otherPort: '203.0.113.77:12880',
          strangers: { asked: 3, arrived: 0 },
          otherPorts: { asked: 3, arrived: 0 },
          isCalledByStrangers: false,
          freshPorts: [9_120, 55_001, 31_310, 18_746],
          ageMs: 12 * 60_000 + tick * 1000,
        },
      },
      ipv6: { kind: 'unknown', isMeasuring: false, findings: null },
      keepAliveMs: 49_500,
    },
    joinProblem: '',
    router: 'Open by NAT-PMP: 198.51.100.7:4700',
    secondPort: '',
  }
}
