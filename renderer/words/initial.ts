const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** First character of a name as a person sees it: whole also for flags, families and combined letters. */
export function initial(name: string): string {
  for (const { segment } of segmenter.segment(name.trim())) return segment.toLocaleUpperCase()
  return '?'
}
