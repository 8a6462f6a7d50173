/** One of ten colours for an account or topic: always the same for the same id (see --hue-0 .. 9 in tokens.css). */
export function identityHue(id: string): number {
  let sum = 0
  for (let index = 0; index < id.length; index += 1) sum = (sum * 31 + id.charCodeAt(index)) >>> 0
  return sum % 10
}
