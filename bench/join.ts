// A newcomer's wait: from a fresh profile with an invitation in hand to both people seeing each other online and the
// request accepted. Program start and account creation lie before it; joining the network lies within: the newcomer knows
// nobody but the inviter, who is one of 20 nodes.

import { Person } from '../test/drive/person.ts'
import { scratchFolder } from '../test/drive/scratch-folder.ts'
import { Crowd } from './crowd.ts'
import { median, report } from './report.ts'

const NEWCOMERS = 5
const OTHERS = 18

export async function benchJoin(): Promise<void> {
  const scratch = scratchFolder('bench-join')
  const crowd = await Crowd.start(scratch.at('crowd'), OTHERS)
  const inviter = await Person.firstRun('Inviter', {
    data: scratch.at('inviter'),
    bootstrap: [crowd.bootstrapEntry],
  })
  const times: number[] = []
  try {
    for (let i = 0; i < NEWCOMERS; i++) times.push(await welcome(inviter, scratch.at(`newcomer-${i}`)))
  } finally {
    await inviter.stop()
    await crowd.stop()
    scratch.remove()
  }
  report('join', { joinMs: median(times), worstMs: Math.max(...times), toxMs: 9_900 })
}

async function welcome(inviter: Person, data: string): Promise<number> {
  const newcomer = await Person.firstRun('Newcomer', { data })
  try {
    const link = await inviter.invitation()
    const { accountId } = await newcomer.api.call('profile.get')
    const seenByInviter = inviter.client.next(
      'conversation',
      ({ contact }) => contact?.accountId === accountId && isThere(contact),
    )
    const startMs = performance.now()
    const { id } = await newcomer.add(link)
    const seenByNewcomer = newcomer.client.next(
      'conversation',
      (one) => one.id === id && isThere(one.contact),
    )
    await Promise.all([seenByInviter, seenByNewcomer])
    return performance.now() - startMs
  } finally {
    await newcomer.stop()
  }
}

function isThere(contact: { relation: string; presence: string } | null): boolean {
  return contact?.relation === 'accepted' && contact.presence === 'online'
}
