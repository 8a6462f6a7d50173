import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { watchDefects } from '../main/watch-defects.ts'

it('logs what nobody caught, with where it came from', () => {
  const lines: string[] = []
  const process = new EventEmitter()
  watchDefects({ log: (level, room, message) => void lines.push(`${level} ${room} ${message}`) }, process)
  process.emit('unhandledRejection', new Error('lost'))
  process.emit('unhandledRejection', 'a bare word')
  process.emit('uncaughtExceptionMonitor', new TypeError('worse'))
  expect(lines[0]).toMatch(/^error process nobody caught Error: lost\n.*watch-defects\.test/s)
  expect(lines[1]).toBe('error process nobody caught a bare word')
  expect(lines[2]).toContain('TypeError: worse')
})
