// One qlog file per session in a folder, written as it happens. It is for looking at the transport, so it must not harm
// what it looks at: files have a limit, and a disk that refuses one ends its trace and nothing else.

import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { BanyanError } from './overlay/base/errors.ts'
import { type Log } from './overlay/ports/log.ts'
import { connectionIdText, qlogTrace } from './overlay/transport/qlog.ts'
import { type SessionTrace, type TracedSession, type Tracer } from './overlay/transport/session-trace.ts'

/** Some 200,000 packets with their acks: more than a diagram can show. */
const MAX_FILE_BYTES = 64 * 1024 * 1024
const PEER_CHARACTERS = 8

/** Errors: not-found, for a folder that is not there and cannot be made. */
export async function qlogFolder(folder: string, log: Log): Promise<Tracer> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    throw new BanyanError('not-found', `the folder ${folder} for traces cannot be made`, { cause })
  }
  return (session) => fileTrace(path.join(folder, fileName(session)), session, log)
}

function fileTrace(file: string, session: TracedSession, log: Log): SessionTrace {
  const stream = createWriteStream(file, { mode: 0o600 })
  let isOpen = true
  let bytes = 0
  const end = (): void => {
    isOpen = false
    stream.end()
  }
  stream.on('error', (error) => {
    isOpen = false
    log.log('warn', 'qlog', 'a trace ends, for its file cannot be written', { file, error: error.message })
  })
  const trace = qlogTrace(session, (record) => {
    if (!isOpen) return
    bytes += record.length
    stream.write(record)
    if (bytes >= MAX_FILE_BYTES) end()
  })
  return {
    ...trace,
    closed(reason, nowMs) {
      trace.closed(reason, nowMs)
      if (isOpen) end()
    },
  }
}

/** Sorts by time; the connection id tells two sessions of one moment apart. */
function fileName({ startWallMs, peer, ownConnectionId }: TracedSession): string {
  const time = new Date(startWallMs).toISOString().replaceAll(':', '')
  return `${time}-${peer.slice(0, PEER_CHARACTERS)}-${connectionIdText(ownConnectionId)}.sqlog`
}
