// Where a node may be tried, as it tells a peer that is about to try (RFC 8445 calls them candidates).
//
//   n 1 | n x address 7 or 19 | 0, or: 1 | address 7 or 19 | step 1 | count 1 | zeros, any number
//
// The second part is a forecast: behind a NAT that gives one port after another, the ports of that host that it gave last or may give
// next, the first of them named, the others `step` apart. On a session it stands after 40 | 0, or 1 in an
// answer; to a peer without one it
// is signed (signed-message.ts), under a label for the call and one for the answer. Addresses that mean something on one computer
// only are left out.

import { type Bytes, utf8 } from '../base/bytes.ts'
import { BanyanError } from '../base/errors.ts'
import { type Address, isCircuit } from '../ports/datagram-socket.ts'
import { Reader, Writer } from './codec.ts'
import { MESSAGE } from './message-types.ts'
import { readAddress, writeAddress } from './peer-record.ts'

export const CALL_LABEL = utf8('banyan rendezvous call')
export const ANSWER_LABEL = utf8('banyan rendezvous answer')

/** Those of a peer record (6), what others see and what a router maps, of both families. */
export const MAX_CANDIDATES = 10
/** Ten that were given last, and twelve that may come next, as a NAT has other things to do meanwhile; more are a scan. */
export const MAX_FORECAST_PORTS = 22

export interface PortForecast {
  readonly host: string
  readonly firstPort: number
  /** 1 to 255. */
  readonly step: number
  readonly count: number
}

export interface Candidates {
  readonly addresses: readonly Address[]
  readonly forecast?: PortForecast | undefined
}

/** Padded with zeros to `leastBytes`. */
export function encodeCandidates(candidates: Candidates, leastBytes = 0): Bytes {
  const writer = new Writer(256)
  const addresses = candidates.addresses.slice(0, MAX_CANDIDATES)
  writer.u8(addresses.length)
  for (const address of addresses) writeAddress(writer, address)
  const { forecast } = candidates
  if (!forecast) return padded(writer.u8(0).finish(), leastBytes)
  writeAddress(writer.u8(1), { host: forecast.host, port: forecast.firstPort })
  return padded(writer.u8(forecast.step).u8(forecast.count).finish(), leastBytes)
}

/** On a session; one is answered by another, an answer by none. */
export function encodeCandidatesMessage(candidates: Candidates, isAnswer: boolean): Bytes {
  const writer = new Writer(256).u8(MESSAGE.candidates).u8(isAnswer ? 1 : 0)
  return writer.bytes(encodeCandidates(candidates)).finish()
}

/** Errors: malformed, too-large. */
export function decodeCandidatesMessage(body: Reader): { candidates: Candidates; isAnswer: boolean } {
  const isAnswer = body.u8() === 1
  return { candidates: readCandidates(body), isAnswer }
}

function readCandidates(reader: Reader): Candidates {
  const count = reader.u8()
  if (count > MAX_CANDIDATES) throw new BanyanError('too-large', `${count} candidates`)
  const addresses: Address[] = []
  for (let i = 0; i < count; i++) {
    const address = readAddress(reader)
    if (!isCircuit(address)) addresses.push(address)
  }
  const hasForecast = reader.u8()
  if (hasForecast > 1) throw new BanyanError('malformed', 'a forecast is there or not')
  const forecast = hasForecast === 1 ? readForecast(reader) : undefined
  if (reader.rest().some((byte) => byte !== 0))
    throw new BanyanError('malformed', 'padding of other than zeros')
  return { addresses, forecast }
}

/** Errors: malformed, too-large. */
export function decodeCandidates(bytes: Uint8Array): Candidates {
  return readCandidates(new Reader(bytes))
}

function padded(bytes: Bytes, leastBytes: number): Bytes {
  if (bytes.length >= leastBytes) return bytes
  const all = new Uint8Array(leastBytes)
  all.set(bytes)
  return all
}

function readForecast(reader: Reader): PortForecast {
  const { host, port: firstPort } = readAddress(reader)
  const step = reader.u8()
  const count = reader.u8()
  if (step === 0) throw new BanyanError('malformed', 'a forecast of one port')
  if (count > MAX_FORECAST_PORTS) throw new BanyanError('too-large', `${count} ports in a forecast`)
  return { host, firstPort, step, count }
}

/**
 * Of those the ones that who names `own` may try. Where both have forecasts, nobody keeps a port for the other, and every port tried
 * takes one of those that we have foretold, to others too.
 */
export function triableWith(own: Candidates, theirs: Candidates): Candidates {
  return own.forecast ? { addresses: theirs.addresses } : theirs
}

/** All of them, the forecast's ports written out. */
export function addressesOf({ addresses, forecast }: Candidates): Address[] {
  if (!forecast) return [...addresses]
  const { host, firstPort, step, count } = forecast
  const ports = Array.from({ length: count }, (_, i) => firstPort + i * step)
  return [...addresses, ...ports.filter((port) => port < 65_536).map((port) => ({ host, port }))]
}
