import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareDistance, type Id } from '../../../main/overlay/base/id.ts'
import { placement, REPLICAS_PER_ROOT } from '../../../main/overlay/dht/placement.ts'

const id = fc.stringMatching(/^[0-9a-f]{64}$/).map((text) => text as Id)

it('picks whom sorting all of them would pick', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(id, { maxLength: 20 }),
      fc.array(id, { minLength: 2, maxLength: 2 }),
      fc.boolean(),
      (among, roots, isCovered) => {
        const taken = new Set<Id>()
        const sorted = roots.map((root) => {
          const left = among.filter((each) => !taken.has(each))
          const holders = left.sort((a, b) => compareDistance(root, a, b)).slice(0, REPLICAS_PER_ROOT)
          if (isCovered) for (const each of holders) taken.add(each)
          return holders
        })
        expect(placement(roots, among, () => isCovered)).toEqual(sorted)
      },
    ),
  )
})
