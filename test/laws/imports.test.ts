import { describe, expect, it } from 'vitest'
import { whyForbidden, whyUpward } from './import-law.ts'
import { filesBelow, importsIn, importsOf } from './sources.ts'

const FILES = filesBelow(['main', 'preload', 'renderer', 'simulator'], ['.ts', '.svelte'])

describe('imports point one way', () => {
  it('in every file, from the surroundings inwards', () => {
    const broken = FILES.flatMap((file) => importsOf(file).map((imported) => whyForbidden(file, imported)))
    expect(broken.filter(Boolean)).toEqual([])
  })

  it('in the window, from views to features to primitives', () => {
    const broken = FILES.flatMap((file) => importsOf(file).map((imported) => whyUpward(file, imported)))
    expect(broken.filter(Boolean)).toEqual([])
  })
})

describe('the law itself', () => {
  it.each([
    ['main/overlay/base/id.ts', 'main/overlay/wire/codec.ts'],
    ['main/overlay/wire/codec.ts', 'main/overlay/transport/session.ts'],
    ['main/overlay/transport/session.ts', 'main/overlay/dht/store.ts'],
    ['main/overlay/dht/store.ts', 'main/overlay/routing/table.ts'],
    ['main/overlay/node.ts', 'main/chat/chat.ts'],
    ['main/overlay/node.ts', 'main/host/clock.ts'],
    ['main/overlay/dht/store.ts', 'node:fs'],
    ['main/chat/chat.ts', 'main/overlay/node.ts'],
    ['main/chat/chat.ts', 'main/overlay/transport/session.ts'],
    ['main/chat/chat.ts', 'main/host/secrets.ts'],
    ['main/chat/chat.ts', 'electron'],
    ['main/host/udp-socket.ts', 'main/chat/chat.ts'],
    ['main/desktop/ipc.ts', 'main/overlay/node.ts'],
    ['main/web/tab.ts', 'electron'],
    ['preload/preload.ts', 'node:fs'],
    ['preload/contract.ts', 'electron'],
    ['renderer/main.ts', 'main/chat/chat.ts'],
    ['renderer/main.ts', 'electron'],
    ['simulator/world.ts', 'main/chat/chat.ts'],
  ])('forbids %s to import %s', (file, imported) => {
    expect(whyForbidden(file, imported)).toContain(`${file} imports ${imported}, but `)
  })

  it.each([
    ['main/overlay/node.ts', 'main/overlay/dht/store.ts'],
    ['main/overlay/dht/store.ts', 'main/overlay/transport/links.ts'],
    ['main/chat/chat.ts', 'main/overlay/api.ts'],
    ['main/host/secrets.ts', 'main/chat/ports/secrets.ts'],
    ['main/compose.ts', 'main/overlay/node.ts'],
    ['renderer/main.ts', 'preload/contract.ts'],
    ['simulator/world.ts', 'main/overlay/node.ts'],
  ])('lets %s import %s', (file, imported) => {
    expect(whyForbidden(file, imported)).toBeUndefined()
  })

  it('keeps primitives from features and features from views', () => {
    expect(whyUpward('renderer/ui/Button.svelte', 'renderer/features/a/b.ts')).toContain('is below')
    expect(whyUpward('renderer/features/a/A.svelte', 'renderer/views/V.svelte')).toContain('is below')
    expect(whyUpward('renderer/views/V.svelte', 'renderer/ui/Button.svelte')).toBeUndefined()
  })

  it('sees every way to import', () => {
    const source = `import a from './a.ts'\nimport { type B } from './b.ts'\nexport { c } from './c.ts'\nconst d = import('./d.ts')`
    expect(importsIn(source)).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts'])
    expect(
      importsIn(`<script lang="ts">import x from './x.ts'</script><p>import y from './y.ts'</p>`),
    ).toEqual(['./x.ts'])
  })
})
