import { type Log } from '../main/overlay/ports/log.ts'

const MAX_KEPT = 20

/** What the nodes of a world log as errors: there should be none. */
export class KeptErrors implements Log {
  readonly errors: string[] = []

  log(level: Parameters<Log['log']>[0], room: string, message: string): void {
    if (level === 'error' && this.errors.length < MAX_KEPT) this.errors.push(`${room}: ${message}`)
  }
}
