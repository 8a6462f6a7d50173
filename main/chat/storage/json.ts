import { type Bytes, fromUtf8, utf8 } from '../../overlay/base/bytes.ts'
import { BanyanError } from '../../overlay/base/errors.ts'

export function toJson(value: unknown): Bytes {
  return utf8(JSON.stringify(value))
}

/** For what this program wrote itself. Errors: store-damaged. */
export function fromJson<T>(bytes: Uint8Array): T {
  try {
    return JSON.parse(fromUtf8(bytes)) as T
  } catch (cause) {
    throw new BanyanError('store-damaged', 'a record in the database cannot be read', { cause })
  }
}
