// Moments in words. Everything takes `nowMs`, so that nothing here reads a clock.

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const weekdayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long' })
const shortWeekdayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'short' })
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const longDayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const dateFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' })

/** Calendar days between two moments, in local time: midnight to midnight, whatever the hours of daylight saving. */
export function daysBetween(earlierMs: number, laterMs: number): number {
  return Math.round((startOfDay(laterMs) - startOfDay(earlierMs)) / DAY_MS)
}

export function startOfDay(timeMs: number): number {
  return new Date(timeMs).setHours(0, 0, 0, 0)
}

export function clockTime(timeMs: number): string {
  return clockFormat.format(timeMs)
}

export function fullTime(timeMs: number): string {
  return fullFormat.format(timeMs)
}

/** For the list: 14:05, Yesterday, Tue, 3 Mar, 3 Mar 2024. */
export function listTime(timeMs: number, nowMs: number): string {
  const days = daysBetween(timeMs, nowMs)
  if (days <= 0) return clockTime(timeMs)
  if (days === 1) return 'Yesterday'
  if (days < 7) return shortWeekdayFormat.format(timeMs)
  return isSameYear(timeMs, nowMs) ? dayFormat.format(timeMs) : dateFormat.format(timeMs)
}

/** For separators: Today, Yesterday, Tuesday, Tuesday 3 March, 3 Mar 2024. */
export function dayLabel(timeMs: number, nowMs: number): string {
  const days = daysBetween(timeMs, nowMs)
  if (days <= 0) return 'Today'
  if (days === 1) return 'Yesterday'
  if (days < 7) return weekdayFormat.format(timeMs)
  return isSameYear(timeMs, nowMs) ? longDayFormat.format(timeMs) : dateFormat.format(timeMs)
}

export function agoWords(timeMs: number, nowMs: number): string {
  const elapsedMs = nowMs - timeMs
  if (elapsedMs < MINUTE_MS) return 'just now'
  if (elapsedMs < HOUR_MS) return counted(Math.floor(elapsedMs / MINUTE_MS), 'minute') + ' ago'
  const days = daysBetween(timeMs, nowMs)
  if (days === 0) return `today at ${clockTime(timeMs)}`
  if (days === 1) return `yesterday at ${clockTime(timeMs)}`
  return dayLabel(timeMs, nowMs)
}

export function durationWords(durationMs: number): string {
  if (durationMs < MINUTE_MS) return counted(Math.floor(durationMs / 1000), 'second')
  if (durationMs < HOUR_MS) return counted(Math.floor(durationMs / MINUTE_MS), 'minute')
  if (durationMs < 2 * DAY_MS) return counted(Math.floor(durationMs / HOUR_MS), 'hour')
  return counted(Math.floor(durationMs / DAY_MS), 'day')
}

export function counted(count: number, noun: string): string {
  return `${count.toLocaleString()} ${noun}${count === 1 ? '' : 's'}`
}

function isSameYear(aMs: number, bMs: number): boolean {
  return new Date(aMs).getFullYear() === new Date(bMs).getFullYear()
}
