import { expect, it } from 'vitest'
import { unreadMark } from '../../main/desktop/unread-mark.ts'

it.each([
  [0, 'plain', 'Banyan'],
  [1, 'unread', 'Banyan: 1 unread'],
  [120, 'unread', 'Banyan: 120 unread'],
])('%i unread messages make the tray icon %s, saying "%s"', (count, icon, toolTip) => {
  expect(unreadMark(count)).toEqual({ icon, toolTip })
})
