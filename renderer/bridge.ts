// Where the bridge comes from. Electron's preload script puts it on the window before the page runs. A page that came
// over http asks its own server for /bridge.js, which does the same with a WebSocket behind it.

import { type Bridge } from '../preload/contract.ts'

declare global {
  interface Window {
    banyan?: Bridge
  }
}

export async function findBridge(): Promise<Bridge | null> {
  if (window.banyan === undefined && location.protocol.startsWith('http')) await loadScript('bridge.js')
  return window.banyan ?? null
}

/** Resolves also where the script is missing: the caller looks at what is there then. */
function loadScript(path: string): Promise<void> {
  return new Promise((resolve) => {
    const script = document.createElement('script')
    script.src = new URL(path, document.baseURI).href
    script.onload = () => resolve()
    script.onerror = () => resolve()
    document.head.append(script)
  })
}
