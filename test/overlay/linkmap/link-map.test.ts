import { describe, expect, it } from 'vitest'
import { type NodeId } from '../../../main/overlay/base/id.ts'
import { LinkMap } from '../../../main/overlay/linkmap/link-map.ts'
import { hintOf } from '../../../main/overlay/wire/id-hints.ts'
import { type LinkAnnouncement, MAX_MAPPED } from '../../../main/overlay/wire/link-announcement.ts'

const id = (n: number): NodeId => n.toString(16).padStart(4, '0').padEnd(64, '0') as NodeId
const NOTHING = new Uint8Array(0)
const [SELF, A, B, C, D] = [0, 1, 2, 3, 4].map(id) as [NodeId, NodeId, NodeId, NodeId, NodeId]

function announced(origin: NodeId, ...links: NodeId[]): LinkAnnouncement {
  const keys = { nodeKey: NOTHING, noiseKey: NOTHING, certificate: NOTHING, addresses: [] }
  return { origin: { id: origin, ...keys }, sequence: 1, links: links.map(hintOf), signature: NOTHING }
}

/** Self has links to A and B; C is beside both, D behind C. */
function diamond(): LinkMap {
  const map = new LinkMap(SELF)
  map.setOwn([A, B])
  for (const each of [announced(A, SELF, C), announced(B, SELF, C), announced(C, A, B, D), announced(D, C)])
    map.put(each)
  return map
}

const isAny = (): boolean => true

describe('a map of links', () => {
  it('has a way over each own link, shortest first', () => {
    expect(diamond().ways(D, Infinity, isAny)).toEqual([
      { target: D, link: A, hops: 3 },
      { target: D, link: B, hops: 3 },
    ])
    expect(
      diamond()
        .ways(A, Infinity, isAny)
        .map(({ link, hops }) => [link, hops]),
    ).toEqual([
      [A, 1],
      [B, 3],
    ])
  })

  it('leaves out ways that are too long or not usable', () => {
    expect(diamond().ways(D, 3, isAny)).toEqual([])
    expect(diamond().ways(D, Infinity, (link) => link === B)).toEqual([{ target: D, link: B, hops: 3 }])
  })

  it('believes a link that both ends name, and no other', () => {
    const map = diamond()
    map.put(announced(D)) // C still says that it is beside D
    expect(map.hopsTo(D)).toBe(Infinity)
  })

  it('leads nowhere through this node itself', () => {
    const map = diamond()
    map.put(announced(C, A, D))
    expect(map.ways(D, Infinity, isAny).map(({ link }) => link)).toEqual([A])
  })

  it('is whole where both ends name every link, and only there', () => {
    expect(new LinkMap(SELF).isWhole()).toBe(false)
    expect(diamond().isWhole()).toBe(true)
    const looseEnds: [string, LinkAnnouncement][] = [
      ['somebody who has said nothing', announced(D, C, id(5))],
      ['one who says otherwise', announced(D)],
      ['a link to this node that is not there', announced(C, A, B, D, SELF)],
      ['a link of this node that is not there', announced(A, C)],
    ]
    for (const [what, announcement] of looseEnds) {
      const map = diamond()
      map.put(announcement)
      expect(map.isWhole(), what).toBe(false)
    }
    const silentOnes = diamond()
    silentOnes.put(announced(id(6), id(7))) // nobody within reach names them
    expect(silentOnes.isWhole()).toBe(true)
    silentOnes.setOwn([A])
    expect(silentOnes.isWhole(), 'B, which fell silent, names this node').toBe(false)
  })

  it('keeps the nearest when it is full', () => {
    const map = new LinkMap(SELF)
    map.setOwn([id(1)])
    for (let n = 1; n <= MAX_MAPPED; n++) map.put(announced(id(n), id(n - 1), id(n + 1)))
    expect(map.hopsTo(id(MAX_MAPPED))).toBe(MAX_MAPPED)
    expect(map.hasRoomFor(announced(id(999), id(MAX_MAPPED)))).toBe(false)
    const near = announced(id(998), id(1))
    expect(map.hasRoomFor(near)).toBe(true)
    map.put(near)
    expect(map.size).toBe(MAX_MAPPED)
    expect(map.hopsTo(id(MAX_MAPPED))).toBe(Infinity)
    expect(map.isWhole()).toBe(false)
  })
})
