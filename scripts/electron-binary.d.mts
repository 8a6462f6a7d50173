export function appArguments(root: string): string[]
export function electronBinary(): { path: string } | { problem: string }
