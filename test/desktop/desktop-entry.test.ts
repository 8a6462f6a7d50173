import { describe, expect, it } from 'vitest'
import { desktopEntry, quoteArgument } from '../../main/desktop/desktop-entry.ts'

describe('the Exec line of a .desktop file', () => {
  it.each([
    ['/opt/Banyan/banyan', '/opt/Banyan/banyan'],
    ['--hidden', '--hidden'],
    ['/home/a b/x', '"/home/a b/x"'],
    ['100%', '100%%'],
    ['say "hi"', '"say \\\\"hi\\\\""'],
    ['$HOME', '"\\\\$HOME"'],
    ['a\\b', '"a\\\\\\\\b"'],
    ['a;b', '"a;b"'],
    ['two\nlines', '"two\\nlines"'],
    ['', '""'],
  ])('quotes %j', (argument, quoted) => {
    expect(quoteArgument(argument)).toBe(quoted)
  })

  it('stands in an entry that starts Banyan in the tray', () => {
    expect(desktopEntry('Banyan', 'Chat', ['/opt/b', '--hidden']).split('\n')).toContain(
      'Exec=/opt/b --hidden',
    )
  })
})
