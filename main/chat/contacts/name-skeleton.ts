// Two names with one skeleton look alike to somebody who does not look closely. In the manner of Unicode's UTS #39, with a
// small table: the letters of Cyrillic and Greek that are drawn like Latin ones, and digits drawn like letters. A name
// that is told apart although it differs costs its owner four letters; one that is not costs a contact their good name.

const LOOKS_LIKE: Record<string, string> = {
  // Cyrillic
  а: 'a',
  в: 'b',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  ё: 'e',
  һ: 'h',
  н: 'h',
  і: 'i',
  ї: 'i',
  ј: 'j',
  к: 'k',
  ӏ: 'l',
  м: 'm',
  о: 'o',
  р: 'p',
  ԛ: 'q',
  г: 'r',
  ѕ: 's',
  т: 't',
  ц: 'u',
  ѵ: 'v',
  ԝ: 'w',
  х: 'x',
  у: 'y',
  ү: 'y',
  ь: 'b',
  // Greek
  α: 'a',
  β: 'b',
  ϲ: 'c',
  ε: 'e',
  η: 'n',
  ι: 'i',
  κ: 'k',
  μ: 'u',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  σ: 'o',
  τ: 't',
  υ: 'u',
  χ: 'x',
  γ: 'y',
  ω: 'w',
  ζ: 'z',
  // Latin letters and digits that stand for others
  ı: 'i',
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ħ: 'h',
  ɑ: 'a',
  ɡ: 'g',
  ɩ: 'i',
  ß: 'b',
  '0': 'o',
  '1': 'l',
  '|': 'l',
  '5': 's',
}
/** Drawn alike in most typefaces once capitals are gone: I, l and 1. */
const ONE_STROKE = /[il]/g

export function nameSkeleton(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}\p{P}\s]/gu, '')
  const letters = Array.from(plain, (letter) => LOOKS_LIKE[letter] ?? letter).join('')
  return letters.replaceAll(ONE_STROKE, 'l').replaceAll('rn', 'm').replaceAll('vv', 'w')
}
