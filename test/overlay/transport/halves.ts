// The two halves of a stream on their own, without a session around them.

import {
  FragmentBudget,
  type ReceiveOwner,
  ReceiveStream,
} from '../../../main/overlay/transport/receive-stream.ts'
import { ReceiveWindow } from '../../../main/overlay/transport/receive-window.ts'
import { SendAccount } from '../../../main/overlay/transport/send-account.ts'
import { SendStream } from '../../../main/overlay/transport/send-stream.ts'

const still = { nowMs: () => 0, rttMs: () => 0 }

export function sendStream(limitBytes: number, account = new SendAccount(Infinity)): SendStream {
  const owner = { ready: () => {}, progressed: () => {} }
  return new SendStream(4, limitBytes, account, owner, true)
}

export interface Reading {
  stream: ReceiveStream
  budget: FragmentBudget
  bytes: number[]
  ends: number
  consumed: number
  /** Changes of the limit that the peer should hear. */
  limits: number
}

export function receiveStream(windowBytes: number, owner: Partial<ReceiveOwner> = {}): Reading {
  const budget = new FragmentBudget()
  const reading = { budget, bytes: [] as number[], ends: 0, consumed: 0, limits: 0 }
  const stream = new ReceiveStream(new ReceiveWindow(still, windowBytes, windowBytes), budget, {
    deliver: (bytes) => void reading.bytes.push(...bytes),
    end: () => void reading.ends++,
    consumed: (bytes) => void (reading.consumed += bytes),
    owesLimit: () => void reading.limits++,
    ...owner,
  })
  return Object.assign(reading, { stream })
}
