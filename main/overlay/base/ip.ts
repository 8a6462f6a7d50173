// Numeric IP addresses as text and as bytes (RFC 4291 §2.2, RFC 5952 for the text of IPv6).

import { type Bytes } from './bytes.ts'

/** 4 or 16 bytes, or undefined where the text is no numeric address. */
export function parseHost(text: string): Bytes | undefined {
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text)
}

export function formatHost(bytes: Uint8Array): string {
  return bytes.length === 4 ? [...bytes].join('.') : formatIPv6(bytes)
}

export function isLoopback(text: string): boolean {
  const bytes = parseHost(text)
  if (!bytes) return false
  if (bytes.length === 4) return bytes[0] === 127
  return bytes[15] === 1 && bytes.subarray(0, 15).every((byte) => byte === 0)
}

function parseIPv4(text: string): Bytes | undefined {
  const bits = bitsOfIPv4(text)
  return bits === undefined ? undefined : new Uint8Array([bits >>> 24, bits >>> 16, bits >>> 8, bits])
}

/**
 * The first of four decimal numbers below 256, without leading zeros, in the highest bits; undefined for anything else. Read by
 * hand, without making anything: every record that is sent has some.
 */
export function bitsOfIPv4(text: string): number | undefined {
  let bits = 0
  let part = 0
  let digits = 0
  let value = 0
  for (let i = 0; i <= text.length; i++) {
    const digit = i < text.length ? text.charCodeAt(i) - 48 : DOT
    if (digit === DOT) {
      if (digits === 0 || part === 4) return undefined
      bits = (bits << 8) | value
      part++
      digits = value = 0
    } else {
      const isLeadingZero = digits === 1 && value === 0
      value = 10 * value + digit
      if (digit < 0 || digit > 9 || isLeadingZero || ++digits > 3 || value > 255) return undefined
    }
  }
  return part === 4 ? bits : undefined
}

/** As far from the digit 0 as a dot is. */
const DOT = -2

function parseIPv6(text: string): Bytes | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groups(halves[0]!)
  const tail = halves.length === 2 ? groups(halves[1]!) : []
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const all = [...head, ...Array<number>(halves.length === 2 ? missing : 0).fill(0), ...tail]
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]))
}

function groups(text: string): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  return parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))
    ? parts.map((part) => parseInt(part, 16))
    : undefined
}

function formatIPv6(bytes: Uint8Array): string {
  const all = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16))
  let best = { start: -1, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && all[start + length] === '0') length++
    if (length > best.length) best = { start, length }
  }
  if (best.start < 0) return all.join(':')
  return `${all.slice(0, best.start).join(':')}::${all.slice(best.start + best.length).join(':')}`
}
