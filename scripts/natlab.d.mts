export function buildNatlab(): Promise<unknown>
