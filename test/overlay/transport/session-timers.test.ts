import { beforeEach, describe, expect, it } from 'vitest'
import { type Clock } from '../../../main/overlay/ports/clock.ts'
import { type Duty, SessionTimers } from '../../../main/overlay/transport/session-timers.ts'
import { EventQueue } from '../../../simulator/kernel/event-queue.ts'
import { VirtualClock } from '../../../simulator/kernel/virtual-clock.ts'

const KEEP_ALIVE_MS = 25_000

describe('the timers of a session', () => {
  let queue: EventQueue
  let timers: SessionTimers
  let wokenAtMs: number[]
  let duties: [number, Duty][]

  beforeEach(() => {
    queue = new EventQueue()
    wokenAtMs = []
    duties = []
    const virtual = new VirtualClock(queue)
    const clock: Clock = {
      nowMs: () => virtual.nowMs(),
      wallMs: () => virtual.wallMs(),
      after: (delayMs, action) =>
        virtual.after(delayMs, () => {
          wokenAtMs.push(Math.round(queue.nowMs))
          action()
        }),
    }
    const holder = {
      due(duty: Duty): void {
        duties.push([Math.round(queue.nowMs), duty])
        if (duty === 'keep alive') timers.active(queue.nowMs)
        else nothingUnderWay()
      },
    }
    const intervals = { keepAliveMs: KEEP_ALIVE_MS, untranslatedKeepAliveMs: KEEP_ALIVE_MS }
    timers = new SessionTimers(clock, holder, intervals, true)
  })

  /** A packet has left, and a probe is due where no ack comes. */
  function underWay(probeMs: number): void {
    timers.active(queue.nowMs)
    timers.reschedule(Infinity, Infinity, probeMs, Infinity, Infinity)
  }

  function nothingUnderWay(): void {
    timers.active(queue.nowMs)
    timers.reschedule(Infinity, Infinity, Infinity, Infinity, Infinity)
  }

  it('wake nobody for a probe that an ack has made needless', async () => {
    for (const sentMs of [0, 1000, 2000]) {
      await queue.runUntil(sentMs)
      underWay(sentMs + 20)
      await queue.runUntil(sentMs + 2)
      nothingUnderWay()
    }
    await queue.runUntil(20_000)
    expect(wokenAtMs).toEqual([])
    await queue.runUntil(60_000)
    expect(duties).toEqual([
      [2002 + KEEP_ALIVE_MS, 'keep alive'],
      [2002 + 2 * KEEP_ALIVE_MS, 'keep alive'],
    ])
  })

  it('are moved only once they have fired, while packets are under way', async () => {
    for (let ms = 0; ms < 100; ms += 10) {
      await queue.runUntil(ms)
      underWay(ms + 50)
    }
    await queue.runUntil(200)
    expect(duties).toEqual([[140, 'probe']])
    expect(wokenAtMs).toEqual([50, 90, 130, 140])
  })

  it('keep one that fires soon, and need no other for the next packet', async () => {
    underWay(20)
    await queue.runUntil(17)
    nothingUnderWay()
    underWay(37)
    await queue.runUntil(100)
    expect([wokenAtMs, duties]).toEqual([[20, 37], [[37, 'probe']]])
  })
})
