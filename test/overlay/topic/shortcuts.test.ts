// Two children of a topic's core that agree to tell each other at once what comes from below them.

import { beforeAll, describe, expect, it } from 'vitest'
import { hostCrypto as crypto } from '../../../main/host/crypto.ts'
import { utf8 } from '../../../main/overlay/base/bytes.ts'
import { type Id, type NodeId } from '../../../main/overlay/base/id.ts'
import { MESSAGE } from '../../../main/overlay/wire/message-types.ts'
import {
  encodePublication,
  encodeServed,
  signPublication,
} from '../../../main/overlay/wire/topic-messages.ts'
import { encodeSibling } from '../../../main/overlay/wire/topic-placement.ts'
import { type Inhabitant, type ModelledWorld } from '../../../simulator/links/modelled-world.ts'
import { arrivals, deafen, statusOf, topicOf } from './topic-world.ts'

const MAX_SHORTCUTS = 16

describe('siblings in a topic that all of 150 nodes hear (seed 339)', () => {
  let world: ModelledWorld
  let topic: Id
  let members: Inhabitant[]
  let heard: Map<Inhabitant, string[]>
  let core: Inhabitant
  let [one, other, below]: Inhabitant[] = []
  let siblings: Inhabitant[]

  beforeAll(async () => {
    ;({ world, topic, members, heard } = await topicOf(339, 150, 150))
    await world.run(200_000)
    core = members.find((each) => statusOf(each, topic)!.children > 30)!
    siblings = childrenOf(core)
    const without = siblings.filter((each) => statusOf(each, topic)!.shortcuts === 0)
    one = without.find((each) => statusOf(each, topic)!.children > 0)!
    other = without.find((each) => each !== one && one!.links.get(idOf(each))?.isOpen)!
    below = childrenOf(one)[0]!
  }, 90_000)

  function childrenOf(parent: Inhabitant): Inhabitant[] {
    return members.filter((each) => statusOf(each, topic)?.parent === idOf(parent))
  }

  /** As if it were near. */
  function offer(from: Inhabitant, to: Inhabitant, parent: NodeId): void {
    from.links.get(idOf(to))!.send(encodeSibling({ topic, parent }))
  }

  it('have found near ones that feed four or more, as they do, each of the other', () => {
    const shortcuts = members.map((each) => statusOf(each, topic)!.shortcuts)
    const ends = shortcuts.reduce((sum, count) => sum + count, 0)
    expect(ends).toBeGreaterThan(0)
    expect(ends % 2).toBe(0)
  })

  it('both know of their shortcut, and what comes from below goes over it, once to everybody', async () => {
    offer(one!, other!, idOf(core))
    await world.run(1000)
    expect(statusOf(one!, topic)).toMatchObject({ shortcuts: 1 })
    expect(statusOf(other!, topic)).toMatchObject({ shortcuts: 1 })
    const atOther = arrivals(other!, MESSAGE.publication)
    const atCore = arrivals(core, MESSAGE.topicServed)
    const plainAtCore = arrivals(core, MESSAGE.publication)
    await world.finish(below!.node.publish(topic, utf8('over the shortcut')))
    await world.run(2000)
    expect(atOther).toEqual([idOf(one!)])
    expect(atCore).toEqual([idOf(one!)])
    expect(plainAtCore).toEqual([])
    for (const texts of heard.values()) expect(texts).toEqual(['over the shortcut'])
  })

  it('what comes from elsewhere comes from the core as before', async () => {
    const atOther = arrivals(other!, MESSAGE.publication)
    const elsewhere = siblings.find((each) => each !== one && each !== other)!
    await world.finish(elsewhere.node.publish(topic, utf8('from elsewhere')))
    await world.run(2000)
    expect(atOther).toEqual([idOf(core)])
  })

  it('no child keeps a publication from the parent by naming it as served', async () => {
    const above = members.find((each) => idOf(each) === statusOf(core, topic)!.parent)!
    const atAbove = arrivals(above, MESSAGE.publication)
    const pair = crypto.signingKeyPair(world.random.bytes(32))
    const signed = signPublication(crypto, pair, topic, utf8('past the parent'))
    const publication = encodePublication({ topic, hops: 1, signed })
    one!.links.get(idOf(core))!.send(encodeServed(publication, [idOf(above), idOf(other!)]))
    await world.run(2000)
    expect(atAbove).toEqual([idOf(core)])
    expect(heard.get(above)).toContain('past the parent')
    expect(heard.get(other!)).not.toContain('past the parent')
  })

  it('what a link took with it when it ended is asked for in seconds', async () => {
    const hearAgain = deafen(other!, [MESSAGE.publication])
    await world.finish(below!.node.publish(topic, utf8('lost with the link')))
    await world.run(500)
    hearAgain()
    expect(heard.get(other!)).not.toContain('lost with the link')
    one!.links.get(idOf(other!))!.close('test')
    await world.run(6000)
    expect(statusOf(other!, topic)).toMatchObject({ shortcuts: 0 })
    for (const texts of heard.values())
      expect(texts.filter((text) => text === 'lost with the link')).toHaveLength(1)
  })

  it('one takes no sibling of another parent, no more than sixteen, and not its own parent', async () => {
    offer(core, other!, idOf(core))
    offer(
      siblings.find((each) => each !== other && each.links.get(idOf(other!)))!,
      other!,
      idOf(other!),
    )
    await world.run(1000)
    expect(statusOf(other!, topic)).toMatchObject({ shortcuts: 0, parent: idOf(core) })
    expect(other!.node.status().dropped).toMatchObject({ 'shortcut: to a neighbour': 1 })
    for (const each of siblings)
      if (each !== other && each.links.get(idOf(other!))?.isOpen) offer(each, other!, idOf(core))
    await world.run(1000)
    expect(statusOf(other!, topic)).toMatchObject({ shortcuts: MAX_SHORTCUTS })
    expect(world.errors).toEqual([])
  })

  it('end when one of them leaves the topic', async () => {
    const leaf = siblings.find(
      (each) => statusOf(each, topic)?.children === 0 && statusOf(each, topic)?.shortcuts === 1,
    )!
    leaf.node.leave(topic)
    await world.run(1000)
    expect(statusOf(leaf, topic)).toBeUndefined()
    expect(statusOf(other!, topic)).toMatchObject({ shortcuts: MAX_SHORTCUTS - 1 })
  })
})

function idOf({ identity }: Inhabitant): NodeId {
  return identity.id
}
