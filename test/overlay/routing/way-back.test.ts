import { expect, it } from 'vitest'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { WayBack } from '../../../main/overlay/routing/way-back.ts'

const [asker, east, west, target] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64) as NodeId)

it('remembers every link a message was sent over, and the record it went along last', () => {
  const way = new WayBack(asker)
  expect([way.previous, way.sentTo, way.path]).toEqual([asker, [], undefined])
  way.sent(east!, target, false)
  expect(way.sentTo).toEqual([east])
  expect(way.path).toEqual({ target, link: east, isToKey: false })
  way.sent(west!, target, true)
  expect(way.sentTo).toEqual([east, west])
  expect(way.path).toEqual({ target, link: west, isToKey: true })
  way.sent(asker!, undefined, false)
  expect([way.sentTo, way.path]).toEqual([[east, west, asker], undefined])
})

it('tells of a record until its truth is known', () => {
  const way = new WayBack(undefined)
  way.sent(east!, target, true)
  way.judged()
  expect([way.sentTo, way.path]).toEqual([[east], undefined])
})
