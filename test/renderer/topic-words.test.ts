import { expect, it } from 'vitest'
import { hearersWords, placeWords, type TopicHealth } from '../../renderer/words/topic-words.ts'

const here: TopicHealth = {
  ...{ id: 'a1', name: 'cats', isMember: true, isRoot: false, hasParent: true },
  ...{ children: 0, members: 1, depth: 1, height: 0, shortcuts: 0 },
}

it.each([
  [{}, 'One computer hears it', '1 step from the root of its tree'],
  [
    { members: 1200, depth: 3, children: 2 },
    '1,200 computers hear it',
    '3 steps from the root of its tree, passes on to 2 computers',
  ],
  [
    { isRoot: true, hasParent: false, depth: 0, members: 2, children: 1 },
    '2 computers hear it',
    'This computer is the root of its tree, passes on to 1 computer',
  ],
  [
    { members: 1200, depth: 2, children: 15, shortcuts: 9 },
    '1,200 computers hear it',
    '2 steps from the root of its tree, passes on to 15 computers and 9 near ones',
  ],
  [
    { members: 300, depth: 2, children: 4, shortcuts: 1 },
    '300 computers hear it',
    '2 steps from the root of its tree, passes on to 4 computers and 1 near one',
  ],
  [{ hasParent: false, depth: 0, members: 0 }, '', 'Looking for its tree'],
])('of a topic that is %j it is said: %s; %s', (changes, hearers, place) => {
  expect(hearersWords({ ...here, ...changes })).toBe(hearers)
  expect(placeWords({ ...here, ...changes })).toBe(place)
})
