// The Log port as lines for a person: "18:03:05 info overlay: joined peers=3". Debug lines only where asked for.

import { appendFileSync, statSync, truncateSync } from 'node:fs'
import { type Log, type LogLevel } from '../overlay/ports/log.ts'

const RANKS: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }
/** Some weeks of an ordinary day's lines. */
const MAX_FILE_BYTES = 1024 * 1024

export function lineLog(write: (line: string) => void, least: LogLevel = 'info'): Log {
  return {
    log(level, room, message, facts = {}) {
      if (RANKS[level] < RANKS[least]) return
      const time = new Date().toTimeString().slice(0, 8)
      const tail = Object.entries(facts).map(([name, value]) => ` ${name}=${value}`)
      write(`${time} ${level} ${room}: ${printable(message + tail.join(''))}`)
    },
  }
}

/** Appends to a file that begins anew at a start where it has grown large. */
export function fileWriter(file: string): (line: string) => void {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) truncateSync(file)
  } catch {
    // there is none yet
  }
  return (line) => {
    try {
      appendFileSync(file, `${line}\n`, { mode: 0o600 })
    } catch {
      // a disk that refuses the log refuses the messages too, and there the person is told
    }
  }
}

/** What a stranger's bytes put into a message must not command the terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?')
}
