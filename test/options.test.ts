import { describe, expect, it } from 'vitest'
import { toBase64Url } from '../main/overlay/base/bytes.ts'
import { DEFAULT_HELP } from '../main/overlay/ports/relays.ts'
import { bootstrapEntry } from '../main/bootstrap-entry.ts'
import { type Options, parseBootstrap, parseOptions } from '../main/options.ts'

const KEY = toBase64Url(new Uint8Array(32).fill(7))

function optionsOf(args: string[], surface: 'desktop' | 'headless' = 'headless'): Options {
  const parsed = parseOptions(args, surface)
  if (parsed.kind !== 'options') throw new Error(`not understood: ${JSON.stringify(parsed)}`)
  return parsed.options
}

describe('the command line', () => {
  it.each<[string, string[], Partial<Options>]>([
    ['nothing', [], { port: undefined, host: '0.0.0.0', bootstrap: [], web: undefined }],
    ['a profile', ['--data', '/p q'], { data: '/p q' }],
    ['a value after =', ['--data=/p=q'], { data: '/p=q' }],
    ['a port', ['--port', '4711'], { port: 4711 }],
    ['an IPv4 host', ['--host', '127.0.0.1'], { host: '127.0.0.1' }],
    ['an IPv6 host', ['--host', '::1'], { host: '::1' }],
    ['any free port for the browser', ['--web', '0'], { web: 0 }],
    ['an easier network', ['--network', 'test:4'], { network: { name: 'test', puzzleBits: 4 } }],
    ['secrets in a file', ['--secrets', 'file'], { secrets: 'file' }],
    ['a passphrase file', ['--passphrase-file', 'p'], { passphraseFile: 'p' }],
    [
      'help for others, within limits',
      ['--help-others', '--relay-rate', '9000', '--relay-month=8000', '--relay-circuits', '7'],
      { help: { helpOthers: true, bytesPerSecond: 9000, bytesPerMonth: 8000, circuits: 7 } },
    ],
    ['space for records', ['--replica-space', '5000000'], { replicaBytes: 5_000_000 }],
    ['no help for others', [], { help: { helpOthers: false, ...DEFAULT_HELP } }],
    ['no port on the router', ['--port-mapping', 'off'], { portMapping: false, lan: undefined }],
    ['a silent local network', ['--lan=off'], { lan: false, portMapping: undefined }],
    ['figures on a port', ['--metrics', '9464'], { metrics: { host: '127.0.0.1', port: 9464 } }],
    ['figures elsewhere', ['--metrics', '[::]:0'], { metrics: { host: '::', port: 0 } }],
    ['a folder for traces', ['--qlog', 'q'], { qlog: 'q' }],
  ])('takes %s', (_what, args, expected) => {
    expect(optionsOf(args)).toMatchObject(expected)
  })

  it('collects every bootstrap entry', () => {
    const { bootstrap } = optionsOf(['--bootstrap', `127.0.0.1:1#${KEY}`, '--bootstrap', `[::1]:2#${KEY}`])
    expect(bootstrap.map((target) => target.addresses[0])).toEqual([
      { host: '127.0.0.1', port: 1 },
      { host: '::1', port: 2 },
    ])
  })

  it.each([
    [['--port', '0'], '--port: 0 is no port'],
    [['--port', '65536'], 'no port'],
    [['--port', '12ab'], 'no port'],
    [['--port'], '--port needs a value'],
    [['--web', '-1'], 'no port'],
    [['--host', 'localhost'], 'no numeric IP address'],
    [['--bootstrap', 'example.org:1#abc'], 'HOST:PORT#KEY'],
    [['--network', 'test:99'], 'NAME:BITS'],
    [['--secrets', 'nowhere'], 'neither keychain nor file'],
    [['--relay-rate', '1.5'], 'no whole number'],
    [['--relay-circuits', '0'], 'no whole number'],
    [['--data', ''], 'needs a folder'],
    [['--metrics', 'here:1'], 'not of the form'],
    [['--metrics', '127.0.0.1:99999'], 'not of the form'],
    [['--lan', 'maybe'], 'neither on nor off'],
    [['--port-mapping', '1'], 'neither on nor off'],
    [['--prot', '1'], 'unknown option --prot'],
    [['--hidden'], 'unknown option --hidden'],
  ])('says what is wrong with %j', (args, words) => {
    expect(parseOptions(args, 'headless')).toMatchObject({
      kind: 'problem',
      words: expect.stringContaining(words),
    })
  })

  it('passes over the switches of Electron and Chromium', () => {
    const args = [
      '--no-sandbox',
      '--inspect=0',
      '/app',
      '--remote-debugging-port=0',
      '--data',
      'p',
      '--web',
      '--hidden',
    ]
    expect(optionsOf(args, 'desktop')).toMatchObject({ data: 'p', hidden: true, web: undefined })
  })

  it('finds the link that was opened, wherever it stands', () => {
    expect(optionsOf(['--', 'banyan:abc'], 'desktop').link).toBe('banyan:abc')
    expect(optionsOf(['--data', 'p', 'banyan:abc'], 'desktop').link).toBe('banyan:abc')
    expect(optionsOf(['https://example.org/banyan:abc'], 'desktop').link).toBeUndefined()
    expect(optionsOf([`banyan:${'a'.repeat(5000)}`], 'desktop').link).toBeUndefined()
  })
})

describe('a bootstrap entry', () => {
  it.each([
    { host: '192.0.2.1', port: 4711 },
    { host: '2001:db8::1', port: 1 },
  ])('reads back as it was written: %j', (address) => {
    const noiseKey = new Uint8Array(32).fill(9)
    expect(parseBootstrap(bootstrapEntry(address, noiseKey))).toEqual({ noiseKey, addresses: [address] })
  })

  it.each([
    ['no key', '127.0.0.1:1'],
    ['a short key', '127.0.0.1:1#AAAA'],
    ['a key that is not canonical', `127.0.0.1:1#${KEY.slice(0, -1)}B`],
    ['a host name', `host:1#${KEY}`],
    ['IPv6 without brackets', `::1:1#${KEY}`],
    ['port zero', `127.0.0.1:0#${KEY}`],
    ['an address out of range', `127.0.0.256:1#${KEY}`],
  ])('is refused with %s', (_what, text) => {
    expect(parseBootstrap(text)).toBeUndefined()
  })
})
