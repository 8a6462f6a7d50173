// The main job, told once and played by two desktop windows and by two browser tabs: first run, adding each other by a
// link, messages both ways with their marks, a topic, and one side away in between. Nothing lost, nothing doubled.

import { expect } from 'vitest'
import { type BanyanWindow } from './window.ts'

export interface Actor {
  window: BanyanWindow
  /** Ends the program; what was shown as sent must survive it. */
  leave(): Promise<void>
  /** Starts it again on the same profile, up to the list of conversations. */
  comeBack(): Promise<void>
}

export async function playStory(alice: Actor, bob: Actor): Promise<void> {
  await meet(alice, bob)
  await talk(alice, bob)
  await awayAndBack(alice, bob)
  await shareATopic(alice, bob)
}

async function meet(alice: Actor, bob: Actor): Promise<void> {
  const words = await alice.window.createAccount('Alice')
  expect(new Set(words).size).toBeGreaterThan(12)
  expect(words).toHaveLength(24)
  await bob.window.createAccount('Bob')
  await bob.window.addContact(await alice.window.invitation(), 'Alice from work')
  await alice.window.open('Bob')
}

async function talk(alice: Actor, bob: Actor): Promise<void> {
  await alice.window.say('Hello Bob')
  await bob.window.sees('Hello Bob')
  await alice.window.isMarked('Hello Bob', /read/i)
  await bob.window.say('Hello Alice', 'on two lines')
  await alice.window.sees('Hello Alice\non two lines')
  await bob.window.isMarked('Hello Alice', /read/i)
}

async function awayAndBack(alice: Actor, bob: Actor): Promise<void> {
  await bob.leave()
  for (const n of [1, 2, 3]) await alice.window.say(`While you were away ${n}`)
  await alice.window.isMarked('While you were away 3', /wait|queued|stored/i)
  await bob.comeBack()
  await bob.window.open('Alice from work')
  for (const n of [1, 2, 3]) {
    await bob.window.sees(`While you were away ${n}`)
    expect(await bob.window.count(`While you were away ${n}`)).toBe(1)
  }
  await alice.window.isMarked('While you were away 3', /delivered|read/i)
  await bob.window.sees('Hello Bob')
  expect(await bob.window.count('Hello Bob')).toBe(1)
}

async function shareATopic(alice: Actor, bob: Actor): Promise<void> {
  await alice.window.joinTopic('gardening')
  await bob.window.joinTopic('gardening')
  await bob.window.say('The figs are ripe')
  await bob.window.isMarked('The figs are ripe', /published/i)
  await alice.window.sees('The figs are ripe')
  await alice.window.say('Save me some')
  await bob.window.sees('Save me some')
  expect(await alice.window.count('The figs are ripe')).toBe(1)
  expect(await bob.window.count('Save me some')).toBe(1)
}
