/** A safety number of 60 digits as 12 groups of 5, however the node spaced it. */
export function safetyGroups(safetyNumber: string): string[] {
  return safetyNumber.replace(/\s+/g, '').match(/.{1,5}/g) ?? []
}
