import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, filesBelow, importsOf, read } from './sources.ts'

const FOLDERS = ['main', 'preload', 'renderer', 'simulator', 'bench', 'scripts', 'test'].filter((folder) =>
  existsSync(path.join(ROOT, folder)),
)
const EXTENSIONS = ['.ts', '.mjs', '.js', '.svelte', '.css']
const MAX_LINES = 500
const VAGUE_NAME = /^(utils?|helpers?|common|managers?|misc)(\.|$)/
/** What a build or a window begins with; all else must be reached from one of these. */
const ENTRIES = [
  'main/index.ts',
  'main/headless.ts',
  'preload/preload.ts',
  'preload/web-bridge.ts',
  'renderer/main.ts',
]

/** Every file of ours that the entries lead to. */
function reachedFrom(entries: readonly string[]): Set<string> {
  const reached = new Set<string>()
  const queue = entries.filter((entry) => existsSync(path.join(ROOT, entry)))
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (reached.has(file) || !/\.(ts|svelte)$/.test(file) || !existsSync(path.join(ROOT, file))) continue
    reached.add(file)
    queue.push(...importsOf(file))
  }
  return reached
}

/** Code that does not begin at the margin of a comment, so that a word about skipping is no skipped test. */
const SKIPPED = /\b(?:describe|it|test|suite)\.(?:skip|only|todo)\b/

describe('the shape of the house', () => {
  it(`no file is longer than ${MAX_LINES} lines`, () => {
    const long = filesBelow(FOLDERS, EXTENSIONS)
      .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES)
    expect(long).toEqual([])
  })

  it('no file and no folder is named after nothing in particular', () => {
    const vague = filesBelow(FOLDERS, EXTENSIONS).filter((file) =>
      file.split('/').some((part) => VAGUE_NAME.test(part)),
    )
    expect(vague).toEqual([])
    expect(['utils.ts', 'helper.ts', 'common', 'misc.ts'].every((name) => VAGUE_NAME.test(name))).toBe(true)
    expect(['commonality.ts', 'utilisation.ts'].some((name) => VAGUE_NAME.test(name))).toBe(false)
  })

  it('every source is reached from something that runs', () => {
    const reached = reachedFrom(ENTRIES)
    const sources = filesBelow(['main', 'preload', 'renderer'], ['.ts', '.svelte'])
    expect(sources.filter((file) => !file.endsWith('.d.ts') && !reached.has(file))).toEqual([])
  })

  it('no test is passed over', () => {
    expect(filesBelow(['test'], ['.ts']).filter((file) => SKIPPED.test(read(file)))).toEqual([])
  })
})

describe('a lock file', () => {
  it.each(['package-lock.json', 'bench/package-lock.json'])('names no place to download from: %s', (file) => {
    const { packages } = JSON.parse(read(file)) as {
      packages: Record<string, { resolved?: string }>
    }
    const places = Object.entries(packages).filter(([, entry]) => /^[a-z+]+:/.test(entry.resolved ?? ''))
    expect(places.map(([name]) => name)).toEqual([])
    expect(read(file)).not.toMatch(/https?:\/\/[^"]*\.tgz/) // so every registry serves
  })
})
