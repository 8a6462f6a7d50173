// What a person is told of a topic's tree: how many hear it, and where in it this computer is.

import { type Health } from '../../preload/contract.ts'
import { counted } from './times.ts'

export type TopicHealth = Health['topics'][number]

/** Empty as long as nobody has told. */
export function hearersWords({ members }: TopicHealth): string {
  if (members === 0) return ''
  return members === 1 ? 'One computer hears it' : `${counted(members, 'computer')} hear it`
}

export function placeWords({ isRoot, hasParent, children, depth, shortcuts }: TopicHealth): string {
  const place = isRoot
    ? 'This computer is the root of its tree'
    : hasParent
      ? `${counted(depth, 'step')} from the root of its tree`
      : 'Looking for its tree'
  if (children === 0) return place
  const beside = shortcuts > 0 ? ` and ${counted(shortcuts, 'near one')}` : ''
  return `${place}, passes on to ${counted(children, 'computer')}${beside}`
}
