// Errors on their way to a window: a stable code and words. A defect of ours is logged with its stack and told without it.

import { BanyanError } from './overlay/base/errors.ts'
import { type Log } from './overlay/ports/log.ts'
import { type DescribeError } from '../preload/dispatch.ts'

export function errorDescriber(log: Log): DescribeError {
  return (error) => {
    if (error instanceof BanyanError) return { code: error.code, message: error.message }
    log.log('error', 'bridge', error instanceof Error ? (error.stack ?? error.message) : String(error))
    return { code: 'internal', message: 'Something went wrong inside Banyan. The log says more.' }
  }
}
