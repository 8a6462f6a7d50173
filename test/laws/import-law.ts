// Which way imports point (DESIGN §1), as a pure rule: a file and what it imports in, a reason out where it may not.

/** Protocol folders of the overlay: none looks inside another; what they need of each other, node.ts wires. */
export const PROTOCOLS = ['contact', 'routing', 'unicast', 'topic', 'mesh', 'dht', 'reach', 'relay']

interface Room {
  /** What a file's path begins with. */
  is: string
  /** What it may import, as beginnings of paths; a package by its name. */
  may: string[]
  because: string
}

const BASE = ['main/overlay/base/', 'main/overlay/ports/']
const WIRE = [...BASE, 'main/overlay/wire/', 'main/overlay/network.ts', 'main/overlay/identity.ts']
const PROTOCOL = [...WIRE, 'main/overlay/transport/', 'main/overlay/api.ts']
const CONTRACT = ['preload/contract.ts', 'preload/dispatch.ts']
/** The few files beside the roots that desktop and web share. */
const SHARED = [
  'main/front-door.ts',
  'main/describe-error.ts',
  'main/content-policy.ts',
  'main/page-files.ts',
  'main/options.ts',
]

/** The first room that fits decides. */
const ROOMS: Room[] = [
  {
    is: 'main/overlay/base/',
    may: [...BASE, 'main/overlay/network.ts'],
    because: 'base is the ground: it knows ports and nothing above them',
  },
  { is: 'main/overlay/ports/', may: WIRE, because: 'ports are interfaces only' },
  { is: 'main/overlay/network.ts', may: BASE, because: 'a network is known by its id alone' },
  { is: 'main/overlay/identity.ts', may: WIRE, because: 'an identity is keys and their certificate' },
  {
    is: 'main/overlay/wire/',
    may: [...WIRE, 'main/overlay/api.ts'],
    because: 'wire holds layouts and limits, no behaviour',
  },
  {
    is: 'main/overlay/transport/',
    may: [...WIRE, 'main/overlay/transport/'],
    because: 'transport carries bytes and knows no protocol above it',
  },
  ...PROTOCOLS.map((name) => ({
    is: `main/overlay/${name}/`,
    may: [...PROTOCOL, `main/overlay/${name}/`],
    because: 'a protocol folder looks into no other: what it needs of one is an interface that node.ts wires',
  })),
  {
    is: 'main/overlay/',
    may: ['main/overlay/'],
    because: 'the overlay stands alone: chat and host build on it',
  },
  {
    is: 'main/chat/',
    may: [
      'main/chat/',
      ...WIRE,
      'main/overlay/api.ts',
      'main/overlay/transport/links.ts',
      ...CONTRACT,
      'valibot',
      '@scure/bip39',
    ],
    because: 'the chat sees the overlay by its api and the world by its ports',
  },
  {
    is: 'main/host/',
    may: [
      'main/host/',
      'main/chat/ports/',
      ...WIRE,
      'main/overlay/transport/links.ts',
      'node:',
      'sodium-native',
      'noise-handshake',
      'classic-level',
      'level',
      'keytar',
      '@signalapp/libsignal-client',
      'dgram-as-promised',
      'nat-pmp',
      '@silentbot1/nat-api',
      'multicast-dns',
    ],
    because: 'host fills in ports and decides nothing',
  },
  {
    is: 'main/desktop/',
    may: [
      'main/desktop/',
      ...SHARED,
      'main/chat/chat.ts',
      'main/chat/ports/shell.ts',
      ...BASE,
      ...CONTRACT,
      'preload/channels.ts',
      'electron',
      'node:',
    ],
    because: 'the desktop surrounds the chat and reaches past it to nothing',
  },
  {
    is: 'main/web/',
    may: [
      'main/web/',
      ...SHARED,
      'main/chat/chat.ts',
      'main/chat/ports/shell.ts',
      ...BASE,
      ...CONTRACT,
      'ws',
      'node:',
    ],
    because: 'the web server surrounds the chat and reaches past it to nothing',
  },
  {
    is: 'main/',
    may: ['main/', ...CONTRACT, 'electron', 'node:'],
    because: 'a composition root joins our own parts',
  },
  {
    is: 'preload/preload.ts',
    may: ['preload/', 'electron'],
    because: 'a sandboxed preload script has Electron and nothing else',
  },
  {
    is: 'preload/',
    may: ['preload/', 'valibot'],
    because: 'the bridge is shared with the page: no Node, no Electron',
  },
  {
    is: 'renderer/',
    may: ['renderer/', ...CONTRACT, 'svelte', 'qrcode-generator', '@scure/bip39/wordlists', 'resources/'],
    because: 'the page knows the contract of the bridge and nothing else of ours',
  },
  {
    is: 'simulator/',
    may: ['simulator/', 'main/overlay/', 'main/host/crypto.ts', 'node:'],
    because: 'the simulator runs the real overlay and nothing of the chat',
  },
]

/** Why a file may not import that; undefined where it may. */
export function whyForbidden(file: string, imported: string): string | undefined {
  const room = ROOMS.find(({ is }) => file.startsWith(is))
  if (!room || room.may.some((allowed) => isWithin(imported, allowed))) return undefined
  return `${file} imports ${imported}, but ${room.because}`
}

/** Inside the ui: primitives <- features <- views. */
export function whyUpward(file: string, imported: string): string | undefined {
  const layers = ['renderer/ui/', 'renderer/features/', 'renderer/views/']
  const own = layers.findIndex((layer) => file.startsWith(layer))
  const other = layers.findIndex((layer) => imported.startsWith(layer))
  if (own < 0 || other <= own) return undefined
  return `${file} imports ${imported}, but ${layers[own]} is below ${layers[other]}`
}

function isWithin(imported: string, allowed: string): boolean {
  if (allowed.endsWith('/') || allowed.endsWith(':')) return imported.startsWith(allowed)
  return imported === allowed || imported.startsWith(`${allowed}/`)
}
