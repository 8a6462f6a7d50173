// HOST:PORT#KEY: what one needs to know of a node to join through it. See parseBootstrap in options.ts for the way back.

import { toBase64Url } from './overlay/base/bytes.ts'
import { type Address, formatAddress } from './overlay/ports/datagram-socket.ts'

export function bootstrapEntry(address: Address, noiseKey: Uint8Array): string {
  return `${formatAddress(address)}#${toBase64Url(noiseKey)}`
}
