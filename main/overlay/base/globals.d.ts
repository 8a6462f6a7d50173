// The core compiles without ambient types. These two are part of every JavaScript runtime and touch nothing outside it.
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(bytes: Uint8Array): string
}
/** Runs the action after the current event and before the next: how the sends of one turn are put into one packet. */
declare function queueMicrotask(action: () => void): void
