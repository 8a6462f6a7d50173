// A disk that is full, on real processes: the message is refused in words and stays in the writer's hands; what was
// accepted stays accepted.

import { describe, expect, it } from 'vitest'
import { Person } from '../drive/person.ts'
import { smallDisk, whyNoSmallDisk } from '../drive/small-disk.ts'

const obstacle = whyNoSmallDisk()
if (obstacle !== '') console.log(`the story of the full disk is not told here: ${obstacle}`)

describe.runIf(obstacle === '')('a full disk', () => {
  it('refuses a message with the reason, and takes it when there is room again', async () => {
    const disk = smallDisk(96)
    const alice = await Person.firstRun('Alice', { data: disk.at('alice') })
    try {
      const { id: conversationId } = await alice.api.call('topics.subscribe', { topic: 'figs' })
      const send = (text: string) => alice.api.call('messages.send', { conversationId, text })
      await send('before')
      disk.fill()
      const long = 'x'.repeat(60_000)
      await expect(send(long).then(() => send(long))).rejects.toMatchObject({ code: 'store-full' })
      expect((await alice.messages(conversationId)).map(({ text }) => text)).toContain('before')
      disk.free()
      await send('after')
      await alice.stop()
      await alice.restart()
      const texts = (await alice.messages(conversationId)).map(({ text }) => text)
      expect(texts.filter((text) => text !== long)).toEqual(['before', 'after'])
    } finally {
      await alice.stop()
      disk.remove()
    }
  })
})
