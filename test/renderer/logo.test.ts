import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { CROWN, TRUNKS } from '../../renderer/ui/logo-paths.ts'

it.each(['icon.svg', 'tray.svg'])('%s is the same tree as in the window', async (file) => {
  const svg = await readFile(new URL(`../../resources/${file}`, import.meta.url), 'utf8')
  expect(svg).toContain(CROWN)
  expect(svg).toContain(TRUNKS)
})
