// The same node without a window, for a server or a volunteer's spare computer: bare, or with the interface served to a
// browser on this machine. One line to the terminal for whatever happens; SIGTERM and SIGINT stop it cleanly.

import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type ComposeOptions, type Running } from './compose.ts'
import { errorDescriber } from './describe-error.ts'
import { lineLog } from './host/line-log.ts'
import { type Options, USAGE, parseOptions } from './options.ts'
import { BanyanError } from './overlay/base/errors.ts'
import { usualProfileFolder } from './profile-folder.ts'
import { watchDefects } from './watch-defects.ts'

const STOP_LIMIT_MS = 5_000

const OUT = path.join(import.meta.dirname, '..')
const say = (line: string) => console.log(line)
const log = lineLog(say)

async function start(options: Options): Promise<Running> {
  const profilePath = path.resolve(options.data ?? usualProfileFolder(process.platform, process.env))
  mkdirSync(profilePath, { recursive: true, mode: 0o700 })
  const parts: ComposeOptions = { options, profilePath, log }
  const passphrase = readPassphrase(options.passphraseFile)
  if (options.web === undefined) return (await import('./bare-node.ts')).startBareNode(parts, passphrase, say)
  return startWeb(parts, options.web, passphrase)
}

async function startWeb(
  parts: ComposeOptions,
  port: number,
  passphrase: string | undefined,
): Promise<Running> {
  const { startWebApp } = await import('./web/web-app.ts')
  const { profilePath } = parts
  const { version } = JSON.parse(readFileSync(path.join(OUT, '..', 'package.json'), 'utf8')) as {
    version: string
  }
  const page = path.join(OUT, 'renderer')
  return startWebApp({
    ...{ profilePath, version, port, page, log, say, passphrase },
    async loadChat(surface) {
      const { composeChat } = await import('./compose.ts')
      return composeChat({ ...parts, version, ...surface })
    },
  })
}

/** The first line, as editors end files with a line break. Errors: not-found. */
function readPassphrase(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0]
  } catch (cause) {
    throw new BanyanError('not-found', `the passphrase file ${file} cannot be read`, { cause })
  }
}

/** The first signal stops, with a time limit; a second one does not wait. */
function stopOnSignal(running: Promise<Running>): void {
  let isStopping = false
  const stop = async (signal: string) => {
    if (isStopping) process.exit(1)
    isStopping = true
    say(`${signal}: stopping`)
    setTimeout(() => process.exit(0), STOP_LIMIT_MS).unref()
    await (await running).stop().catch(fail)
    say('stopped')
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop('SIGTERM'))
  process.on('SIGINT', () => void stop('SIGINT'))
}

function fail(error: unknown): never {
  console.error(`banyan: ${errorDescriber(log)(error).message}`)
  process.exit(1)
}

const parsed = parseOptions(process.argv.slice(2), 'headless')
if (parsed.kind === 'help') say(USAGE)
else if (parsed.kind === 'problem') {
  console.error(`banyan: ${parsed.words}\n\n${USAGE}`)
  process.exitCode = 1
} else {
  watchDefects(log)
  const running = start(parsed.options)
  running.catch(fail)
  stopOnSignal(running)
}
