// The state of the network as one sentence. What the network lacks is never said to be the person's doing.

import { type NetworkState } from '../../../preload/contract.ts'
import { type OverlayStatus } from '../../overlay/api.ts'

export function networkState(status: OverlayStatus | undefined, problem: string): NetworkState {
  if (!status)
    return problem === ''
      ? { kind: 'connecting', peers: 0, words: 'Starting…' }
      : { kind: 'stopped', peers: 0, words: problem }
  const peers = status.sessions.length
  switch (status.stage) {
    case 'stopped':
      return { kind: 'stopped', peers: 0, words: problem || 'Not connected' }
    case 'joining':
      return { kind: 'connecting', peers, words: 'Looking for other computers…' }
    case 'alone':
      return {
        kind: 'alone',
        peers,
        words: 'Nobody has answered yet. Trying again; your messages wait here.',
      }
    case 'joined':
      // the last one has just gone, and others are being looked for
      if (peers === 0) return { kind: 'connecting', peers, words: 'Looking for other computers…' }
      return {
        kind: 'online',
        peers,
        words: `Connected through ${peers === 1 ? 'one computer' : `${peers} computers`}`,
      }
  }
}

/** Why there is no overlay at all. */
export function overlayProblem(code: string): string {
  if (code === 'port-in-use')
    return 'Another program uses the network port of Banyan. Trying again; your messages wait here until it is free.'
  return 'The network could not be opened on this computer. Trying again; your messages wait here.'
}
