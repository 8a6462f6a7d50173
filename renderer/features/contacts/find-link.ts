/** The invitation in a text that may have words around it (a whole e-mail, a file), or null. */
export function findLink(text: string): string | null {
  return /banyan:\S+/i.exec(text)?.[0].replace(/[.,;:!?)>\]"'”]+$/, '') ?? null
}
