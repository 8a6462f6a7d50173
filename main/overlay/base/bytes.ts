// Byte strings: comparing, joining, and the two text forms Banyan uses (hex for ids, base64url for links and keys).

export type Bytes = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const EMPTY: Bytes = new Uint8Array(0)

export function utf8(text: string): Bytes {
  return encoder.encode(text)
}

/** Throws TypeError on bytes that are not UTF-8; decoders of network input turn that into a typed error. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

export function concat(...parts: Uint8Array[]): Bytes {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

// Ids are turned into text and back for every message, so both ways go by table. The text is made in one piece: added up
// digit by digit it would be a rope of its parts, several times as large.

const DIGITS = utf8('0123456789abcdef')
/** Of each character code its value as a hex digit; 255 where it is none. */
const DIGIT_VALUES = new Uint8Array(128).fill(255)
for (let value = 0; value < 16; value++) {
  DIGIT_VALUES[DIGITS[value]!] = value
  DIGIT_VALUES[value < 10 ? 48 + value : 55 + value] = value
}
/** Room for the digits of 32 bytes, the usual length. */
const USUAL_DIGITS = new Uint8Array(64)

export function toHex(bytes: Uint8Array): string {
  if (bytes.length === 8) return hexOf8(bytes, 0)
  const digits = bytes.length === 32 ? USUAL_DIGITS : new Uint8Array(2 * bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    digits[2 * i] = DIGITS[bytes[i]! >> 4]!
    digits[2 * i + 1] = DIGITS[bytes[i]! & 15]!
  }
  return decoder.decode(digits)
}

/** Of eight bytes from there on (request ids, hints): a hundred for each node and minute, so in one step without the decoder. */
export function hexOf8(bytes: Uint8Array, at: number): string {
  const high = (i: number): number => DIGITS[bytes[at + i]! >> 4]!
  const low = (i: number): number => DIGITS[bytes[at + i]! & 15]!
  return String.fromCharCode(
    high(0),
    low(0),
    high(1),
    low(1),
    high(2),
    low(2),
    high(3),
    low(3),
    high(4),
    low(4),
    high(5),
    low(5),
    high(6),
    low(6),
    high(7),
    low(7),
  )
}

/** Whether the text is the lower-case hex of the bytes from there on, as many as it has digits for. */
export function isHexAt(text: string, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < text.length; i += 2) {
    const byte = bytes[at + (i >> 1)]!
    if (text.charCodeAt(i) !== DIGITS[byte >> 4] || text.charCodeAt(i + 1) !== DIGITS[byte & 15]) return false
  }
  return true
}

/** The bytes of lower- or upper-case hex, or undefined where the text is not hex of whole bytes. */
export function fromHex(text: string): Bytes | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  return writeHex(text, bytes, 0) ? bytes : undefined
}

/** Writes the bytes of hex text at a place that has room for them; false where the text is not hex. */
export function writeHex(text: string, into: Uint8Array, at: number): boolean {
  let wrong = 0
  for (let i = 0; i < text.length; i += 2) {
    const high = valueOfDigit(text.charCodeAt(i))
    const low = valueOfDigit(text.charCodeAt(i + 1))
    wrong |= high | low
    into[at + (i >> 1)] = (high << 4) | low
  }
  return wrong < 16
}

/** 0 to 15, or 255 where the character is no hex digit. */
export function valueOfDigit(code: number): number {
  return code < 128 ? DIGIT_VALUES[code]! : 255
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const SEXTET = new Map([...BASE64URL].map((letter, value) => [letter, value]))

/** Unpadded base64url (RFC 4648 §5). */
export function toBase64Url(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += BASE64URL[group >> 18]! + BASE64URL[(group >> 12) & 63]!
    if (i + 1 < bytes.length) text += BASE64URL[(group >> 6) & 63]!
    if (i + 2 < bytes.length) text += BASE64URL[group & 63]!
  }
  return text
}

/** The bytes of unpadded base64url, or undefined where the text is not canonical base64url. */
export function fromBase64Url(text: string): Bytes | undefined {
  if (text.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (const letter of text) {
    const value = SEXTET.get(letter)
    if (value === undefined) return undefined
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 255
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined
}
