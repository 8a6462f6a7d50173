import { expect, it } from 'vitest'
import { MessageHandlers } from '../../main/overlay/message-handlers.ts'
import { type Link } from '../../main/overlay/transport/links.ts'
import { Reader } from '../../main/overlay/wire/codec.ts'

it('hands each type to the protocol that knows it, by a handler made once', () => {
  const calls: string[] = []
  let made = 0
  const protocol = (name: string, types: number[]) => ({
    handlers: () => {
      made++
      return types.map((type) => [type, () => void calls.push(`${name} ${type}`)] as const)
    },
  })
  const handlers = new MessageHandlers([protocol('a', [1, 2]), undefined, protocol('b', [3])])
  const hand = (type: number): void => handlers.of(type)?.({} as Link, new Reader(new Uint8Array(1)))
  hand(3)
  hand(2)
  const before = made
  hand(3)
  hand(2)
  expect(calls).toEqual(['b 3', 'a 2', 'b 3', 'a 2'])
  expect(made).toBe(before)
})

it('knows no handler for a type of nobody, and looks for it once', () => {
  let looked = 0
  const handlers = new MessageHandlers([{ handlers: () => [[++looked && 1, () => undefined]] }])
  expect(handlers.of(255)).toBeUndefined()
  expect(handlers.of(255)).toBeUndefined()
  expect(looked).toBe(1)
})
