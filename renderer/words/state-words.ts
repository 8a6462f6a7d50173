// States in words: what a mark means, how a contact is doing, what the network is doing.

import { type Contact, type Health, type Message, type NetworkState } from '../../preload/contract.ts'
import { agoWords, counted } from './times.ts'

/** For title and aria-label of a state mark. */
export function markWords(message: Pick<Message, 'state' | 'stateReason'>): string {
  switch (message.state) {
    case 'queued':
      return message.stateReason || 'Stored here, waiting to be delivered'
    case 'published':
      return 'Published to the topic'
    case 'delivered':
      return 'Delivered'
    case 'read':
      return 'Read'
    case 'failed':
      return `Not sent: ${message.stateReason || 'unknown reason'}`
    case 'received':
      return 'Received'
  }
}

export function contactWords(contact: Contact, nowMs: number): string {
  if (contact.relation === 'waiting') return `Waiting for ${contact.name} to accept`
  if (contact.relation === 'request') return 'Wants to chat with you'
  if (contact.relation === 'blocked') return 'Blocked'
  if (contact.presence === 'online') return 'Online'
  if (contact.presence === 'connecting') return 'Connecting…'
  return contact.lastSeenMs > 0 ? `Last seen ${agoWords(contact.lastSeenMs, nowMs)}` : 'Offline'
}

export function networkTone(network: NetworkState): 'good' | 'busy' | 'idle' {
  if (network.kind === 'online') return 'good'
  return network.kind === 'stopped' ? 'idle' : 'busy'
}

/** The sentence that opens the node's page. */
export function healthWords(health: Health): string {
  switch (health.network.kind) {
    case 'online':
      return `Your node is part of the network. ${counted(health.network.peers, 'computer')} connected.`
    case 'connecting':
      return 'Your node is looking for the network.'
    case 'alone':
      return 'Nobody has answered yet. Your node keeps trying.'
    case 'stopped':
      return 'Your node is stopped.'
  }
}
