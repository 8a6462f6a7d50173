import { type Health } from '../../preload/contract.ts'
import { counted } from './times.ts'

/** One sentence on what this node gives, or why it gives nothing, and on what it gets. */
export function helpWords({ wantsToHelp, isHelping, helpedBy }: Health['help']): string {
  const own = helpedBy > 0 ? ` ${counted(helpedBy, 'volunteer')} can be asked for yours.` : ''
  if (isHelping) return 'Your node passes on sealed packets between people who cannot reach each other.'
  if (wantsToHelp)
    return `Your node is ready to help, but nobody from outside reaches it yet; it begins as soon as somebody does.${own}`
  return `Your node does not pass on for others. You can switch it on under “Help others”.${own}`
}

/** Empty where nobody was refused. */
export function refusalWords(refused: Health['help']['refused']): string {
  const all = Object.entries(refused).filter(([, count]) => count > 0)
  if (all.length === 0) return ''
  const parts = all.map(
    ([reason, count]) => `${count.toLocaleString()} ${REASONS[reason] ?? 'for other reasons'}`,
  )
  return `Refused since the start: ${parts.join(', ')}`
}

const REASONS: Record<string, string> = {
  'not-offered': 'while not helping',
  'circuits-full': 'because all places were taken',
  'peer-limit': 'too many for one node',
  'range-limit': 'too many for one network',
  'no-reservation': 'without having asked before',
  'not-here': 'to somebody who is not here',
  unwilling: 'declined by the other side',
  'too-fast': 'asked too often',
  'used-up': 'because this month’s bytes are used up',
  indirect: 'not seen at an address of their own',
}
