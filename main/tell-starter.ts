/**
 * Tells scripts/start.mjs, where that started us, that from here on what happens is this program's own doing: a window
 * opens, or a word stands on the terminal why none does. Who ends before could not even begin, for want of a display.
 */
export function tellStarter(): void {
  process.send?.('begun')
}
