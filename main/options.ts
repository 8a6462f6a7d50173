// What can be said on the command line, for the app and for the node without a window. Pure: text in, options or a
// problem in words out.

import { type Bytes, fromBase64Url } from './overlay/base/bytes.ts'
import { formatHost, parseHost } from './overlay/base/ip.ts'
import { DEFAULT_REPLICA_BYTES } from './overlay/api.ts'
import { DEFAULT_HELP, type HelpSettings } from './overlay/ports/relays.ts'
import { type Address } from './overlay/ports/datagram-socket.ts'
import { type DialTarget } from './overlay/transport/links.ts'

export interface NetworkChoice {
  name: string
  puzzleBits: number
}

export interface Options {
  /** The profile folder; undefined for the usual place. */
  data: string | undefined
  /** The UDP port; undefined for the one of last time, else any. Given, it must be free. */
  port: number | undefined
  host: string
  bootstrap: DialTarget[]
  /** Undefined for the main network. */
  network: NetworkChoice | undefined
  secrets: 'keychain' | 'file' | undefined
  /** Start in the tray, without opening the window: how autostart calls. */
  hidden: boolean
  /** The TCP port of the browser interface, 0 for any; undefined for none. */
  web: number | undefined
  passphraseFile: string | undefined
  /** Where to serve figures to a Prometheus server; port 0 for any. */
  metrics: Address | undefined
  /** A folder for a trace of each session; undefined for none. */
  qlog: string | undefined
  /** What a bare node gives to people who cannot reach each other; with an interface, the settings say it. */
  help: HelpSettings
  /** The space for records of others; with a window or --web, Settings say it. */
  replicaBytes: number
  /** Whether to ask the router for a port; undefined for what the settings say. */
  portMapping: boolean | undefined
  /** Whether to announce the node on the local network and to look there; undefined for what the settings say. */
  lan: boolean | undefined
  /** A banyan: link that was opened. */
  link: string | undefined
}

export type Parsed =
  { kind: 'options'; options: Options } | { kind: 'problem'; words: string } | { kind: 'help' }

export const USAGE = `npm run node -- [options]
  --data DIR               the profile folder
  --port N                 the UDP port (default: the one of last time, else any)
  --host ADDRESS           the address to bind (default: all)
  --bootstrap HOST:PORT#KEY  a node to join through; may be repeated
  --web PORT               serve the interface to a browser on 127.0.0.1 (0: any free port)
  --passphrase-file FILE   the first line of FILE opens the secrets of the profile
  --secrets keychain|file  where new secrets go (default: the keychain, where there is one)
  --metrics [HOST:]PORT    serve figures to a Prometheus server (default host: 127.0.0.1)
  --qlog DIR               write a qlog trace of each session to DIR
  --help-others            relay for people who cannot reach each other (without --web: there, Settings say it)
  --relay-rate N           at most N bytes per second for all of them (default ${DEFAULT_HELP.bytesPerSecond})
  --relay-month N          at most N bytes per calendar month (default ${DEFAULT_HELP.bytesPerMonth})
  --relay-circuits N       at most N pairs at once (default ${DEFAULT_HELP.circuits})
  --replica-space N        at most N bytes for records of others (default ${DEFAULT_REPLICA_BYTES})
  --port-mapping on|off    ask the router to open the port (default: on, or as the settings say)
  --lan on|off             find nodes on the local network (default: on, or as the settings say)
  --network NAME:BITS      another network than the main one, and its puzzle`

const KEY_BYTES = 32
const MAX_PUZZLE_BITS = 24 // a minute of searching on a fast computer
const MAX_LINK_CHARACTERS = 4096

type Take = (options: Options, value: string) => string | undefined

/** Each takes its value, or says what is wrong with it. */
const VALUES: Record<string, Take> = {
  '--data': (options, value) => {
    if (value === '') return 'needs a folder'
    options.data = value
  },
  '--port': (options, value) => {
    const port = parsePort(value)
    if (port === undefined) return `${value} is no port (1 to 65535)`
    options.port = port
  },
  '--host': (options, value) => {
    if (!parseHost(value)) return `${value} is no numeric IP address`
    options.host = value
  },
  '--bootstrap': (options, value) => {
    const target = parseBootstrap(value)
    if (!target) return `${value} is not of the form HOST:PORT#KEY`
    options.bootstrap.push(target)
  },
  '--network': (options, value) => {
    const match = /^([a-z0-9-]{1,32}):(\d{1,2})$/.exec(value)
    if (!match || Number(match[2]) > MAX_PUZZLE_BITS) return `${value} is not of the form NAME:BITS`
    options.network = { name: match[1]!, puzzleBits: Number(match[2]) }
  },
  '--secrets': (options, value) => {
    if (value !== 'keychain' && value !== 'file') return `${value} is neither keychain nor file`
    options.secrets = value
  },
  '--web': (options, value) => {
    const port = value === '0' ? 0 : parsePort(value)
    if (port === undefined) return `${value} is no port (0 to 65535)`
    options.web = port
  },
  '--metrics': (options, value) => {
    const address = parseMetrics(value)
    if (!address) return `${value} is not of the form PORT or HOST:PORT`
    options.metrics = address
  },
  '--qlog': (options, value) => {
    if (value === '') return 'needs a folder'
    options.qlog = value
  },
  '--relay-rate': (options, value) => takeLimit(options, 'bytesPerSecond', value),
  '--relay-month': (options, value) => takeLimit(options, 'bytesPerMonth', value),
  '--relay-circuits': (options, value) => takeLimit(options, 'circuits', value),
  '--replica-space': (options, value) => {
    const bytes = wholeNumber(value)
    if (bytes === undefined) return `${value} is no whole number above 0`
    options.replicaBytes = bytes
  },
  '--port-mapping': (options, value) => {
    if (!isSwitch(value)) return `${value} is neither on nor off`
    options.portMapping = value === 'on'
  },
  '--lan': (options, value) => {
    if (!isSwitch(value)) return `${value} is neither on nor off`
    options.lan = value === 'on'
  },
  '--passphrase-file': (options, value) => {
    if (value === '') return 'needs a file'
    options.passphraseFile = value
  },
}

