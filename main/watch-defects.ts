// The last net under the process. A promise that nobody caught is a defect of ours, but one message or one request of
// it, and no reason to take everybody's node away: it is logged with its stack, and the node goes on. An exception that
// nobody caught may have left anything half done: it is logged too, and ends the process as it would have anyway.

import { type EventEmitter } from 'node:events'
import { type Log } from './overlay/ports/log.ts'

export function watchDefects(log: Log, of: EventEmitter = process): void {
  of.on('unhandledRejection', (reason: unknown) =>
    log.log('error', 'process', `nobody caught ${words(reason)}`),
  )
  of.on('uncaughtExceptionMonitor', (error: unknown) =>
    log.log('error', 'process', `ends of ${words(error)}`),
  )
}

function words(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)
}
