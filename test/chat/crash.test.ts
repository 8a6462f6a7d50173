import { describe, expect, it } from 'vitest'
import { type MemoryProfile } from './story/memory-profile.ts'
import { type Person } from './story/person.ts'
import { Story } from './story/story.ts'

const WORDS = ['one', 'two', 'three', 'four', 'five', 'six']

/** What Alice had been promised, what Bob has. */
async function tell(whose: 'sender' | 'receiver', write: number, side: 'dead before' | 'dead after') {
  const story = new Story(100)
  const [alice, bob] = await story.friends()
  await story.advance(2_000)
  const victim: Person = whose === 'sender' ? alice : bob
  const profile = victim.profile as MemoryProfile
  const first = profile.writes
  let died = false
  profile.fate = (n) => (n === first + write && !died ? side : 'through')
  profile.onDeath = () => {
    died = true
    victim.kill()
  }
  const conversationId = (await alice.conversation('Bob')).id
  const promised: string[] = []
  for (const text of WORDS) {
    void alice.ask('messages.send', { conversationId, text }).then(
      () => promised.push(text),
      () => undefined, // the program was gone
    )
    await story.advance(15)
  }
  await story.advance(5_000)
  if (died) await victim.start()
  await story.until(async () => {
    const states = await alice.states('Bob')
    return states.every((state) => state === 'delivered')
  })
  return { died, promised, stored: await alice.texts('Bob'), arrived: await bob.texts('Alice') }
}

describe.each(['sender', 'receiver'] as const)('the %s is killed', (whose) => {
  it.each(['dead before', 'dead after'] as const)(
    '%s any write, and every message arrives exactly once',
    async (side) => {
      let write = 0
      for (; write < 60; write++) {
        const { died, promised, stored, arrived } = await tell(whose, write, side)
        expect(arrived, `write ${write}`).toEqual(stored)
        expect(stored, `write ${write}`).toEqual(expect.arrayContaining(promised))
        expect(new Set(arrived).size).toBe(arrived.length)
        if (!died) break
      }
      expect(write).toBeGreaterThan(5) // there was something to die at
    },
    120_000,
  )
})