const DESKTOP_ONLY = new Set(['--hidden'])
const HEADLESS_ONLY = new Set([
  '--web',
  '--passphrase-file',
  '--metrics',
  '--relay-rate',
  '--relay-month',
  '--relay-circuits',
  '--replica-space',
])

/**
 * Reads the arguments after the program's own name. Electron and Chromium have switches of their own in the same line,
 * so the app passes over what it does not know; the node without a window refuses it, as a typing error.
 */
export function parseOptions(args: readonly string[], surface: 'desktop' | 'headless'): Parsed {
  const options = defaults()
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') continue
    const { name, inline } = split(arg)
    if (surface === 'headless' && (name === '--help' || name === '-h')) return { kind: 'help' }
    if (isLink(arg)) options.link = arg
    else if (name === '--hidden' && surface === 'desktop') options.hidden = true
    else if (name === '--help-others' && surface === 'headless')
      options.help = { ...options.help, helpOthers: true }
    else if (isKnown(name, surface)) {
      const value = inline ?? rest.shift()
      if (value === undefined) return { kind: 'problem', words: `${name} needs a value` }
      const wrong = VALUES[name]!(options, value)
      if (wrong) return { kind: 'problem', words: `${name}: ${wrong}` }
    } else if (surface === 'headless') return { kind: 'problem', words: `unknown option ${arg}` }
  }
  return { kind: 'options', options }
}

function takeLimit(options: Options, limit: keyof typeof DEFAULT_HELP, value: string): string | undefined {
  const number = wholeNumber(value)
  if (number === undefined) return `${value} is no whole number above 0`
  options.help = { ...options.help, [limit]: number }
  return undefined
}

/** Above 0. */
function wholeNumber(value: string): number | undefined {
  return /^\d{1,15}$/.test(value) && Number(value) > 0 ? Number(value) : undefined
}

/** HOST:PORT#KEY with the node's public Noise key in base64url; an IPv6 host stands in brackets. */
export function parseBootstrap(text: string): DialTarget | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})#([A-Za-z0-9_-]{43})$/.exec(text.trim())
  if (!match) return undefined
  const host = parseHost(match[1] ?? match[2]!)
  const port = parsePort(match[3]!)
  const noiseKey = fromBase64Url(match[4]!)
  if (!host || port === undefined || noiseKey?.length !== KEY_BYTES) return undefined
  return { noiseKey: noiseKey as Bytes, addresses: [{ host: formatHost(host), port }] }
}

export function isLink(text: string): boolean {
  return /^banyan:/i.test(text) && text.length <= MAX_LINK_CHARACTERS
}

function defaults(): Options {
  return {
    data: undefined,
    port: undefined,
    host: '0.0.0.0',
    bootstrap: [],
    network: undefined,
    secrets: undefined,
    hidden: false,
    web: undefined,
    passphraseFile: undefined,
    metrics: undefined,
    qlog: undefined,
    help: { helpOthers: false, ...DEFAULT_HELP },
    replicaBytes: DEFAULT_REPLICA_BYTES,
    portMapping: undefined,
    lan: undefined,
    link: undefined,
  }
}

/** `--name=value` and `--name value` are the same. */
function split(arg: string): { name: string; inline: string | undefined } {
  const at = arg.startsWith('--') ? arg.indexOf('=') : -1
  return at < 0 ? { name: arg, inline: undefined } : { name: arg.slice(0, at), inline: arg.slice(at + 1) }
}

function isKnown(name: string, surface: 'desktop' | 'headless'): boolean {
  if (!Object.hasOwn(VALUES, name)) return false
  return surface === 'headless' ? !DESKTOP_ONLY.has(name) : !HEADLESS_ONLY.has(name)
}

/** An IPv6 host stands in brackets. */
function parseMetrics(text: string): Address | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):)?(\d{1,5})$/.exec(text)
  if (!match) return undefined
  const host = match[1] ?? match[2] ?? '127.0.0.1'
  const port = match[3] === '0' ? 0 : parsePort(match[3]!)
  return parseHost(host) && port !== undefined ? { host, port } : undefined
}

function isSwitch(value: string): boolean {
  return value === 'on' || value === 'off'
}

function parsePort(text: string): number | undefined {
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65535 ? port : undefined
}
