// What a node says to its operator. Never message texts, keys or phrases.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  log(level: LogLevel, room: string, message: string, facts?: Record<string, string | number | boolean>): void
}
