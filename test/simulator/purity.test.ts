import { expect, it } from 'vitest'
import { filesBelow, read } from '../laws/sources.ts'

/** The one file that talks to a person at a terminal, and may know what time it is there. */
const CLI = 'simulator/index.ts'
const AMBIENT =
  /\b(Date\b|Math\.random|performance\.|setTimeout|setInterval|setImmediate|process\.hrtime|crypto\.randomBytes)/

it('nothing in the simulator but its command line knows the real time or real chance', () => {
  const files = filesBelow(['simulator'], ['.ts']).filter((file) => file !== CLI)
  expect(files.length).toBeGreaterThan(20)
  const code = (file: string): string => read(file).replace(/\/\/.*$|\/\*[\s\S]*?\*\//gm, '')
  expect(files.filter((file) => AMBIENT.test(code(file)))).toEqual([])
  expect(AMBIENT.test(code(CLI))).toBe(true)
})
