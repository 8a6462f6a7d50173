// Names as strangers wrote them, made fit to show: what cannot be seen, or changes how its neighbours are seen, goes. A
// name with such a character looks like the name without it, and that is what it would be used for.
//
// Kept: a zero-width joiner and a variation selector between the parts of an emoji, where they are what is seen. The price
// is borne by names in scripts that join letters by invisible characters: they are shown without.

/** Breaks, and spaces of every width: all of them are one space. U+2800 is the empty braille pattern. */
const SPACE = /[\p{Cc}\p{Zl}\p{Zp}\p{Zs}\u2800]+/gu
/** Format characters (zero width, direction, tags), and what Unicode says to draw as nothing (fillers, selectors). */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Co}\p{Cs}]/gu
/** Emoji joined into one picture, and the selector that asks for the coloured form. */
const EMOJI =
  /\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}]?\ufe0f?(?:\u200d\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}]?\ufe0f?)*/gu
/** More than any living script needs on one letter; towers of them cover the lines above and below. */
const TOWER = /(\p{M}{3})\p{M}+/gu
/** A mark without a letter would sit on whatever we show before the name. */
const LOOSE_MARKS = /(^|\s)\p{M}+/gu

/** One line, in one spelling (NFC), trimmed. Empty where nothing fit to show remains. */
export function fitText(text: string): string {
  const spaced = text.normalize('NFC').replaceAll(SPACE, ' ')
  return visible(spaced).replaceAll(LOOSE_MARKS, '$1').replaceAll(TOWER, '$1').replaceAll(/ +/g, ' ').trim()
}

function visible(text: string): string {
  let kept = ''
  let end = 0
  for (const match of text.matchAll(EMOJI)) {
    kept += text.slice(end, match.index).replaceAll(INVISIBLE, '') + match[0]
    end = match.index + match[0].length
  }
  return kept + text.slice(end).replaceAll(INVISIBLE, '')
}
