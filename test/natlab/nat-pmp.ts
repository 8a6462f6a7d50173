// Asks a router for a mapping of a UDP port with bare bytes (RFC 6886 §3.3), to prove the router, not our code.
//
//   request   version 1 (0), operation 1 (1: UDP), reserved 2, inside port 2, wished outside port 2, lifetime 4
//   answer    version 1, operation 1 (129), result 2, epoch 4, inside port 2, outside port 2, lifetime 4

import { type Puppet } from './puppet.ts'

const PORT = 5351
const UDP = 1
const LIFETIME_SECONDS = 3_600
/** RFC 6886 §3.1: ask again after 250 ms, twice as long each time. */
const FIRST_WAIT_MS = 250
const ATTEMPTS = 5

/** The outside port; undefined where the router grants none. */
export async function mapByNatPmp(
  puppet: Puppet,
  router: string,
  insidePort: number,
): Promise<number | undefined> {
  const request = Buffer.alloc(12)
  request.writeUInt8(UDP, 1)
  request.writeUInt16BE(insidePort, 4)
  request.writeUInt16BE(insidePort, 6)
  request.writeUInt32BE(LIFETIME_SECONDS, 8)
  const socket = await puppet.open()
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    puppet.sendHex(socket, { host: router, port: PORT }, request.toString('hex'))
    const received = await puppet.answer(socket, FIRST_WAIT_MS * 2 ** attempt)
    if (received) return granted(Buffer.from(received.hex, 'hex'))
  }
  return undefined
}

function granted(answer: Buffer): number | undefined {
  return answer.length >= 16 && answer.readUInt16BE(2) === 0 ? answer.readUInt16BE(10) : undefined
}
