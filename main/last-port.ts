// The UDP port of last time, in a file of the profile: the addresses that friends remember stay true over a restart.

import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

const FILE = 'port'

export async function readLastPort(profilePath: string): Promise<number | undefined> {
  try {
    const port = Number((await readFile(path.join(profilePath, FILE), 'utf8')).trim())
    return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined
  } catch {
    return undefined // the first start
  }
}

export async function rememberPort(profilePath: string, port: number): Promise<void> {
  try {
    await writeFile(path.join(profilePath, FILE), `${port}\n`)
  } catch {
    // on a full disk the next start merely takes another port
  }
}
