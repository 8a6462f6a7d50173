// What became of the port on the router, and of a volunteer's second one, as one sentence each.

import { type OverlayStatus } from '../../overlay/api.ts'
import { formatAddress } from '../../overlay/ports/datagram-socket.ts'
import { type MappingFailure } from '../../overlay/ports/port-mapper.ts'

const METHODS = { 'nat-pmp': 'NAT-PMP', upnp: 'UPnP' }
const REASONS: Record<MappingFailure, string> = {
  'no-gateway': 'This computer has no router to ask.',
  silent: 'Your router does not answer such requests. Others reach you all the same, with a little help.',
  refused: 'Your router does not allow it. It may have a setting for it, called UPnP or NAT-PMP.',
  'no-ports': 'Every port that was tried on your router is taken by another computer.',
  failed: 'Your router could not do it. It is asked again later.',
}

/** Empty where there is nothing to say. */
export function routerWords(status: OverlayStatus['portMapping']): string {
  switch (status?.state) {
    case undefined:
      return ''
    case 'off':
      return 'Switched off in the settings.'
    case 'needless':
      return 'Not needed: your computer has an address of its own on the Internet.'
    case 'asking':
      return 'Asking your router…'
    case 'waiting':
      return REASONS[status.reason]
    case 'mapped':
      return `Open by ${METHODS[status.method]}: ${formatAddress(status.external)}`
  }
}

/** Empty where there is nothing to say. */
export function secondPortWords(port: number | undefined): string {
  if (port === undefined) return ''
  if (port === 0)
    return 'None could be opened. Computers whose network lets out few kinds of traffic cannot come through you.'
  return `UDP ${port}, for computers whose network lets out few kinds of traffic.`
}
